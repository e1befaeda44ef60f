"""What both front ends say of a reference."""

from __future__ import annotations

from llama_storage_tui.model.catalog import Reference


def why_nowhere(reference: Reference) -> str:
    """Return why a reference that has no `physical` place has none."""
    return "its backend or namespace cannot be used" if reference.is_read else "no server reads it"
