"""SQLite: reading a file without leaving a trace."""
