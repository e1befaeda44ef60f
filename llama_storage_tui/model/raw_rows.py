"""Rows as an engine stores them, on their way through a copy: cells without column names, and what a target says of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.transfer import TableSchema

RawRow = tuple[Cell, ...]
"""The cells of a row, in the order of some columns that are known beside it."""

RowIdentity = tuple[Cell, ...]
"""What tells a row from others in its table: the cells of its identity's columns."""

RowLocator = object
"""Where a row is within one transaction, as its engine says it: good for removing it there, and for nothing else."""


class UndecodableText(bytes):
    """Stored text that is not valid UTF-8: it is neither text nor a binary value, and no engine takes it from here."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Some rows of a container; `locators` say where each is, empty where that was not asked for."""

    columns: tuple[str, ...]
    rows: Sequence[RawRow]
    locators: Sequence[RowLocator] = ()


@dataclass(frozen=True, slots=True)
class RawExtent:
    """How much a container holds, of the keys that are meant: rows, and the bytes of their cells."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A container as a writer fills it: which columns of it, and by which of them its rows are told apart.

    `schema` is the table that is created where there is none; None is the engine's key-value table.
    """

    container: str
    columns: tuple[str, ...]
    identity: tuple[str, ...]
    schema: TableSchema | None = None


class Standing(Enum):
    """Whether a target has a row: not at all, with the same content, or with another."""

    ABSENT = "absent"
    SAME = "same"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Found:
    """What a target has in place of a row; `former` are the cells of the one that is there and differs.

    `is_brought`: that row was not there before, an engine has brought it by itself in this transaction.
    """

    standing: Standing
    former: RawRow | None = None
    is_brought: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that a target does not take: its place among those that were given, and why, without its values."""

    index: int
    reason: str


class TakenError(Exception):
    """A row that was to be inserted has an identity that the target has already; none of those given with it were inserted."""
