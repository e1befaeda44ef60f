"""Edits of a document's structure: what they make of its data, told apart from how they are written into its text.

Every path is one of the document before the edits. `edited_data` says what a reader must find afterwards; `structure.py` changes
the text, and is held against it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import field, replace

from llama_storage_tui.config.document import Path, PathStep, get, show_path
from llama_storage_tui.config.edit.render import plain
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError


@dataclass(frozen=True, slots=True)
class RenameKey:
    """The key of an entry becomes another."""

    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class PutValue:
    """The value of an entry or item becomes another; `keeps_comments`: those inside of the old value stay above the new one."""

    path: Path
    value: object = field(repr=False)
    keeps_comments: bool = False


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """A part of a text value becomes another wherever it occurs in it; both are words that every style writes as they are."""

    path: Path
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class AddEntry:
    """A mapping gets another entry at its end, a list another item (`key` None).

    A key that is there, with null as its value too, is never written a second time: its value becomes this one.
    """

    parent: Path
    key: str | None
    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropEntry:
    """An entry or item goes, with the comments above and inside of it."""

    path: Path


@dataclass(frozen=True, slots=True)
class NestEntries:
    """Entries of the top level, in the place of the first one, become those of a new mapping there."""

    keys: tuple[str, ...]
    under: str


Operation = RenameKey | PutValue | ReplaceText | AddEntry | DropEntry | NestEntries


class Operations:
    """Operations by the place that they change."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.renamed: dict[Path, RenameKey] = {}
        self.put: dict[Path, PutValue] = {}
        self.replaced: dict[Path, ReplaceText] = {}
        self.dropped: set[Path] = set()
        self.added: dict[Path, list[AddEntry]] = {}
        self.nested: list[NestEntries] = []
        for operation in operations:
            match operation:
                case RenameKey():
                    self.renamed[operation.path] = operation
                case PutValue():
                    self.put[operation.path] = operation
                case ReplaceText():
                    self.replaced[operation.path] = operation
                case DropEntry():
                    self.dropped.add(operation.path)
                case AddEntry():
                    self.added.setdefault(operation.parent, []).append(operation)
                case NestEntries():
                    self.nested.append(operation)

    def touches(self, path: Path) -> bool:
        """Tell whether anything changes at a path or below it."""
        paths = [*self.renamed, *self.put, *self.replaced, *self.dropped, *self.added]
        return bool(self.nested and not path) or any(place[: len(path)] == path for place in paths)


def settled(operations: Sequence[Operation], data: object) -> list[Operation]:
    """Return the operations so that none writes a key that is there, or that another one writes, a second time.

    An entry that is added under such a key is a new value of it; one that is renamed to it takes the place of a null. Mappings that
    several operations write to one place become one. Raises RefusedError where two values would share a key.
    """
    found: list[Operation] = []
    free = {each.path for each in operations if isinstance(each, DropEntry | RenameKey)}
    for each in operations:
        match each:
            case AddEntry(parent, str(key), value) if _is_taken(data, (*parent, key), free):
                found.append(PutValue((*parent, key), value))
            case RenameKey((*parent, _), key) if _is_taken(data, (*parent, key), free):
                place = (*parent, key)
                if get(data, *place) is not None:
                    both = f"{each.path[-1]} is called {key} now, and both are there: take one of them out"
                    raise RefusedError(both, where=show_path(each.path))
                found += [each, DropEntry(place)]
            case _:
                found.append(each)
    return _joined(found)


def _joined(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations with those that write to the same place as one."""
    entries: dict[Path, RenameKey | AddEntry] = {}
    values: dict[Path, PutValue] = {}
    others: list[Operation] = []
    for each in operations:
        match each:
            case AddEntry(parent, str(key), value):
                place = (*parent, key)
                before = entries.get(place)
                if isinstance(before, RenameKey):
                    raise _twice(place)
                entries[place] = (
                    each if before is None else replace(each, value=_both(before.value, value, place))
                )
            case RenameKey((*parent, _), key):
                place = (*parent, key)
                if entries.setdefault(place, each) != each:
                    raise _twice(place)
            case PutValue(path, value):
                put = values.get(path)
                values[path] = each if put is None else replace(put, value=_both(put.value, value, path))
            case _:
                others.append(each)
    return [*others, *entries.values(), *values.values()]


def _both(one: object, other: object, place: Path) -> object:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        shared = {key: _both(one[key], other[key], (*place, key)) for key in one if key in other}
        return {**one, **other, **shared}
    if one == other:
        return one
    raise _twice(place)


def _twice(place: Path) -> RefusedError:
    return RefusedError("Two changes write to one place", where=show_path(place))


def _is_taken(data: object, path: Path, free: Container[Path]) -> bool:
    parent = get(data, *path[:-1])
    return isinstance(parent, Mapping) and path[-1] in parent and path not in free


def edited_data(data: object, operations: Iterable[Operation]) -> object:
    """Return the data that a document has after the operations."""
    found = Operations(operations)
    result = _edited(data, (), found)
    if isinstance(result, dict):
        for nested in found.nested:
            inner = {key: result.pop(key) for key in nested.keys if key in result}
            result[nested.under] = inner
    return result


def _edited(data: object, path: Path, operations: Operations) -> object:
    if path in operations.put:
        return plain(operations.put[path].value)
    replaced = operations.replaced.get(path)
    if replaced is not None and isinstance(data, str):
        return data.replace(replaced.old, replaced.new)
    added = operations.added.get(path, [])
    if isinstance(data, Mapping) or (data is None and any(one.key is not None for one in added)):
        return _edited_mapping(data if isinstance(data, Mapping) else {}, path, operations, added)
    if isinstance(data, list) or (data is None and added):
        items = [
            _edited(item, (*path, index), operations)
            for index, item in enumerate(data if isinstance(data, list) else [])
            if (*path, index) not in operations.dropped
        ]
        return items + [plain(one.value) for one in added]
    return data


def _edited_mapping(
    data: Mapping[object, object], path: Path, operations: Operations, added: list[AddEntry]
) -> dict[object, object]:
    result: dict[object, object] = {}
    for key, value in data.items():
        step: PathStep = key if isinstance(key, str | int) else str(key)
        place = (*path, step)
        if place in operations.dropped:
            continue
        renamed = operations.renamed.get(place)
        result[key if renamed is None else renamed.key] = _edited(value, place, operations)
    return result | {one.key: plain(one.value) for one in added}


def is_same(one: object, other: object) -> bool:
    """Tell whether two documents' data are equal in type and value; the order of keys does not count."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(is_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float) and isinstance(other, float) and one != one:
        return other != other
    return type(one) is type(other) and one == other
