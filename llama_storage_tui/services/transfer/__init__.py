"""Bringing stored data from one place to another: counted, copied, verified, journaled; resumed or undone."""
