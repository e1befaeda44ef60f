"""Screens: one module and one `.tcss` each. A worker awaits a service and hands on what it brings: it touches no widget."""
