r"""JSON documents in PostgreSQL: always JSON, but one `\u0000` or half of a surrogate pair makes every look inside fail.

The type's input checks neither, so both are stored: NUL by tools that print binary, half a pair where a stream of emoji was cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.engine import Documents, Expression, PreparedDocument, bound_text
from llama_storage_tui.backends.postgres import catalog
from llama_storage_tui.backends.postgres.stored_text import ServerEncoding
from llama_storage_tui.backends.postgres.values import tid
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TablePart, TableShape
from llama_storage_tui.model.records import Extent, Path

_SUSPECTS: Final = ("\\u0000", "\\ud", "\\uD")
"""What every escape that the server refuses begins with: looked for first, since a regular expression costs ten times as much."""
_REFUSED: Final = (
    r"\\u0000"
    r"|\\u[dD][89aAbB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89aAbB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_STAND_IN: Final = r"\\ufffd"
_NUMBER: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$"
_ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0")
_TID: Final = re.compile(r"\((\d+),\d+\)")


class PostgresDocuments(Documents):
    """What PostgreSQL can tell of JSON documents."""

    needs_ranges = True
    separators = (", ", ": ")

    def __init__(self, encoding: ServerEncoding) -> None:
        self.encoding = encoding

    def prepared(self, element: Expression, keys: Sequence[str], name: str) -> PreparedDocument:
        """Return the document, made harmless once and parsed once: each look into one parses it from its beginning."""
        whole = sa.select(self.document(element).label("whole")).offset(_ZERO).lateral(f"{name}_whole")
        is_object = sa.func.json_typeof(whole.c["whole"]) == "object"
        parts = (
            sa.func.json_to_record(
                sa.case((is_object, whole.c["whole"]), else_=sa.cast(bound_text("{}"), sa.JSON()))
            )
            .table_valued(*(sa.column(key, sa.JSON()) for key in keys), name=f"{name}_parts")
            .render_derived(with_types=True)
        )
        joined = (whole, parts) if keys else (whole,)
        return PreparedDocument(joined, whole.c["whole"], {key: parts.c[key] for key in keys})

    def document(self, element: Expression) -> Expression:
        """Return the document with what the server stores and cannot take out again replaced."""
        # The text once, behind a fence: each mention of the column would unpack what is stored compressed again.
        stored = (
            sa.select(sa.cast(element, sa.Text()).label("text")).offset(_ZERO).correlate_except().subquery()
        )
        text = stored.c["text"]
        is_suspect = sa.or_(*(sa.func.strpos(text, bound_text(suspect)) > 0 for suspect in _SUSPECTS))
        # An escaped backslash before "ud83d" is no escape of half a pair: written as \\u005c it cannot be taken for one.
        counted = sa.func.replace(text, bound_text("\\\\"), bound_text("\\u005c"))
        without = sa.func.regexp_replace(
            counted, bound_text(_REFUSED), bound_text(_STAND_IN), bound_text("g")
        )
        # Back to how it is stored: the text of an object or a list is handed out as it is written.
        harmless = sa.func.replace(without, bound_text("\\u005c"), bound_text("\\\\"))
        return sa.select(sa.cast(sa.case((is_suspect, harmless), else_=text), sa.JSON())).scalar_subquery()

    def value(self, element: Expression, path: Path) -> Expression:
        """Return the text at a path."""
        return _at(element, path, as_text=True)

    def beginning(self, element: Expression, letters: int) -> Expression:
        """Return the beginning of a text."""
        return sa.func.left(element, letters)

    def items(self, element: Expression, path: Path) -> Expression:
        """Return the number of items of a list."""
        return sa.func.json_array_length(_list(element, path))

    def each(self, element: Expression, path: Path, each: Path, most: int | None) -> Expression:
        """Return a text of every item, as a JSON list."""
        items: sa.FromClause = _items(element, path)
        if most is not None:
            items = sa.select(items.c["value"]).limit(most).correlate_except(items).subquery("first_items")
        texts = sa.func.coalesce(
            sa.cast(sa.func.json_agg(_at(items.c["value"], each, as_text=True)), sa.Text()), "[]"
        )
        found = sa.select(texts).select_from(items).scalar_subquery()
        return sa.case((_list(element, path).is_not(None), found))

    def has_each(
        self, element: Expression, path: Path, each: Path, texts: Sequence[str]
    ) -> sa.ColumnElement[bool]:
        """Return the condition that an item has one of the texts."""
        items = _items(element, path)
        found = _at(items.c["value"], each, as_text=True)
        return sa.select(sa.literal_column("1")).select_from(items).where(found.in_(texts)).exists()

    def shape(self, element: Expression, path: Path) -> Expression:
        """Return what is at a path."""
        kind = sa.func.json_typeof(_at(element, path, as_text=False))
        shapes = {"object": "object", "array": "list", "null": "null"}
        return sa.case(shapes, value=kind, else_=sa.case((kind.is_(None), "absent"), else_="scalar"))

    def number(self, element: Expression) -> Expression:
        """Return a number."""
        text = sa.cast(element, sa.Text())
        return sa.case((text.regexp_match(_NUMBER), sa.cast(text, sa.Double())))

    def is_json(self, element: Expression, column: ColumnShape) -> sa.ColumnElement[bool]:
        """Return the condition: a column's type sees to it, or the server is made to read the text and refuses it."""
        is_typed = column.kind is ColumnKind.JSON
        return (element if is_typed else sa.cast(sa.cast(element, sa.Text()), sa.JSON())).is_not(None)

    def contains(self, element: Expression, text: str) -> sa.ColumnElement[bool]:
        """Return the condition; a text that the database's encoding lacks is in no column."""
        if not self.encoding.can_hold(text):
            return sa.false()
        return sa.func.strpos(sa.cast(element, sa.Text()), bound_text(text)) > 0

    def sorted_text(self, element: Expression) -> Expression:
        """Return text in the C collation."""
        text: sa.ColumnElement[str] = sa.func.coalesce(sa.cast(element, sa.Text()), "")
        sorted_: Expression = sa.collate(text, "C")  # type: ignore[assignment] # of str
        return sorted_

    def physical(self, shape: TableShape) -> tuple[ColumnShape, ...]:
        """Return ctid, which repeats among the tables of a tree."""
        if not shape.has_positions:
            return ()
        return (catalog.TABLEOID, catalog.CTID) if shape.is_tree else (catalog.CTID,)

    async def parts(self, connection: AsyncConnection, shape: TableShape) -> tuple[TablePart, ...]:
        """Return the tables of a tree."""
        return await catalog.parts(connection, shape) if shape.is_tree and shape.has_positions else ()

    async def extent(self, connection: AsyncConnection, shape: TableShape) -> Extent:
        """Return the blocks, and the rows that ANALYZE noted, grown with the table."""
        if shape.is_tree:
            parts = await self.parts(connection, shape)
            return Extent(sum(part.positions for part in parts), sum(part.rows for part in parts))
        sizes = (await catalog.sizes(connection)).get(shape.name)
        if sizes is None or sizes[2] is None:
            return Extent(0, 0)
        tuples, pages, size, page_bytes = sizes
        blocks = (size or 0) // page_bytes
        return Extent(blocks, catalog.rows_of(tuples, pages, blocks, size or 0))

    async def positions(self, connection: AsyncConnection, shape: TableShape) -> tuple[int, int]:
        """Return the first block and the one after the last."""
        return 0, await catalog.blocks(connection, shape)

    def within(self, element: Expression, low: int, high: int) -> sa.ColumnElement[bool]:
        """Return the condition of a range of blocks, which the server reads and no other."""
        ends = self.ends(low, high)
        return sa.and_(element >= tid(ends["low"], "low"), element < tid(ends["high"], "high"))

    def ends(self, low: int, high: int) -> dict[str, str]:
        """Return the positions before the first rows of the blocks."""
        return {"low": f"({low},0)", "high": f"({high},0)"}

    def position_of(self, text: str) -> int:
        """Return the block."""
        found = _TID.fullmatch(text)
        if found is None:
            raise cursors.refused()
        return int(found[1])


def _list(element: Expression, path: Path) -> Expression:
    found = _at(element, path, as_text=False)
    return sa.case((sa.func.json_typeof(found) == "array", found))


def _items(element: Expression, path: Path) -> sa.TableValuedAlias:
    return sa.func.json_array_elements(_list(element, path)).table_valued("value", name="item")


def _at(document: Expression, path: Path, *, as_text: bool) -> Expression:
    if not path and not as_text:
        return document
    if not path:
        return document.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'"))  # type: ignore[return-value] # of str
    take = sa.func.json_extract_path_text if as_text else sa.func.json_extract_path
    found: Expression = take(document, *(bound_text(str(step)) for step in path))
    return found
