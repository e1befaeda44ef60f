"""The only room that writes files: staged beside their place, synced, then moved there in one step."""
