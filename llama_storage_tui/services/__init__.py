"""Use cases: everything that the command line and the TUI can do is a function here. They know no terminal."""
