"""Objects that servers keep beside responses: families, lists, records, and what they refer to."""
