"""What a place gives: part of a list, or one object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.objects import ObjectEntry


@dataclass(frozen=True, slots=True)
class ObjectSlice:
    """Part of a list: `next` is where it goes on in the same place; `is_complete` False where a budget stopped it."""

    entries: tuple[ObjectEntry, ...]
    next: Cursor | None
    notices: tuple[str, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as stored: a row's columns beside its document, or a value that is one."""

    columns: Mapping[str, object]
    document: object
    key: str | None
    bytes: int | None
    problems: tuple[str, ...] = ()
