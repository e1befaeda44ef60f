"""Bringing a deployment to a later release: its config, and the rows that the new release would not see."""
