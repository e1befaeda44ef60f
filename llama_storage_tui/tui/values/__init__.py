"""Namespaces, keys, tables, rows and single values."""
