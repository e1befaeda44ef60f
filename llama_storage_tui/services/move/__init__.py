"""A backend that moves to another engine or place: its rows, verified, and then its one entry of the config."""
