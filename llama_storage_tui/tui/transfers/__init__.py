"""Bringing stored data to where a version reads it, and moving a backend with its data."""
