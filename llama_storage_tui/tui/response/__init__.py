"""One response: its timeline, chain, verdict; and everything else that is read line by line."""
