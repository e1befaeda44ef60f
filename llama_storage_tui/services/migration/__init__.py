<<<<<<< HEAD
"""Bringing a deployment to a later release: its config, and the rows that the new release would not see."""
=======
"""Bringing a deployment to another version: what its data needs."""
>>>>>>> plan
