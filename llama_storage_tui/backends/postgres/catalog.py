"""PostgreSQL's own words about its tables: those that the role's search_path reaches by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.engine import RawRow
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TablePart, TableShape
from llama_storage_tui.model.data import Column

_COLUMNS: Final = sa.text(
    """
    SELECT n.nspname::text, c.relname::text, c.relkind::text, c.relhassubclass,
           pg_catalog.has_table_privilege(c.oid, 'SELECT'),
           a.attname::text, a.attnotnull, pg_catalog.format_type(a.atttypid, a.atttypmod),
           b.typname::text, pg_catalog.format_type(b.oid, -1),
           pg_catalog.array_position(i.indkey::int2[], a.attnum),
           CASE WHEN c.relkind = 'p' OR c.relhassubclass THEN (
             WITH RECURSIVE tree (oid) AS (
               SELECT c.oid UNION SELECT h.inhrelid FROM pg_catalog.pg_inherits h JOIN tree ON h.inhparent = tree.oid)
             SELECT bool_or(k.relkind = 'f') FROM tree JOIN pg_catalog.pg_class k ON k.oid = tree.oid)
           ELSE c.relkind = 'f' END
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
      LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND n.nspname = ANY (pg_catalog.current_schemas(false))
       AND pg_catalog.pg_table_is_visible(c.oid)
       AND (CAST(:name AS text) IS NULL OR c.relname = CAST(:name AS text))
     ORDER BY c.relname COLLATE "C", a.attnum
    """
)

_SIZES: Final = sa.text(
    """
    SELECT c.relname::text, c.reltuples::float8, c.relpages,
           CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE NULL END,
           pg_catalog.current_setting('block_size')::int
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'f')
       AND n.nspname = ANY (pg_catalog.current_schemas(false)) AND pg_catalog.pg_table_is_visible(c.oid)
    """
)

_BLOCKS: Final = sa.text(
    """
    SELECT pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = CAST(:schema AS text) AND c.relname = CAST(:name AS text)
    """
)

_PARTS: Final = sa.text(
    """
    WITH RECURSIVE root AS (
      SELECT c.oid, c.relrowsecurity
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = CAST(:schema AS text) AND c.relname = CAST(:name AS text)
    ), tree (oid) AS (
      SELECT oid FROM root
       UNION SELECT h.inhrelid FROM pg_catalog.pg_inherits h JOIN tree ON h.inhparent = tree.oid
    )
    SELECT c.oid::int8, c.relname::text, n.nspname::text,
           pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int,
           c.reltuples::float8, c.relpages, pg_catalog.pg_relation_size(c.oid),
           NOT c.relhassubclass AND NOT root.relrowsecurity AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
             AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN root
     WHERE c.relkind = 'r'
     ORDER BY c.oid
    """
)

_COLLATION: Final = sa.text(
    """
    SELECT pg_catalog.to_jsonb(l)::text, pg_catalog.to_jsonb(d)::text, pg_catalog.current_setting('server_encoding')
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
      JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
     WHERE n.nspname = CAST(:schema AS text) AND c.relname = CAST(:name AS text)
       AND a.attname = CAST(:column AS text)
    """
)

_KINDS: Final = {
    **dict.fromkeys(("int2", "int4", "int8"), ColumnKind.INTEGER),
    **dict.fromkeys(("float4", "float8"), ColumnKind.FLOAT),
    "bool": ColumnKind.BOOLEAN,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext"), ColumnKind.TEXT),
    **dict.fromkeys(("json", "jsonb"), ColumnKind.JSON),
    "bytea": ColumnKind.BYTES,
    **dict.fromkeys(
        (
            *("numeric", "timestamp", "timestamptz", "date", "time", "timetz", "interval"),
            *("uuid", "inet", "cidr", "macaddr", "macaddr8", "oid", "bit", "varbit"),
        ),
        ColumnKind.NATIVE,
    ),
}

CTID: Final = ColumnShape(
    Column("ctid", "tid", is_primary_key=False, is_nullable=False), ColumnKind.NATIVE, "tid"
)
TABLEOID: Final = ColumnShape(
    Column("tableoid", "oid", is_primary_key=False, is_nullable=False), ColumnKind.NATIVE, "oid"
)
_ROW_BYTES: Final = 2000
"""About what a row weighs where ANALYZE never ran: a guess, and only for telling a small table from a large one."""
_BINARY_LOCALES: Final = frozenset({"C", "POSIX"})
_BUILTIN_LOCALES: Final = frozenset({"C", "C.UTF-8", "PG_UNICODE_FAST"})
"""Of the built-in provider (PostgreSQL 17): all three compare by code point."""


async def tables(connection: AsyncConnection, name: str | None) -> tuple[TableShape, ...]:
    """Describe one table (or all), in name order."""
    found = (await connection.execute(_COLUMNS, {"name": name})).all()
    return tuple(_shape(list(rows)) for _, rows in groupby(found, key=lambda row: (row[0], row[1])))


async def sizes(connection: AsyncConnection) -> dict[str, tuple[float, int, int | None, int]]:
    """Return for each table its noted rows (-1: never), noted pages, bytes now (None: not its own), and a page's bytes."""
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in (await connection.execute(_SIZES)).all()}


async def blocks(connection: AsyncConnection, shape: TableShape) -> int:
    """Return how many blocks a table has now."""
    found = await connection.execute(_BLOCKS, {"schema": shape.schema, "name": shape.name})
    return int(found.scalar_one_or_none() or 0)


async def parts(connection: AsyncConnection, shape: TableShape) -> tuple[TablePart, ...]:
    """Return the tables that a tree's rows lie in, by their oids; in a detached or dropped part no row is left to be read."""
    found = (await connection.execute(_PARTS, {"schema": shape.schema, "name": shape.name})).all()
    made: list[TablePart] = []
    first = 0
    for oid, name, schema, blocks_, tuples, pages, size, is_direct in found:
        rows = rows_of(tuples, pages, int(blocks_), int(size))
        made.append(TablePart(int(oid), name, schema, first, int(blocks_), rows, bool(is_direct)))
        first += int(blocks_)
    return tuple(made)


def rows_of(tuples: float, pages: int, blocks_: int, size: int) -> int:
    """Return about how many rows a table has: what ANALYZE noted, grown with the table."""
    return round(tuples / pages * blocks_ if tuples >= 0 and pages > 0 else size / _ROW_BYTES)


async def is_code_point_ordered(connection: AsyncConnection, shape: TableShape, column: str) -> bool:
    """Tell whether a column's collation compares bytes, in an encoding whose bytes are in code point order."""
    names = {"schema": shape.schema, "name": shape.name, "column": column}
    found = (await connection.execute(_COLLATION, names)).first()
    if found is None or found[2] not in {"UTF8", "SQL_ASCII"}:
        return False
    collation, database = json.loads(found[0]), json.loads(found[1])
    provider, locale = collation.get("collprovider"), collation.get("collcollate")
    builtin = collation.get("colllocale")
    if provider == "d":
        provider = database.get("datlocprovider", "c")
        locale = database.get("datcollate")
        builtin = database.get("datlocale", database.get("daticulocale"))
    if provider == "b":
        return builtin in _BUILTIN_LOCALES
    return provider == "c" and locale in _BINARY_LOCALES


def _shape(rows: Sequence[RawRow]) -> TableShape:
    schema, name, relkind, has_children, is_readable = rows[0][:5]
    described = [row for row in rows if row[5] is not None]
    columns = tuple(_column(row) for row in described)
    placed = sorted(
        (
            (int(row[10]), column)
            for row, column in zip(described, columns, strict=True)
            if row[10] is not None
        ),
        key=lambda pair: pair[0],
    )
    primary = tuple(column for _, column in placed)
    is_tree = relkind == "p" or bool(has_children)
    has_positions = not rows[0][11] and (relkind in {"r", "m"} or is_tree)
    position = () if not has_positions else (TABLEOID, CTID) if is_tree else (CTID,)
    # Each table that inherits has keys of its own; a partitioned table has its primary key once.
    is_unique = bool(primary) and (relkind == "p" or not is_tree)
    key = primary if is_unique else position
    is_heap = not is_unique and has_positions and not is_tree
    return TableShape(
        name=str(name),
        columns=columns,
        key=key,
        order=key if is_unique else (*(primary if position else ()), *key),
        hidden=() if is_unique else position,
        schema=str(schema),
        is_view=relkind in {"v", "m"},
        is_readable=bool(is_readable),
        is_heap_ordered=is_heap,
        is_tree=is_tree,
        has_positions=has_positions,
    )


def _column(row: RawRow) -> ColumnShape:
    name, is_not_null, declared, base, cast, position = row[5:11]
    kind = _KINDS.get(str(base), ColumnKind.OTHER)
    return ColumnShape(
        Column(
            str(name),
            str(declared),
            is_primary_key=position is not None,
            is_nullable=not is_not_null,
            is_json=kind is ColumnKind.JSON,
        ),
        kind,
        str(cast),
    )
