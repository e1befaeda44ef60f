"""Filters on the rows of a table as SQL: a column, or a place inside the JSON document of one, compared with a text.

Every text is a bound parameter. A name is one of the table's columns, and what follows it is a path of plain steps.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.comparing import finite_number, path_of, spellings, texts_of
from llama_storage_tui.backends.engine import Dialect, Expression, bound_text
from llama_storage_tui.backends.shape import ColumnKind, ColumnShape, TableShape
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, Operator
from llama_storage_tui.model.records import Path

_DATE_TYPE: Final = re.compile("date|timestamp", re.IGNORECASE)
_COMPARED: Final[Mapping[Operator, Callable[[Any, Any], sa.ColumnElement[bool]]]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def filter_conditions(
    dialect: Dialect, shape: TableShape, filters: Sequence[Filter], table: sa.TableClause
) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of filters; raises UsageError for a place or a text that cannot be compared so."""
    return tuple(_condition(dialect, shape, each, table) for each in filters)


def _compared_texts(shape: TableShape, found: Filter) -> tuple[ColumnShape, tuple[str, ...]]:
    """Return a filter's column, and which texts are to be cast to its type: none for what lies inside a document."""
    column, path = place_of(shape, found.column)
    is_cast = found.text is not None and not path and found.operator is not Operator.CONTAINS
    return column, tuple(_castable(column, text) for text in texts_of(found)) if is_cast else ()


async def check_filters(
    connection: AsyncConnection, shape: TableShape, filters: Iterable[Filter], dialect: Dialect
) -> None:
    """Refuse what cannot be compared before a statement fails by it; raises UsageError."""
    for each in filters:
        column, texts = _compared_texts(shape, each)
        for text in texts if column.kind is not ColumnKind.JSON else ():
            await dialect.check_filter(connection, column, text)


def place_of(shape: TableShape, name: str) -> tuple[ColumnShape, Path]:
    """Return the column that a name means, and the path in its document: `response_object.usage.total_tokens`.

    Raises UsageError where the table has no such column, its column holds no JSON, or a step cannot be one.
    """
    names = [column.name for column in shape.columns]
    if name not in names:
        heads = [each for each in names if name.startswith(f"{each}.")]
        if heads:
            column = shape.column(max(heads, key=len))
            if column.kind is not ColumnKind.JSON:
                raise UsageError(
                    f"Column {column.name!r} is {column.column.type or 'not declared'}, not JSON: it has nothing inside."
                )
            return column, path_of(name[len(column.name) + 1 :])
    return shape.column(name), ()


def _castable(column: ColumnShape, text: str) -> str:
    """Return a text as every engine casts it to a column's type: SQLite would compare a date with any number.

    Of numbers only `20261129` is a date, as PostgreSQL takes it. Raises UsageError for others.
    """
    is_date = column.kind is ColumnKind.NATIVE and _DATE_TYPE.search(column.column.type) is not None
    if not is_date or finite_number(text) is None:
        return text
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        raise UsageError(
            f"{text!r} is not a value of column {column.name!r}, whose type is {column.column.type}.",
            help="Write a date, or date and time: 2026-11-29, 2026-11-29 18:30.",
        ) from None


def _condition(
    dialect: Dialect, shape: TableShape, found: Filter, table: sa.TableClause
) -> sa.ColumnElement[bool]:
    column, path = place_of(shape, found.column)
    element = table.c[column.name]
    if path:
        documents = dialect.documents
        value = documents.value_of_steps(documents.document(element), path)
        return compared_inside(dialect, value, found)
    return compared_column(dialect, column, element, found)


def compared_column(
    dialect: Dialect, column: ColumnShape, element: Expression, found: Filter
) -> sa.ColumnElement[bool]:
    """Return the condition that a column as a whole compares so; raises UsageError where it cannot."""
    is_document = column.kind is ColumnKind.JSON
    if is_document and found.operator is not Operator.CONTAINS:
        raise UsageError(
            f"Column {column.name!r} holds JSON and cannot be filtered as a whole.",
            help=f"Filter by what is inside, for example {column.name}.status=failed, or by its text: {column.name}~failed.",
        )
    if found.text is None:
        return element.is_(None) if found.operator is Operator.EQUALS else element.is_not(None)
    match found.operator:
        case Operator.EQUALS:
            return dialect.equals(element, column, _castable(column, found.text))
        case Operator.NOT_EQUALS:
            return _is_not(dialect.equals(element, column, _castable(column, found.text)))
        case Operator.IN:
            texts = tuple(_castable(column, text) for text in texts_of(found))
            return sa.or_(sa.false(), *(dialect.equals(element, column, text) for text in texts))
        case Operator.CONTAINS:
            return sa.or_(*(_contains(dialect, element, text) for text in spellings(found.text, is_document)))
        case _:
            if column.kind in {ColumnKind.BYTES, ColumnKind.BOOLEAN}:
                raise UsageError(
                    f"Column {column.name!r} has no order: its type is {column.column.type}.",
                    help="Use = or !=.",
                )
            left = dialect.sort_key(element, column)
            return _COMPARED[found.operator](left, dialect.operand(column, _castable(column, found.text)))


def compared_inside(dialect: Dialect, value: Expression, found: Filter) -> sa.ColumnElement[bool]:
    """Return the condition that what was taken out of a document compares so; raises UsageError for a list that is none."""
    documents = dialect.documents
    text: sa.ColumnElement[str] = sa.cast(value, sa.Text())
    if found.text is None:
        return value.is_(None) if found.operator is Operator.EQUALS else value.is_not(None)
    if not all(map(dialect.can_hold, texts_of(found))) or "\x00" in found.text:
        # No document holds such a text.
        return sa.true() if found.operator is Operator.NOT_EQUALS else sa.false()
    match found.operator:
        case Operator.EQUALS:
            return text == bound_text(found.text)
        case Operator.NOT_EQUALS:
            return _is_not(text == bound_text(found.text))
        case Operator.IN:
            return text.in_([bound_text(each) for each in texts_of(found)])
        case Operator.CONTAINS:
            return documents.contains(value, found.text)
        case _:
            number = finite_number(found.text)
            if number is not None:
                return _COMPARED[found.operator](documents.number(value), sa.literal(number, sa.Double()))
            bound = documents.sorted_text(bound_text(found.text))
            is_there = value.is_not(None)
            compared = _COMPARED[found.operator](documents.sorted_text(value), bound)
            return sa.and_(is_there, compared)


def _contains(dialect: Dialect, element: Expression, text: str) -> sa.ColumnElement[bool]:
    if not dialect.can_hold(text) or "\x00" in text:
        return sa.false()
    return dialect.documents.contains(element, text)


def _is_not(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Negate a condition so that rows with nothing there, of which SQL knows neither, count as different."""
    return sa.not_(sa.func.coalesce(condition, sa.false()))
