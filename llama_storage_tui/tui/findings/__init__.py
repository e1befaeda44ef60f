"""The findings of a run config."""
