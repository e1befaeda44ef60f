"""JSON documents in SQLite: text of any kind in a column of any type, judged by `json_valid` before it is taken apart."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.engine import Documents, Expression, Values
from llama_storage_tui.backends.outlines import LARGE
from llama_storage_tui.backends.shape import ColumnShape, TableShape
from llama_storage_tui.backends.sqlite.catalog import rowid_of
from llama_storage_tui.backends.sqlite.python_json import LENGTHS
from llama_storage_tui.model.records import Extent, Field, Path

_NUMERIC: Final = ("integer", "real")
_VAST: Final = "*[eE]*[0-9][0-9][0-9]"
_LONGEST_PATTERN: Final = 40_000
"""Bytes; SQLite takes no pattern of more than 50,000."""
_NOWHERE: Final = '$."\u2400"'
_MOST_NUMBERS: Final = 4
"""Each doubles how often a document is looked into; further ones are positions."""
_NUL: Final = "\\u0000"


class SqliteDocuments(Documents):
    """What SQLite can tell of JSON documents."""

    needs_ranges = False
    separators = (",", ":")

    def ready(self, element: Expression, fields: Sequence[Field]) -> Expression:
        """Return a document as `document` does; of a large one its outline by some fields, the empty text where it is no JSON."""
        written = json.dumps([[*map(list, (field.path, field.each)), field.measure] for field in fields])
        made = sa.func.json_outline(sa.cast(element, sa.LargeBinary()), written)
        # The type first, which costs no look at the value.
        is_large = sa.and_(sa.func.typeof(element) == "text", sa.func.length(element) > LARGE)
        return sa.case((is_large, sa.func.coalesce(made, "")), *_readings(element), else_=element)

    def document(self, element: Expression) -> Expression:
        """Return a column's document as SQLite can read it; what not even Python reads as it is stored."""
        return sa.case(*_readings(element), else_=element)

    def value(self, element: Expression, path: Path) -> Expression:
        """Return the text at a path."""
        return _guarded(element, _text_at(element, path))

    def value_of_steps(self, element: Expression, path: Path) -> Expression:
        """Return the text at a path, whose numbers are positions of lists and names in objects: each in one of both."""
        numbers = [at for at, step in enumerate(path) if isinstance(step, int)][:_MOST_NUMBERS]
        found = [
            self.value(element, tuple(str(step) if at in named else step for at, step in enumerate(path)))
            for count in range(len(numbers) + 1)
            for named in itertools.combinations(numbers, count)
        ]
        return sa.func.coalesce(*found) if len(found) > 1 else found[0]

    def beginning(self, element: Expression, letters: int) -> Expression:
        """Return the beginning of a text that was taken out of a document, which holds no NUL."""
        # Named once: fields of a list are most of its statement, which SQLAlchemy composes and SQLite prepares.
        return sa.func.substr(element, 1, letters)

    def items(self, element: Expression, path: Path) -> Expression:
        """Return the number of items of a list."""
        is_list = sa.func.json_type(element, _path(path)) == "array"
        number: Expression = sa.func.json_array_length(element, _path(path))
        if path and isinstance(path[-1], str):
            # Where the document is an outline.
            written = sa.func.json_extract(element, _path((*path[:-1], f"{LENGTHS}{path[-1]}")))
            number = sa.func.coalesce(written, number)
        return _guarded(element, sa.case((is_list, number)))

    def each(self, element: Expression, path: Path, each: Path, most: int | None) -> Expression:
        """Return a text of every item, as a JSON list."""
        items = _items(element, path)
        texts: Expression = sa.func.json_group_array(_inside(items, each))
        found = sa.select(texts).select_from(items)
        if most is not None:
            found = found.where(items.c["key"] < most)
        is_list = sa.func.json_type(element, _path(path)) == "array"
        return _guarded(element, sa.case((is_list, found.scalar_subquery())))

    def has_each(
        self, element: Expression, path: Path, each: Path, texts: Sequence[str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that an item has one of the texts."""
        items = _items(element, path)
        found: sa.Select[int] = (
            sa.select(sa.literal_column("1")).select_from(items).where(_inside(items, each).in_(texts))
        )
        is_list = sa.func.json_type(element, _path(path)) == "array"
        return sa.func.coalesce(_guarded(element, sa.case((is_list, found.exists()))), sa.false())

    def shape(self, element: Expression, path: Path) -> Expression:
        """Return what is at a path."""
        kind = sa.func.json_type(element, _path(path))
        shapes = {"object": _literal("object"), "array": _literal("list"), "null": _literal("null")}
        known = sa.case(
            shapes, value=kind, else_=sa.case((kind.is_(None), _literal("absent")), else_=_literal("scalar"))
        )
        return sa.case(
            (element.is_(None), _literal("absent")),
            (sa.func.json_valid(element) == 1, known),
            else_=_literal("broken"),
        )

    def number(self, element: Expression) -> Expression:
        """Return a number; text that is one counts, since documents give text."""
        text: Expression = sa.cast(element, sa.Text())
        # No blanks around it, no exponent of three digits: as on PostgreSQL, where a number beyond its range is an error.
        is_plain = sa.and_(
            text.op("NOT GLOB")(_literal("*[^-+.0-9eE]*")), text.op("NOT GLOB")(_literal(_VAST))
        )
        is_number = sa.or_(
            sa.func.typeof(element).in_(_NUMERIC),
            sa.and_(is_plain, sa.func.json_type(_guarded(text, text)).in_(_NUMERIC)),
        )
        return sa.case((is_number, sa.cast(element, sa.REAL())))

    def is_json(self, element: Expression, column: ColumnShape) -> sa.ColumnElement[bool]:
        """Return the condition; NULL is no document."""
        del column
        return sa.func.coalesce(sa.func.json_valid(self.document(element)), 0) == 1

    def contains(self, element: Expression, text: str) -> sa.ColumnElement[bool]:
        """Return the condition as a GLOB, which skips to a first letter twice as fast as instr does (measured)."""
        if len(text.encode("utf-8", "surrogatepass")) > _LONGEST_PATTERN // len("[*]"):
            return sa.func.instr(element, sa.bindparam("v", text, type_=sa.types.NullType(), unique=True)) > 0
        pattern = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
        return element.op("GLOB", is_comparison=True, return_type=sa.Boolean())(
            sa.bindparam("v", f"*{pattern}*", type_=sa.types.NullType(), unique=True)
        )

    def sorted_text(self, element: Expression) -> Expression:
        """Return text; SQLite compares it by code point."""
        return sa.func.coalesce(sa.cast(element, sa.Text()), "")

    def physical(self, shape: TableShape) -> tuple[ColumnShape, ...]:
        """Return the rowid."""
        return rowid_of(shape)

    async def extent(self, connection: AsyncConnection, shape: TableShape) -> Extent:
        """Return the span of rowids, which is the number of rows where none was deleted."""
        low, high = await self.positions(connection, shape)
        return Extent(high - low, high - low)

    async def positions(self, connection: AsyncConnection, shape: TableShape) -> tuple[int, int]:
        """Return the first rowid and the one after the last."""
        physical = self.physical(shape)
        if not physical:
            return 0, 0
        table = sa.table(
            sa.sql.quoted_name(shape.name, quote=True),
            sa.column(sa.sql.quoted_name(physical[0].name, quote=True)),
        )
        rowid = table.c[physical[0].name]
        # Two statements: SQLite answers a minimum or a maximum from the tree's edge, but both at once by a scan.
        low = (await connection.execute(sa.select(sa.func.min(rowid)))).scalar_one()
        high = (await connection.execute(sa.select(sa.func.max(rowid)))).scalar_one()
        return (0, 0) if low is None else (int(low), int(high) + 1)

    def within(self, element: Expression, low: int, high: int) -> sa.ColumnElement[bool]:
        """Return the condition of a range of rowids."""
        return sa.and_(element >= sa.bindparam("low", low), element < sa.bindparam("high", high))

    def among(self, element: Expression) -> sa.ColumnElement[bool]:
        """Return the condition: each rowid is gone to in the table's tree."""
        places = sa.func.json_each(sa.bindparam("places", type_=sa.Text())).table_valued("value")
        return element.in_(sa.select(places.c.value))

    def ends(self, low: int, high: int) -> Values:
        """Return the rowids."""
        return {"low": low, "high": high}

    def position_of(self, text: str) -> int:
        """Return the rowid."""
        try:
            return int(text)
        except ValueError:
            raise cursors.refused() from None


def _readings(element: Expression) -> tuple[tuple[sa.ColumnElement[bool], Expression], ...]:
    # As bytes: text that is no UTF-8 would fail on its way into the function, and the whole statement with it.
    by_python = sa.func.python_json(sa.cast(element, sa.LargeBinary()))
    return (
        (sa.func.json_valid(element) == 1, element),
        (sa.func.typeof(element) == "text", sa.func.coalesce(by_python, element)),
    )


def beginning(element: Expression, letters: int) -> Expression:
    """Return the first letters of a column's text, or the first bytes of a binary value.

    `substr` ends a text at its first NUL: such a text is given whole, to be cut by who reads it.
    """
    begun: Expression = sa.func.substr(element, 1, letters)
    ends_at_nul = sa.and_(
        sa.func.typeof(element) == _literal("text"),
        sa.func.length(begun) < letters,
        _octets(begun) < _octets(element),
    )
    return sa.case((ends_at_nul, element), else_=begun)


def _octets(element: Expression) -> Expression:
    return sa.func.length(sa.cast(element, sa.BLOB()))


def _guarded(element: Expression, value: Expression) -> Expression:
    """Return a value that is only worked out where the document is JSON: SQLite's functions fail on anything else."""
    return sa.case((sa.func.json_valid(element) == 1, value))


def _literal(word: str) -> Expression:
    return sa.literal_column(f"'{word}'")


def _path(path: Path) -> str:
    return "$" + "".join(_step(step) for step in path)


def _step(step: str | int) -> str:
    if isinstance(step, str):
        return f'."{step}"'
    return f"[{step}]" if step >= 0 else f"[#{step}]"


def _items(element: Expression, path: Path) -> sa.TableValuedAlias:
    return sa.func.json_each(element, _path(path)).table_valued("key", "value", "type", name="item")


def _inside(items: sa.TableValuedAlias, each: Path) -> Expression:
    is_object = items.c["type"].in_(("object", "array"))
    return sa.case((is_object, _text_at(items.c["value"], each)))


def _text_at(element: Expression, path: Path) -> Expression:
    r"""Return the text at a path: of a number as it is written, of a text with U+FFFD in place of `\u0000`.

    SQLite itself gives a number beyond 63 bits rounded, and a text as far as its first NUL (3.40).
    """
    found: Expression = sa.cast(sa.func.json_extract(element, _path(path)), sa.Text())
    # Of several paths it gives a list, in which each value is as it is written; of the last, which is nowhere, null.
    written = sa.func.json_extract(element, _path(path), _NOWHERE)
    length = sa.func.length(written) - sa.literal_column(str(len("[,null]")))
    # An escaped backslash before "u0000" is no escape of NUL: written as \u005c it cannot be taken for one.
    counted = sa.func.replace(written, "\\\\", "\\u005c")
    harmless = sa.func.json_extract(sa.func.replace(counted, _NUL, "\\ufffd"), "$[0]")
    # Asked for once: each look parses the document anew.
    kind = sa.func.json_type(element, _path(path))
    return sa.case(
        {
            "integer": sa.func.substr(written, 2, length),
            "real": sa.func.substr(written, 2, length),
            "text": sa.case((sa.func.instr(element, _NUL) > 0, harmless), else_=found),
            # 1 and 0 to SQLite.
            "true": _literal("true"),
            "false": _literal("false"),
        },
        value=kind,
        else_=found,
    )
