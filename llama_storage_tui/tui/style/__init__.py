"""Colours, marks, widths and words that every screen uses."""
