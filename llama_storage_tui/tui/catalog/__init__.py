"""The backends of a run config: opening one, the catalog, tests, the version."""
