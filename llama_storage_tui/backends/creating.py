"""The statements by which servers create a table: the same library makes them of the same types."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlalchemy.types import TypeEngine

from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.raw_rows import Sheet
from llama_storage_tui.model.transfer import ColumnSchema, StoredKind, TableSchema

_TYPES: Final[
    dict[StoredKind, type[TypeEngine[Any]]]
] = {  # as sqlstore/sqlalchemy_sqlstore.py has them, 0.2.24 to 1.5.0
    StoredKind.STRING: sa.String,
    StoredKind.TEXT: sa.Text,
    StoredKind.INTEGER: sa.Integer,
    StoredKind.FLOAT: sa.Float,
    StoredKind.BOOLEAN: sa.Boolean,
    StoredKind.DATETIME: sa.DateTime,
    StoredKind.JSON: sa.JSON,
}


def create_statements(schema: TableSchema, dialect: Dialect) -> tuple[str, ...]:
    """Return the statements that make a table and its indexes."""
    table = _table(schema)
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made: list[ExecutableDDLElement] = [CreateTable(table), *(CreateIndex(index) for index in indexes)]
    return tuple(str(each.compile(dialect=dialect)).strip() for each in made)


def _add_column(schema: TableSchema, column: ColumnSchema, dialect: Dialect) -> str:
    """Return the statement that adds a missing column, as servers do at their start."""
    quote = dialect.identifier_preparer.quote
    type_ = dialect.type_compiler_instance.process(_TYPES[column.kind]())
    return f"ALTER TABLE {quote(schema.name)} ADD COLUMN {quote(column.name)} {type_}"


def missing_columns(sheet: Sheet, there: Collection[str], dialect: Dialect, where: str) -> tuple[str, ...]:
    """Return the statements that add what a table lacks of a sheet; raises BackendError for what no server would add."""
    missing = [name for name in sheet.columns if name not in there]
    made = []
    for column in sheet.schema.columns if sheet.schema is not None else ():
        if column.name in missing and sheet.schema is not None:
            made.append(_add_column(sheet.schema, column, dialect))
            missing.remove(column.name)
    if missing:
        raise BackendError(
            f"Table {sheet.container} has no column {' and '.join(missing)}.",
            failure=FailureKind.QUERY,
            where=where,
        )
    return tuple(made)


def _table(schema: TableSchema) -> sa.Table:
    columns = [
        sa.Column(
            each.name,
            _TYPES[each.kind](),
            primary_key=each.is_primary_key,
            nullable=each.is_nullable,
        )
        for each in schema.columns
    ]
    table = sa.Table(schema.name, sa.MetaData(), *columns)
    for name, names in schema.indexes:
        sa.Index(name, *(table.c[each] for each in names))
    return table
