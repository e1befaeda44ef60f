"""One page of keys, in each of the three ways that an index allows, whoever makes the statements.

By range: the index is in code point order, and the selection is a few ranges of it. By scan: it is in another order, so keys
are filtered as they come, up to a budget. Odd keys (NULL, binary; a TEXT PRIMARY KEY of SQLite allows both) come last.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from llama_storage_tui.backends import expiry
from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.ranges import KeyRange, ranges_of, selects_the_rest
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError, UsageError
from llama_storage_tui.model.data import Cell, KeyEntry, KeySelection, StoredValue

SCAN_BUDGET: Final = 50_000
"""Keys looked at for one page where a prefix is no range: some 50 ms on an index."""

TEXT: Final = ("s", "text")
ODD: Final = ("s", "odd")

# Written into a call, a union of types is made anew for every key.
_OF_A_KEY: Final = (str, bytes, type(None))
_OF_A_CELL: Final = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key found: its entry, and where it stands (its key's part, and its row's for keys that are no text)."""

    entry: KeyEntry
    key: Part
    row: Part
    is_odd: bool = False
    """Whether it was found among the keys that are no text."""


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """Which keys, from where on; `after` holds a stage (TEXT or ODD) and the last key's or row's part."""

    selection: KeySelection
    prefix: str
    limit: int
    after: tuple[Part, Part] | None
    now: datetime

    @property
    def lowest(self) -> str | None:
        """The one prefix that every selected key starts with, if there is one: a lower bound under any collation."""
        if self.prefix:
            return self.prefix
        return self.selection.include[0] if len(self.selection.include) == 1 else None


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The rows of a page, one more than asked for where there are more; `resume` where a budget stopped the search."""

    rows: tuple[KeyRow, ...]
    scanned: int
    resume: tuple[Part, Part] | None = None

    def followed_by(self, other: FoundKeys) -> FoundKeys:
        """Return these rows and those of the search that went on from `resume`."""
        return FoundKeys((*self.rows, *other.rows), self.scanned + other.scanned, other.resume)

    def following(self, limit: int) -> tuple[Part, Part] | None:
        """Return the position behind a page of so many rows; None at the end."""
        if len(self.rows) <= limit:
            return self.resume
        last = self.rows[limit - 1]
        return (ODD, last.row) if last.is_odd else (TEXT, last.key)


class KeyLookup(Protocol):
    """A key-value table on an open connection: the statements of one engine. A stored row is key, size, expiration and value."""

    is_binary: bool
    """Whether the index of the keys is in code point order."""

    def can_hold(self, text: str) -> bool:
        """Tell whether a key can be this text at all."""

    async def ranged(self, chosen: KeyRange, after: Part, limit: int, now: datetime) -> Sequence[KeyRow]:
        """Return up to `limit` keys of a range, those behind a key where one is given."""

    async def scanned(self, query: KeyQuery) -> FoundKeys:
        """Return a page of keys that are filtered as they come."""

    async def odd(self, after: Part, limit: int, now: datetime) -> Sequence[KeyRow]:
        """Return up to `limit` keys that are no text, those behind a row where one is given; none where every key is text."""
        del after, limit, now
        return ()

    async def count(self, selection: KeySelection, most: int | None) -> Sequence[int]:
        """Count the keys of a selection in parts, each up to `most`."""

    async def counted(self, ranges: Sequence[KeyRange], most: int) -> Sequence[int]:
        """Count the keys of ranges of an index in code point order, each up to `most`."""

    async def one(self, key: str | bytes | None, limit: int | None) -> Sequence[object] | None:
        """Return the stored row of a key, its value cut after `limit` + 1 characters."""

    async def several(self, keys: Sequence[str], limit: int | None) -> Sequence[Sequence[object]]:
        """Return the stored rows of some keys, in any order."""

    async def at(self, row: KeyRow) -> Sequence[object] | None:
        """Return the stored row of a key that was found: by its place, where a key that is no text may be there twice."""


async def find(keys: KeyLookup, query: KeyQuery) -> FoundKeys:
    """Return up to `limit` + 1 keys after a position."""
    texts = FoundKeys((), 0)
    if query.after is None or query.after[0] == TEXT:
        texts = await (_by_range(keys, query) if keys.is_binary else keys.scanned(query))
    wanted = query.limit + 1 - len(texts.rows)
    if wanted <= 0 or texts.resume is not None or query.prefix or not selects_the_rest(query.selection):
        return texts
    after = query.after[1] if query.after is not None and query.after[0] == ODD else None
    odd = await keys.odd(after, wanted, query.now)
    rows = (replace(row, is_odd=True) for row in odd)
    return texts.followed_by(FoundKeys(tuple(rows), len(odd)))


async def _by_range(keys: KeyLookup, query: KeyQuery) -> FoundKeys:
    rows: list[KeyRow] = []
    after = None if query.after is None else query.after[1]
    for chosen in ranges_of(query.selection, prefix=query.prefix):
        stored = None if after is None else _bytes(after)
        if stored is not None and chosen.high is not None and stored >= chosen.high.encode():
            continue
        is_inside = stored is not None and stored >= chosen.low.encode()
        wanted = query.limit + 1 - len(rows)
        rows += await keys.ranged(chosen, after if is_inside else None, wanted, query.now)
        if len(rows) > query.limit:
            break
    return FoundKeys(tuple(rows), len(rows))


def _bytes(part: tuple[str, str]) -> bytes:
    """Return a key's bytes, as an index in code point order compares them."""
    kind, text = part
    try:
        return base64.b64decode(text, validate=True) if kind == "x" else text.encode()
    except ValueError:
        raise UsageError("This cursor does not belong to this list.") from None


def decisions(selection: KeySelection) -> Mapping[str, bool]:
    """Return for each prefix, the longest first, whether keys that begin with it are selected: the first that fits decides.

    The last is empty, and fits all.
    """
    found = dict.fromkeys(selection.include or ("",), True)
    found |= dict.fromkeys(selection.exclude, False)
    ordered = sorted((text for text in found if text), key=len, reverse=True)
    return {text: found[text] for text in ordered} | {"": found.get("", False)}


def checked(shape: TableShape | None, name: str, *, where: str) -> TableShape:
    """Return the shape of a key-value table; raises NotFoundError for one not made yet, BackendError for any other table."""
    if shape is None:
        raise NotFoundError(
            f"There is no key-value table {name!r} yet.",
            where=where,
            help="The server creates it on first use; before that the backend holds no key.",
        )
    missing = {"key", "value"} - {column.name for column in shape.columns}
    if missing:
        raise BackendError(
            f"Table {name!r} is not a key-value table: it has no column {' and '.join(sorted(missing))}.",
            failure=FailureKind.QUERY,
            where=where,
            help="Check table_name: is it the table that the server uses?",
        )
    return shape


def entry_of(raw: Sequence[object], now: datetime) -> KeyEntry:
    """Return the entry of a row that begins with key, size and expiration."""
    key, size, expiration = raw[:3]
    entry = KeyEntry(
        key=key if isinstance(key, _OF_A_KEY) else str(key), bytes=size if isinstance(size, int) else None
    )
    if expiration is None:
        return entry
    expires_at, text = expiry.read(as_cell(expiration))
    return KeyEntry(
        key=entry.key,
        bytes=entry.bytes,
        expires_at=expires_at,
        is_expired=expiry.is_past(expires_at, now),
        expiration_text=text,
    )


def as_cell(value: object) -> Cell:
    """Return a driver's value as one that can be shown."""
    return value if isinstance(value, _OF_A_CELL) else str(value)


def cut(entry: KeyEntry, value: Cell, limit: int | None) -> StoredValue:
    """Return a value as it is asked for: cut to `limit` characters or bytes, None: whole."""
    if limit is None or not isinstance(value, str | bytes) or len(value) <= limit:
        return StoredValue(entry, value)
    return StoredValue(entry, value[:limit], is_cut=True)
