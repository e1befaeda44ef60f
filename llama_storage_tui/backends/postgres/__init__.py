"""PostgreSQL: reading in read-only transactions, with nothing taken from the environment."""
