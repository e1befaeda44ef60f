"""Outcomes as lines for people, worded once for both front ends: each draws them its own way and names its own keys or options."""
