"""Writing something to a file."""
