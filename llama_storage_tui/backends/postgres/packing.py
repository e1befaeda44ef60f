"""Rows in the binary form of COPY, which a server gives back just as it took them: what it has is then compared as bytes.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": a row is the number of its cells, and before each cell
stands how many bytes it has. Column by column, since a call for each cell of millions would cost more than sending them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, Final

from llama_storage_tui.backends.postgres.encoding import DriverRow, encoded_columns, encoder
from llama_storage_tui.backends.postgres.raw_rows import PostgresTable
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.raw_rows import RawRow, Sheet

HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"
_PIECE: Final = 96 * 1024
"""What a piece weighs: of larger ones each would get fresh pages from the system, which costs as much as filling them."""

_SHORT, _INT, _LONG, _DOUBLE = (Struct(f">{letter}").pack for letter in "hiqd")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - times without a zone are counted from it
_MICROSECOND: Final = timedelta(microseconds=1)

Pack = Callable[[Iterable[Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class ReadyRows:
    """Rows for some columns of a table: their cells, column by column, as the driver has them, and as COPY takes them.

    `pieces` is None where the form of one of the types is not known here.
    """

    cells: Sequence[Sequence[object]] = field(repr=False)
    pieces: Sequence[bytes] | None = field(repr=False)

    def rows(self) -> list[DriverRow]:
        """Return the rows as the driver has them."""
        return list(zip(*self.cells, strict=True))


def made_ready(table: PostgresTable, sheet: Sheet, rows: Sequence[RawRow]) -> ReadyRows:
    """Return rows as the table takes them; raises NotConvertibleError, UnicodeEncodeError. Not quick."""
    kinds = [table.column(name).kind for name in sheet.columns]
    cells = encoded_columns(rows, [encoder(kind) for kind in kinds])
    return ReadyRows(cells, packed(cells, kinds))


def packed(columns: Sequence[Sequence[object]], kinds: Sequence[str]) -> list[bytes] | None:
    """Return cells as COPY takes them, in pieces: `columns` as the driver has them, `kinds` their types in pg_type.

    None where the form of one of the types is not known here. Raises UnicodeEncodeError for half of a surrogate pair.
    """
    packs = [_PACKS.get(kind) for kind in kinds]
    known = [each for each in packs if each is not None]
    if len(known) < len(packs):
        return None
    step, number = 1 + 2 * len(columns), len(columns[0])
    parts = [_SHORT(len(columns))] * (step * number)
    held = 0
    for at, (column, pack) in enumerate(zip(columns, known, strict=True)):
        parts[1 + 2 * at :: step], cells = _cells(column, pack)
        parts[2 + 2 * at :: step] = cells
        held += sum(map(len, cells))
    some = step * max(1, number * _PIECE // max(1, held))
    return [HEAD, *(b"".join(parts[at : at + some]) for at in range(0, len(parts), some)), END]


def _cells(column: Sequence[object], pack: Pack) -> tuple[Iterable[bytes], Sequence[bytes]]:
    """Return the lengths of a column's cells, and the cells."""
    if type(None) not in set(map(type, column)):
        cells = [*pack(column)]
        return map(_INT, map(len, cells)), cells
    filled = iter([*pack(cell for cell in column if cell is not None)])
    cells = [b"" if cell is None else next(filled) for cell in column]
    lengths = [NULL if cell is None else _INT(len(made)) for cell, made in zip(column, cells, strict=True)]
    return lengths, cells


def _times(epoch: datetime) -> Pack:
    def pack(cells: Iterable[datetime]) -> Iterator[bytes]:
        return (_LONG((cell - epoch) // _MICROSECOND) for cell in cells)

    return pack


def _texts(cells: Iterable[str]) -> Iterable[bytes]:
    return map(str.encode, cells)


_PACKS: Final[dict[str, Pack]] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "json"), _texts),
    "int2": lambda cells: map(_SHORT, cells),
    "int4": lambda cells: map(_INT, cells),
    "int8": lambda cells: map(_LONG, cells),
    "float8": lambda cells: map(_DOUBLE, cells),
    "bool": lambda cells: map((b"\0", b"\1").__getitem__, cells),
    "bytea": lambda cells: cells,
    "timestamp": _times(_NAIVE_EPOCH),
    "timestamptz": _times(_EPOCH),
}
