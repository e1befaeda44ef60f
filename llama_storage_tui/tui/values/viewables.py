"""What the viewer can show: one value or one record, read from the service and made ready off the event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final, Protocol

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.data import Cell, Cursor, KeyEntry, Namespace, Table
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import (
    Decoded,
    ValueKind,
    decode,
    epoch_time,
    hex_dump,
    record_json,
    unfold,
)
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.wording import expiry, key_text, moment, size

FIRST_LOOK: Final = 1_000_000
"""Characters or bytes of a value that are read at first."""
LARGEST_PRETTY: Final = 2_000_000
"""Characters of JSON that are indented for the text view; larger ones are shown as stored."""
MOST_HEX: Final = 64_000
"""Bytes that are shown as hex."""


@dataclass(frozen=True, slots=True)
class PreparedView:
    """A value ready to be shown: a tree where it has parts, a text always.

    `data` is parsed JSON, or a record's columns; `whole` is what a copy or a file holds.
    """

    facts: tuple[Shown, ...]
    data: object
    text: str
    whole: Cell | Mapping[str, Cell]
    is_cut: bool = False

    @property
    def has_parts(self) -> bool:
        """Tell whether a tree says more than a text."""
        return isinstance(self.data, dict | list)


class Subject(Protocol):
    """Something to view: where it is, how it is read, and what its file would be called."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names from the backend down to it."""

    @property
    def file_stem(self) -> str:
        """A name for its file, without folder and ending."""

    async def load(self, *, limit: int | None, unfolds: bool) -> PreparedView:
        """Read it, up to `limit` characters where the service can cut; `unfolds` opens JSON inside JSON strings."""


class KeySubject:
    """The value of one key."""

    def __init__(self, session: Session, backend: str, namespace: Namespace, entry: KeyEntry) -> None:
        self._session = session
        self._backend = backend
        self._namespace = namespace
        self._entry = entry

    @property
    def names(self) -> tuple[str, ...]:
        """Backend, namespace, key."""
        return (self._backend, self._namespace.title, key_text(self._entry.key))

    @property
    def file_stem(self) -> str:
        """The key."""
        return key_text(self._entry.key)

    async def load(self, *, limit: int | None, unfolds: bool) -> PreparedView:
        """Read the value."""
        stored = await browse.stored_value(self._session, self._backend, self._entry.key, limit=limit)
        facts = (Shown(size(stored.entry.bytes), Tone.MUTED), expires_fact(stored.entry))
        return await asyncio.to_thread(
            prepare_value,
            stored.value,
            facts,
            is_cut=stored.is_cut,
            size_in_bytes=stored.entry.bytes,
            unfolds=unfolds,
        )


def expires_fact(entry: KeyEntry) -> Shown:
    """Say whether and when a key expires."""
    if entry.expires_at is None and entry.expiration_text is None:
        return Shown("never expires", Tone.MUTED)
    found = expiry(entry)
    return (
        found if entry.is_expired or entry.expires_at is None else Shown(f"expires {found.text}", found.tone)
    )


def prepare_value(
    value: Cell, facts: tuple[Shown, ...], *, is_cut: bool, size_in_bytes: int | None, unfolds: bool
) -> PreparedView:
    """Make one value ready; runs in a thread, since parsing megabytes would hold the screen."""
    decoded = Decoded(ValueKind.TEXT, value) if is_cut and isinstance(value, str) else decode(value)
    kind = Shown({ValueKind.BINARY: "binary"}.get(decoded.kind, decoded.kind.value.lower()), Tone.MUTED)
    if is_cut and isinstance(value, str | bytes):
        unit = "bytes" if isinstance(value, bytes) else "characters"
        whole_size = f" of {size(size_in_bytes)}" if size_in_bytes else ""
        facts = (*facts, Shown(f"▲ only the first {len(value):,} {unit}{whole_size}", Tone.WARNING))
    data = unfold(decoded.data) if unfolds and decoded.kind is ValueKind.JSON else decoded.data
    return PreparedView((kind, *facts), data, _text(decoded.kind, data, value), value, is_cut)


def _text(kind: ValueKind, data: object, value: Cell) -> str:
    match kind:
        case ValueKind.NULL:
            return "NULL"
        case ValueKind.BINARY:
            return hex_dump(value, limit=MOST_HEX) if isinstance(value, bytes) else ""
        case ValueKind.JSON if isinstance(value, str) and len(value) <= LARGEST_PRETTY:
            return json.dumps(data, ensure_ascii=False, indent=2)
        case _:
            return str(value)


class RecordSubject:
    """One row of a table: `row` as the page had it, cells cut; `cursor` reads it whole."""

    def __init__(
        self,
        session: Session,
        backend: str,
        table: Table,
        cursor: Cursor | None,
        row: Mapping[str, Cell],
        *,
        number: int,
    ) -> None:
        self._session = session
        self._backend = backend
        self._table = table
        self._cursor = cursor
        self._row = row
        self._number = number

    @property
    def names(self) -> tuple[str, ...]:
        """Backend, table, row."""
        return (self._backend, self._table.name, f"row {self._number:,}")

    @property
    def file_stem(self) -> str:
        """Table and row."""
        return f"{self._table.name}-row-{self._number}"

    async def whole(self) -> Mapping[str, Cell]:
        """Read every column; a row without a key of its own stays as the page had it."""
        if self._cursor is None:
            return self._row
        return await browse.row(self._session, self._backend, self._table.name, self._cursor)

    async def load(self, *, limit: int | None, unfolds: bool) -> PreparedView:  # noqa: ARG002 - a row comes whole
        """Read the row."""
        row = await self.whole()
        return await asyncio.to_thread(prepare_record, row, is_cut=self._cursor is None, unfolds=unfolds)

    async def text_of(self, column: str | None) -> str:
        """Return one column as text, or the whole row as JSON (None)."""
        row = await self.whole()
        if column is None:
            return await asyncio.to_thread(record_json, row)
        if column not in row:
            raise NotFoundError(f"The row has no column {column!r} any more", help="Reload the page.")
        return cell_text(row[column])


def cell_text(cell: Cell) -> str:
    """Return a cell as the text that a copy holds; bytes as hex."""
    if cell is None:
        return ""
    return cell.hex(" ") if isinstance(cell, bytes) else str(cell)


def prepare_record(row: Mapping[str, Cell], *, is_cut: bool, unfolds: bool) -> PreparedView:
    """Make a record ready: JSON columns parsed, so that the tree opens them."""
    data = {name: decoded.data for name, cell in row.items() for decoded in [decode(cell)]}
    if unfolds:
        data = {name: unfold(item) for name, item in data.items()}
    facts = [Shown(f"{len(row)} columns", Tone.MUTED)]
    if is_cut:
        facts.append(Shown("▲ cells are cut off: without a key the row cannot be read again", Tone.WARNING))
    return PreparedView(tuple(facts), data, _record_text(row, data), dict(row), is_cut)


def _record_text(row: Mapping[str, Cell], data: Mapping[str, object]) -> str:
    """Write each column's name, and below it its value, indented."""
    blocks = []
    for name, cell in row.items():
        decoded_kind = ValueKind.JSON if isinstance(data[name], dict | list) else decode_kind(cell)
        text = _text(decoded_kind, data[name], cell)
        time = epoch_time(name, cell)
        if time is not None:
            text += f"  {moment(time)}"
        blocks.append(f"{name}\n" + "\n".join(f"    {line}" for line in text.split("\n")))
    return "\n".join(blocks)


def decode_kind(cell: Cell) -> ValueKind:
    """Tell a cell's kind without parsing it."""
    if cell is None:
        return ValueKind.NULL
    return ValueKind.BINARY if isinstance(cell, bytes) else ValueKind.TEXT
