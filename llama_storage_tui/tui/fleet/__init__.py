"""Several configs at once: one table, and what is between them."""
