"""Frozen values in the operator's words. No I/O, no YAML, no SQL, no colour."""
