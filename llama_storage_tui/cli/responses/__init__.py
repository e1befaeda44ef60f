"""`responses` and what belongs to it: one module a subcommand, imported when it is called."""
