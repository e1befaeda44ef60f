"""What a server of version V does, as tables. No I/O, no YAML, no SQL."""
