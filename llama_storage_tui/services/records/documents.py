"""One stored object as one mapping, whether it lies in a row or in a value, and what stands where in it. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import Link, RecordFamily, RecordField, RecordLink, RecordPart, Show
from llama_storage_tui.model.records import Measure, Path
from llama_storage_tui.services.values import parse_json

MADE: Final = "@"
"""What a name begins with that no row and no document has: @id, @parts of it, the @document and its @values."""

_NUMERIC: Final = (Show.TIME, Show.BYTES, Show.NUMBER)
_MOST_LINKS: Final = 100

Whole = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as stored: a row's columns beside its document, or a value that is one."""

    columns: Mapping[str, object]
    document: object
    key: str | None
    bytes: int | None
    problems: tuple[str, ...] = ()


def whole(id_: str, columns: Mapping[str, object], document: object) -> dict[str, object]:
    """Join a row's columns, the keys of its document and what is made of its id; a column that is set comes first."""
    inside = document if isinstance(document, dict) else {} if document is None else {"value": document}
    row = {name: cell for name, cell in columns.items() if cell is not None or name not in inside}
    values = [*inside.values()] if isinstance(document, dict) else []
    return {
        **{str(key): value for key, value in inside.items()},
        **row,
        **made(id_),
        "@document": document,
        "@values": values,
    }


def made(id_: str) -> dict[str, object]:
    """Return what is made of an id."""
    return {"@id": id_, "@parts": id_.split(":")}


def at(found: object, path: Path) -> object:
    """Return what stands at a path, None where nothing does."""
    for step in path:
        if isinstance(found, Mapping):
            # A number that is typed may be a name.
            found = found.get(step, found.get(str(step)))
        elif isinstance(found, list) and isinstance(step, int) and -len(found) <= step < len(found):
            found = found[step]
        else:
            return None
    return found


def value_of(found: Whole, part: RecordPart) -> object:
    """Return what a part shows."""
    value = next((each for path in part.paths if (each := at(found, path)) is not None), None)
    if part.measure is Measure.ITEMS:
        return len(value) if isinstance(value, list) else None
    return plain(value, part.show)


def plain(value: object, show: Show) -> object:
    """Return a value as its kind of showing wants it: documents give numbers as text, some engines give truth as a number."""
    if show in _NUMERIC and isinstance(value, str):
        return _number(value)
    if show is Show.FLAG:
        return value if not isinstance(value, int | str) else str(value).lower() in {"1", "true", "t"}
    if show is Show.JSON and isinstance(value, str) and value[:1] in ("{", "["):
        parsed = parse_json(value)
        return value if parsed is None else parsed.data
    if show is Show.STORED:
        return value
    if show is Show.OWNER and isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if show in (Show.TEXT, Show.LONG) and isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def fields_of(found: Whole, family: RecordFamily) -> tuple[tuple[RecordField, ...], tuple[RecordField, ...]]:
    """Return the fields of a record in reading order, those without a value left out, and what no field shows."""
    parts = (*family.columns, *family.fields)
    fields = tuple(
        RecordField(part.label, value, part.show)
        for part in parts
        if (value := value_of(found, part)) is not None
    )
    told = [part for part in parts if part.measure is Measure.VALUE]
    shown = {path[0] for part in told for path in part.paths if len(path) == 1}
    shown |= {path[1] for part in told for path in part.paths if len(path) == 2 and path[0] == "@document"}
    shown |= {key for key in found if key == "owner" and _is_told(found[key])}
    if "@document" in shown:
        shown |= set(document) if isinstance(document := found.get("@document"), dict) else {"value"}
    other = tuple(
        RecordField(name, value, Show.JSON if isinstance(value, dict | list) else Show.TEXT)
        for name, value in found.items()
        if name not in shown and not name.startswith(MADE) and value is not None and not _is_said(found, name)
    )
    return fields, other


def _is_said(found: Whole, name: str) -> bool:
    """Tell whether a field only repeats the object's id, or the name of its kind."""
    return name == "object" or (name.endswith("id") and found[name] == found.get("@id"))


def _is_told(owner: object) -> bool:
    """Tell whether the parts that families share say all that an `owner` holds."""
    return isinstance(owner, dict) and set(owner) <= {"principal", "attributes", "tenant_id"}


def links_of(found: Whole, family: RecordFamily) -> tuple[RecordLink, ...]:
    """Return what an object refers to."""
    links = (each for link in family.links for each in _links(found, link))
    return tuple(dict.fromkeys(links))[:_MOST_LINKS]


def _links(found: Whole, link: Link) -> Iterator[RecordLink]:
    values = [at(found, path) for path in link.paths]
    if len(values) == 1 and isinstance(values[0], list):
        texts = [[each] for each in values[0] if isinstance(each, str)]
    else:
        texts = [[str(each) for each in values if isinstance(each, str | int) and not isinstance(each, bool)]]
    for each in texts:
        if len(each) == len(values) and all(each):
            yield RecordLink(link.label, link.family, link.template.format(*each), link.of)


def _number(text: str) -> Cell:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
