"""The tables of a SQL engine, one page at a time: what SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends import cursors
from llama_storage_tui.backends.batches import BATCH_BYTES, LARGEST_BATCH, Pace
from llama_storage_tui.backends.cursors import Position
from llama_storage_tui.backends.described_tables import DescribedTables
from llama_storage_tui.backends.engine import Engine, Statement, describe
from llama_storage_tui.backends.listing import ResolvedQuery, Segment, row_fingerprint
from llama_storage_tui.backends.protocols import TableReader
from llama_storage_tui.backends.rereading import as_stored, rereading
from llama_storage_tui.backends.row_filters import check_filters, filter_conditions
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, ContentError, FailureKind, NotFoundError, UsageError
from llama_storage_tui.model.data import Cell, Count, Cursor, Filter, RowPage, RowQuery, Table
from llama_storage_tui.model.following import Mark, RowsSince

PIECE: Final = 10_000
"""Rows of one statement of a stream in pieces: enough that opening the file for each weighs little."""


@dataclass(slots=True)
class SqlTableReader(DescribedTables, TableReader):
    """The tables of every engine with a dialect."""

    async def tables(self, *, counts: bool = True, fast: bool = True) -> tuple[Table, ...]:
        """List tables and views; with exact counts each table is counted for itself and without a limit."""

        async def listed(connection: AsyncConnection) -> tuple[Table, ...]:
            shapes = await self.engine.dialect.describe_all(connection)
            self._shapes = {shape.name: shape for shape in shapes}
            rows = await self.engine.dialect.estimates(connection, shapes) if counts and fast else {}
            return tuple(shape.described(rows.get(shape.name)) for shape in shapes)

        found = await self.engine.run(listed, seconds=self.timeouts.query)
        if not counts or fast:
            return found
        return tuple([replace(table, rows=await self._count_or_none(table.name)) for table in found])

    async def table(self, name: str) -> Table | None:
        """Describe one table without counting; None where there is none."""

        async def described(connection: AsyncConnection) -> Table | None:
            shape = await describe(self.engine, connection, name)
            if shape is None:
                return None
            self._shapes[name] = shape
            return shape.described()

        return await self.engine.run(described, seconds=self.timeouts.query)

    async def count(self, name: str, filters: Sequence[Filter] = ()) -> Count:
        """Count the rows exactly, without a time limit; cancel it instead."""

        async def counted(engine: Engine, connection: AsyncConnection) -> Count:
            shape = await self._shape(connection, name, refresh=True)
            await check_filters(connection, shape, filters, engine.dialect)
            table = shape.selectable()
            conditions = filter_conditions(engine.dialect, shape, filters, table)
            found = await connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions))
            return Count(int(found.scalar_one()), is_exact=True)

        return await self._read(counted, seconds=None)

    async def page(self, query: RowQuery) -> RowPage:
        """Return a page of rows by keyset; raises UsageError, NotFoundError (no such table) or BackendError."""
        if query.limit < 1:
            raise UsageError("A page has at least one row.")

        async def paged(engine: Engine, connection: AsyncConnection) -> RowPage:
            listing = await self._listing(connection, engine, query)
            rows, is_cut_short = await _rows(connection, listing, query)
            return _as_page(listing, rows, query, is_cut_short=is_cut_short)

        return await self._read(paged, seconds=self.timeouts.query)

    async def rows_since(self, query: RowQuery, mark: Mark | None, *, limit: int) -> RowsSince:
        """Return the rows that were stored since a mark; without one none, and where to go on."""
        asked = replace(query, order=None, after=None)
        shape = None if mark is None else self._shapes.get(query.table)
        if shape is None:
            shape = await self._followable(asked)
        look = await self.watch.look(shape, mark, limit, seconds=self.timeouts.query)
        known = shape
        page = await rereading(
            self.engine, lambda engine: self._page_at(engine, asked, known, look.positions)
        )
        return RowsSince(page, look.mark, self.watch.way, look.is_cut, look.unseen)

    async def _followable(self, query: RowQuery) -> TableShape:
        """Describe a table and check what is asked of it; raises BackendError where it cannot be followed."""
        listing = await self.engine.run(
            lambda connection: self._listing(connection, self.engine, query), seconds=self.timeouts.query
        )
        self._check_followable(listing.shape)
        return listing.shape

    async def _page_at(
        self, engine: Engine, query: RowQuery, shape: TableShape, positions: Sequence[str]
    ) -> RowPage:
        """Return the rows at the positions of a look, in their order; without positions nothing is asked."""
        listing = ResolvedQuery.of(query, shape, engine.dialect)
        table = listing.shape.selectable()
        place: sa.ColumnClause[object] = sa.column(
            sa.sql.quoted_name(engine.dialect.documents.physical(shape)[-1].name, quote=True)
        )
        table.append_column(place)
        found = Segment((self.watch.at(place),), ())
        statement = listing.statement(table, found, limit=None, cell_limit=query.cell_limit)

        async def read(connection: AsyncConnection) -> list[Sequence[object]]:
            marked = statement.add_columns(sa.cast(place, sa.Text()).label("place"))
            return [*(await connection.execute(marked, self.watch.values(positions))).all()]

        rows = await engine.run(read, seconds=self.timeouts.query) if positions else []
        order = {text: index for index, text in enumerate(positions)}
        ranked = sorted(rows, key=lambda row: order.get(str(row[-1]), 0))
        whole = replace(query, limit=max(1, len(ranked)))
        return _as_page(listing, [row[:-1] for row in ranked], whole, is_cut_short=False)

    async def row(self, table: str, cursor: Cursor) -> dict[str, Cell] | None:
        """Return one whole row by its cursor of a RowPage; None where it is gone."""

        async def read(engine: Engine, connection: AsyncConnection) -> dict[str, Cell] | None:
            shape = await self._shape(connection, table, refresh=False)
            dialect, selectable = engine.dialect, shape.selectable()
            parts = cursors.decode(cursor, row_fingerprint(shape), length=len(shape.key)).parts
            conditions = [
                sa.false()
                if part is None
                else dialect.sort_key(selectable.c[each.name], each) == dialect.bound(part, each)
                for part, each in zip(parts, shape.key, strict=True)
            ]
            cells = [
                dialect.cell(selectable.c[each.name], each, None).label(f"c{index}")
                for index, each in enumerate(shape.columns)
            ]
            found = (await connection.execute(sa.select(*cells).where(*conditions))).first()
            names = [each.name for each in shape.columns]
            return None if found is None else dict(zip(names, _shown(found, None), strict=True))

        return await self._read(read, seconds=self.timeouts.query)

    async def stream(self, query: RowQuery) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        """Yield batches of all rows that the query selects (its limit is ignored), without a time limit.

        Where an open statement would keep a writer out (SQLite), every batch is a statement of its own; a sort
        without an index cannot be, and holds the file's read lock until it ends.
        """
        engine, is_begun = self.engine, False
        while True:
            try:
                async with aclosing(await self._batches(engine, query)) as batches:
                    async for batch in batches:
                        is_begun = True
                        yield batch
            except ContentError as error:
                if is_begun:
                    # Rows of another snapshot may not follow: what was handed over stands, and the error says why it ends.
                    raise
                engine = as_stored(engine, error)
            else:
                return

    async def _batches(
        self, engine: Engine, query: RowQuery
    ) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        listing = await engine.run(
            lambda connection: self._listing(connection, engine, query), seconds=self.timeouts.query
        )
        is_held = engine.dialect.is_snapshot_held or listing.is_sorted or not listing.has_cursors
        return self._held(engine, listing, query) if is_held else self._in_pieces(engine, listing, query)

    async def _held(
        self, engine: Engine, listing: ResolvedQuery, query: RowQuery
    ) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        table = listing.shape.selectable()
        order = () if listing.shape.is_heap_ordered and not listing.is_sorted else listing.order
        cells = [listing.dialect.cell(table.c[each.name], each, query.cell_limit) for each in listing.columns]
        statement: sa.Select[*tuple[Any, ...]] = (
            # Rows without a column, which PostgreSQL knows, would be no result to the driver.
            sa.select(*(cell.label(f"c{index}") for index, cell in enumerate(cells or [sa.null()])))
            .select_from(table)
            .where(*listing.filtered(table))
            .order_by(*listing.ordering(table, order))
        )
        async with aclosing(engine.stream(statement)) as batches:
            async for batch in batches:
                yield [_shown(row[: len(cells)], query.cell_limit) for row in batch]

    async def _in_pieces(
        self, engine: Engine, listing: ResolvedQuery, query: RowQuery
    ) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        after: Position | None = None
        pace = Pace()

        async def piece(connection: AsyncConnection) -> list[Sequence[object]]:
            table = listing.shape.selectable()
            rows: list[Sequence[object]] = []
            for segment in listing.segments(table, after):
                wanted = PIECE - len(rows)
                statement = listing.statement(table, segment, limit=wanted, cell_limit=query.cell_limit)
                is_light = await _fetch_within(connection, statement, pace, rows)
                if len(rows) >= PIECE or not is_light:
                    break
            return rows

        width = len(listing.columns)
        while rows := await engine.run(piece, seconds=None):
            for start in range(0, len(rows), LARGEST_BATCH):
                yield [_shown(row[:width], query.cell_limit) for row in rows[start : start + LARGEST_BATCH]]
            after = Position(listing.parts(rows[-1][width:])[0])

    async def _listing(self, connection: AsyncConnection, engine: Engine, query: RowQuery) -> ResolvedQuery:
        shape = await self._shape(connection, query.table, refresh=query.after is None)
        if not shape.columns:
            # A view of something that is gone: the engine says what is missing.
            every: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(shape.selectable())
            await connection.execute(every.limit(0))
        await check_filters(connection, shape, query.filters, engine.dialect)
        return ResolvedQuery.of(query, shape, engine.dialect)

    async def _count_or_none(self, name: str) -> Count | None:
        """Count exactly; None where this table cannot be counted, which is no reason to hide the others."""
        try:
            return await self.count(name)
        except NotFoundError:
            return None
        except BackendError as error:
            if error.failure in {FailureKind.QUERY, FailureKind.PERMISSION}:
                return None
            raise


async def _fetch_within(
    connection: AsyncConnection, statement: Statement, pace: Pace, rows: list[Sequence[object]]
) -> bool:
    """Add a statement's rows to `rows`; return False where it was left because they weigh BATCH_BYTES."""
    held = 0
    async with connection.stream(statement) as result:
        while fetched := await result.fetchmany(pace.size):
            rows += fetched
            held += pace.after(fetched)
            if held >= BATCH_BYTES:
                return False
    return True


async def _rows(
    connection: AsyncConnection, listing: ResolvedQuery, query: RowQuery
) -> tuple[list[Sequence[object]], bool]:
    """Fetch a page's rows and one more, segment by segment; tell whether it ends earlier, since whole rows weigh BATCH_BYTES."""
    table = listing.shape.selectable()
    after = listing.position(query.after)
    rows: list[Sequence[object]] = []
    held, is_cut_short = 0, False

    async def more(extra: sa.ColumnElement[bool]) -> bool:
        nonlocal held, is_cut_short
        for segment in listing.segments(table, after):
            wanted = query.limit + 1 - len(rows)
            if query.cell_limit is None and listing.has_cursors:
                asked = listing.weights(table, segment, limit=wanted).where(extra)
                weights = [int(each) for each in (await connection.execute(asked)).scalars()]
                fitting, held = _fitting(weights, held, has_some=bool(rows))
                is_cut_short = fitting < len(weights)
                wanted = fitting if is_cut_short else wanted
            statement = listing.statement(table, segment, limit=wanted, cell_limit=query.cell_limit)
            rows.extend((await connection.execute(statement.where(extra))).all())
            if is_cut_short or len(rows) > query.limit:
                return False
        return True

    if not listing.shape.is_heap_ordered or listing.is_sorted or listing.is_descending:
        await more(sa.true())
        return rows, is_cut_short
    blocks = listing.dialect.blocks(connection, listing.shape, table, after.parts[0] if after else None)
    async for block in blocks:
        if not await more(block):
            break
    return rows, is_cut_short


def _fitting(weights: Sequence[int], held: int, *, has_some: bool) -> tuple[int, int]:
    """Return how many rows of these weights fit beside what is held, and what is held then; the first of a page always fits."""
    for index, weight in enumerate(weights):
        if held + weight > BATCH_BYTES and (has_some or index):
            return index, held
        held += weight
    return len(weights), held


def _as_page(
    listing: ResolvedQuery, rows: Sequence[Sequence[object]], query: RowQuery, *, is_cut_short: bool
) -> RowPage:
    width, has_more = len(listing.columns), is_cut_short or len(rows) > query.limit
    kept = rows[: query.limit]
    marks = [listing.parts(row[width:]) for row in kept] if listing.has_cursors else []
    row_name = row_fingerprint(listing.shape)
    return RowPage(
        columns=tuple(shape.column for shape in listing.columns),
        rows=tuple(_shown(row[:width], query.cell_limit) for row in kept),
        next=cursors.encode(listing.name, marks[-1][0]) if has_more and marks else None,
        is_complete=not is_cut_short and (bool(marks) or not has_more),
        row_cursors=tuple(cursors.encode(row_name, key) for _, key in marks) or (None,) * len(kept),
        cut_cells=frozenset(
            (row_index, column)
            for row_index, row in enumerate(kept)
            for column, cell in enumerate(row[:width])
            if _is_cut(cell, query.cell_limit)
        ),
    )


def _is_cut(cell: object, limit: int | None) -> bool:
    return limit is not None and isinstance(cell, str | bytes) and len(cell) > limit


def _shown(row: Sequence[object], limit: int | None) -> tuple[Cell, ...]:
    """Return a row as values; a dialect's `cell` selects nothing but those, so whole rows need no look at each."""
    cells: tuple[Cell, ...] = tuple(row)  # type: ignore[arg-type]
    if limit is None:
        return cells
    return tuple(cell[:limit] if isinstance(cell, str | bytes) else cell for cell in cells)
