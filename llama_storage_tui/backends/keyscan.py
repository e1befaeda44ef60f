"""One page of keys, in each of the three ways that an index allows.

By range: the index is in code point order, and the selection is a few ranges of it. By scan: it is in another order, so keys
are filtered as they come, up to a budget. Odd keys (NULL, binary; a TEXT PRIMARY KEY of SQLite allows both) come last.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.keytable import KeyRow, KeyTable
from llama_storage_tui.backends.ranges import KeyRange, ranges_of, selects_the_rest
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import KeySelection

SCAN_BUDGET: Final = 50_000
"""Keys looked at for one page where a prefix is no range: some 50 ms on an index."""

TEXT: Final = ("s", "text")
ODD: Final = ("s", "odd")


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """Which keys, from where on; `after` holds a stage (TEXT or ODD) and the last key's or row's part."""

    selection: KeySelection
    prefix: str
    limit: int
    after: tuple[Part, Part] | None
    now: datetime


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The rows of a page, one more than asked for where there are more; `resume` where a budget stopped the search."""

    rows: tuple[KeyRow, ...]
    is_odd: tuple[bool, ...]
    scanned: int
    resume: tuple[Part, Part] | None = None

    def followed_by(self, other: FoundKeys) -> FoundKeys:
        """Return these rows and those of the search that went on from `resume`."""
        return FoundKeys(
            (*self.rows, *other.rows),
            (*self.is_odd, *other.is_odd),
            self.scanned + other.scanned,
            other.resume,
        )

    def cursor_parts(self, index: int) -> tuple[Part, Part]:
        """Return the position of a row."""
        row = self.rows[index]
        return (ODD, row.row) if self.is_odd[index] else (TEXT, row.key)


async def find(connection: AsyncConnection, keys: KeyTable, query: KeyQuery) -> FoundKeys:
    """Return up to `limit` + 1 keys after a position."""
    texts: FoundKeys = FoundKeys((), (), 0)
    if query.after is None or query.after[0] == TEXT:
        texts = await (_by_range if keys.is_binary else _by_scan)(connection, keys, query)
    wanted = query.limit + 1 - len(texts.rows)
    if wanted <= 0 or texts.resume is not None or query.prefix or not selects_the_rest(query.selection):
        return texts
    odd = await _odd(connection, keys, query, wanted)
    return FoundKeys(
        (*texts.rows, *odd), (*texts.is_odd, *(True for _ in odd)), texts.scanned + len(odd), texts.resume
    )


def matching(
    keys: KeyTable, key: sa.ColumnElement[object], query_selection: KeySelection, prefix: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a key is selected, for an index in any order: the longest prefix decides."""
    decisions = dict.fromkeys(query_selection.include or ("",), True)
    decisions |= dict.fromkeys(query_selection.exclude, False)
    ordered = sorted(decisions, key=len, reverse=True)
    whens = [
        (keys.dialect.starts_with(key, text), sa.true() if decisions[text] else sa.false())
        for text in ordered
        if text
    ]
    default = sa.true() if decisions.get("", False) else sa.false()
    chosen = sa.case(*whens, else_=default) if whens else default
    conditions: list[sa.ColumnElement[bool]] = [chosen == sa.true() if whens else default]
    if prefix:
        conditions.append(keys.dialect.starts_with(key, prefix))
    return sa.and_(*conditions)


async def _by_range(connection: AsyncConnection, keys: KeyTable, query: KeyQuery) -> FoundKeys:
    rows: list[KeyRow] = []
    table = keys.table
    key = table.c["key"]
    for chosen in ranges_of(query.selection, prefix=query.prefix):
        conditions = _from(keys, key, chosen, query.after)
        if conditions is None:
            continue
        statement = keys.entries(table).where(*conditions).order_by(key).limit(query.limit + 1 - len(rows))
        rows += [keys.row(raw, query.now) for raw in (await connection.execute(statement)).all()]
        if len(rows) > query.limit:
            break
    return FoundKeys(tuple(rows), (False,) * len(rows), len(rows))


def _from(
    keys: KeyTable, key: sa.ColumnElement[object], chosen: KeyRange, after: tuple[Part, Part] | None
) -> tuple[sa.ColumnElement[bool], ...] | None:
    """Return the conditions of the part of a range after a position; None where it lies wholly before."""
    if after is None or after[1] is None:
        return keys.within(key, chosen)
    stored = _bytes(after[1])
    if chosen.high is not None and stored >= chosen.high.encode():
        return None
    if stored < chosen.low.encode():
        return keys.within(key, chosen)
    return (*keys.within(key, chosen)[1:], key > keys.dialect.bound(after[1], keys.shape.column("key")))


def _bytes(part: tuple[str, str]) -> bytes:
    """Return a key's bytes, as an index in code point order compares them."""
    kind, text = part
    try:
        return base64.b64decode(text, validate=True) if kind == "x" else text.encode()
    except ValueError:
        raise UsageError("This cursor does not belong to this list.") from None


async def _by_scan(connection: AsyncConnection, keys: KeyTable, query: KeyQuery) -> FoundKeys:
    table = keys.table
    key = table.c["key"]
    bounds: list[sa.ColumnElement[bool]] = []
    if query.after is not None and query.after[1] is not None:
        bounds.append(key > keys.dialect.bound(query.after[1], keys.shape.column("key")))
    elif (lowest := _lowest(query)) is not None and keys.dialect.can_hold(lowest):
        bounds.append(key >= sa.bindparam("low", lowest, type_=sa.Text(), unique=True))
    is_text = keys.dialect.is_text(key)
    if is_text is not None:
        bounds.append(is_text)
    window = sa.select(key).where(*bounds).order_by(key).limit(SCAN_BUDGET).subquery("looked_at")
    hits = (
        sa.select(window.c["key"])
        .where(matching(keys, window.c["key"], query.selection, query.prefix))
        .order_by(window.c["key"])
        .limit(query.limit + 1)
        .subquery("hits")
    )
    statement = keys.entries(table).where(key.in_(sa.select(hits.c["key"]))).order_by(key)
    rows = [keys.row(raw, query.now) for raw in (await connection.execute(statement)).all()]
    if len(rows) > query.limit:
        return FoundKeys(tuple(rows), (False,) * len(rows), len(rows))
    last = keys.dialect.mark(sa.func.max(window.c["key"]), keys.shape.column("key"))
    scanned, *mark = (await connection.execute(sa.select(sa.func.count(), *last))).one()
    part = keys.dialect.part(mark)
    is_stopped = int(scanned) >= SCAN_BUDGET and part is not None
    resume: tuple[Part, Part] | None = (TEXT, part) if is_stopped else None
    return FoundKeys(tuple(rows), (False,) * len(rows), int(scanned), resume)


def _lowest(query: KeyQuery) -> str | None:
    """Return the one prefix that every selected key starts with, if there is one: a lower bound under any collation."""
    if query.prefix:
        return query.prefix
    return query.selection.include[0] if len(query.selection.include) == 1 else None


async def _odd(connection: AsyncConnection, keys: KeyTable, query: KeyQuery, wanted: int) -> Sequence[KeyRow]:
    table = keys.table
    odd = keys.dialect.odd(table.c["key"])
    if not odd or not keys.shape.key:
        return ()
    shape = keys.shape.key[0]
    place = table.c[shape.name]
    # One seek of the key's index for each condition: together with ORDER BY they would be a scan of the table.
    found = sa.union_all(*(sa.select(place).where(condition) for condition in odd))
    statement = keys.entries(table).where(place.in_(found)).order_by(place).limit(wanted)
    if query.after is not None and query.after[0] == ODD and query.after[1] is not None:
        statement = statement.where(place > keys.dialect.bound(query.after[1], shape))
    return [keys.row(raw, query.now) for raw in (await connection.execute(statement)).all()]
