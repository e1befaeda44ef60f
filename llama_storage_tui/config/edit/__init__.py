"""Byte-exact edits: text in, text out. One YAML scalar, one env file's line, one password inside either."""
