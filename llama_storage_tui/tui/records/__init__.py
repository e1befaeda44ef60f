"""Stored records in lists: responses, conversations, completions and every other kind of object."""
