"""How a table is built, as much as reading it page by page needs to know."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Column, Count, Table

if TYPE_CHECKING:
    import sqlalchemy as sa


class ColumnKind(StrEnum):
    """How a column's values are compared, cut and handed over."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TEXT = "text"
    BYTES = "bytes"
    JSON = "json"
    NATIVE = "native"
    """A type whose order the engine knows and whose values cross as text: numeric, timestamps, uuid."""
    OTHER = "other"
    """A type that is compared and handed over as its text: arrays, enums, tsvector, whatever an extension brings."""


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column; `cast` is the engine's name of the type that a text is cast to for a comparison."""

    column: Column
    kind: ColumnKind
    cast: str = ""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class TablePart:
    """One table of a tree: its oid, the positions before its own in the tree, how many are its own, and about how many rows.

    `is_direct`: it may be read by its own name. Else its rows are picked out of the whole tree, which reads the same positions of
    every other part too: where only the tree may be read, or has a policy on its rows.
    """

    oid: int
    name: str
    schema: str
    first: int
    positions: int
    rows: int
    is_direct: bool


@dataclass(frozen=True, slots=True)
class TableShape:
    """One table.

    `key` names columns that together are unique and never NULL: the tiebreaker of every sort; empty for a view. `order` is
    what pages come in when no sort is asked for: the primary key, then as much of `key` as makes it unique. `hidden` are
    pseudo columns (rowid, ctid) that key or order use. `is_heap_ordered`: `key` is the physical position, which
    only a range of blocks finds fast. `place` is the database: cursors name it.
    """

    name: str
    columns: tuple[ColumnShape, ...]
    key: tuple[ColumnShape, ...] = ()
    order: tuple[ColumnShape, ...] = ()
    hidden: tuple[ColumnShape, ...] = ()
    schema: str | None = None
    is_view: bool = False
    is_readable: bool = True
    is_heap_ordered: bool = False
    is_tree: bool = False
    """Whether its rows lie in several tables: partitions, or tables that inherit from it. Positions repeat among them."""
    place: str = ""
    has_positions: bool = False
    """Whether every row has a physical position: not in a view, nor where a part of a tree is a foreign table."""

    def column(self, name: str) -> ColumnShape:
        """Return the column of that name; raises UsageError where the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(f"Table {self.name!r} has no column {name!r}.", help=self._names())

    def sortable(self, name: str) -> ColumnShape:
        """Return the column of that name to sort by; raises UsageError where the table has none, or it holds JSON."""
        found = self.column(name)
        if found.kind is ColumnKind.JSON:
            raise UsageError(
                f"Column {name!r} holds JSON and cannot be sorted.", help="Choose another column."
            )
        return found

    def selectable(self) -> sa.TableClause:
        """Return the table for a statement, every name quoted."""
        import sqlalchemy as sa  # here: what needs plain SQL alone describes tables, too

        return sa.table(
            sa.sql.quoted_name(self.name, quote=True),
            *(
                sa.column(sa.sql.quoted_name(shape.name, quote=True))
                for shape in (*self.columns, *self.hidden)
            ),
            schema=None if self.schema is None else sa.sql.quoted_name(self.schema, quote=True),
        )

    def described(self, rows: Count | None = None) -> Table:
        """Return the table in an operator's words."""
        return Table(self.name, tuple(shape.column for shape in self.columns), rows, is_view=self.is_view)

    def _names(self) -> str:
        shown = [column.name for column in self.columns[:20]]
        return f"Its columns: {', '.join(shown)}{' …' if len(self.columns) > len(shown) else ''}"
