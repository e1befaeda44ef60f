"""The terminal: where it is, what it is sent, which keys come from it, what ends the program from outside."""
