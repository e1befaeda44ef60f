"""Changing a password on the server and in every file that holds it, or not at all."""
