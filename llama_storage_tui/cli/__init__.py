"""The command line: one short function a command, each a call of a service."""
