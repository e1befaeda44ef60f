"""What a backend can become: what a front end offers before there is a plan."""

from __future__ import annotations

from llama_storage_tui.model.catalog import Backend, Family
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.move.entry import TYPES
from llama_storage_tui.upstream import run_config
from llama_storage_tui.upstream.run_config import FieldInfo

_OF_REFERENCES = "namespace"
"""A field of a backend that every reference overrides: nobody moves a backend for it."""


def move_targets(backend: Backend, version: Version) -> dict[str, tuple[FieldInfo, ...]]:
    """Return the types that a backend can become with the fields of each; none where its family is unknown."""
    if backend.family is Family.UNKNOWN:
        return {}
    found = {}
    for type_ in TYPES:
        fields = run_config.backend_fields(type_, version)
        if type_.startswith(f"{backend.family.value}_") and fields is not None:
            found[type_] = tuple(each for each in fields if each.name != _OF_REFERENCES)
    return found
