"""Widgets: they are given values and send messages; none knows a service, a screen or the app."""
