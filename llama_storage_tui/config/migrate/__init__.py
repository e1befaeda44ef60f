"""A run config as the one of a later release: each step reads what is there, and proposes edits with a reason for each."""
