"""Fields and conditions on the JSON document in a column, as expressions that an engine's `Documents` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field as dataclass_field

import sqlalchemy as sa

from llama_storage_tui.backends.engine import Dialect, Documents, Expression, PreparedDocument, bound_text
from llama_storage_tui.backends.row_filters import compared_column, compared_inside
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import ORDERED, Filter
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Compares,
    Condition,
    Contains,
    Equals,
    Field,
    Measure,
    Not,
    NotJson,
    OneOf,
    Path,
)


def is_inside(field: Field) -> bool:
    """Tell whether a field is taken out of a document."""
    return bool(field.path) or field.measure in {Measure.ITEMS, Measure.EACH, Measure.SHAPE}


def wanted(
    dialect: Dialect,
    shape: TableShape,
    table: sa.FromClause,
    field: Field,
    prepared: PreparedDocument | None = None,
    limit: int | None = None,
) -> Expression:
    """Return what to select for a field; `prepared` is its column's document; a text is cut after `limit` + 1 characters.

    Raises UsageError for a column that the table lacks.
    """
    column = shape.column(field.column)
    if limit is not None and field.measure is Measure.VALUE and field.most is not None:
        limit = min(limit, field.most)
    if not is_inside(field):
        element: Expression = table.c[field.column]
        is_size = field.measure is Measure.BYTES
        return dialect.size(element, column) if is_size else dialect.cell(element, column, limit)
    if prepared is None:
        document, path = dialect.documents.document(table.c[field.column]), field.path
    elif field.measure is Measure.SHAPE:
        # Of the whole: a part that is null is as good as absent.
        document, path = prepared.whole, field.path
    else:
        document, path = prepared.place(field.path)
    found = _inside(dialect.documents, field, document, path)
    is_cut = limit is not None and field.measure is Measure.VALUE
    return dialect.documents.beginning(found, limit + 1) if is_cut and limit is not None else found


def _inside(documents: Documents, field: Field, document: Expression, path: Path) -> Expression:
    match field.measure:
        case Measure.ITEMS:
            return documents.items(document, path)
        case Measure.SHAPE:
            return documents.shape(document, path)
        case Measure.EACH:
            return documents.each(document, path, field.each, field.most)
        case _:
            return documents.value(document, path)


def fields_of(condition: Condition) -> Iterator[Field]:
    """Yield each field that a condition asks about, a column as a whole where it looks through all of it."""
    match condition:
        case OneOf(Field(column=column, measure=Measure.EACH), _) | Contains(column, _) | NotJson(column):
            yield Field(column, column)
        case Equals(field, _) | OneOf(field, _) | Between(field, _, _) | Compares(field, _, _):
            yield field
        case AnyOf(conditions):
            for each in conditions:
                yield from fields_of(each)
        case Not(inner):
            yield from fields_of(inner)


def inside_of(condition: Condition) -> Iterator[Field]:
    """Yield each field inside a document that a condition asks about."""
    match condition:
        case Equals(field, _) | OneOf(field, _) | Between(field, _, _) | Compares(field, _, _):
            if is_inside(field):
                yield field
        case AnyOf(conditions):
            for each in conditions:
                yield from inside_of(each)
        case Not(inner):
            yield from inside_of(inner)


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """What conditions are asked of: a table, or a selection from it with what the conditions need taken out of it.

    `taken` keeps a document from being parsed once for every condition that looks into it.
    """

    dialect: Dialect
    shape: TableShape
    table: sa.FromClause
    taken: Mapping[Field, Expression] = dataclass_field(default_factory=dict)
    prepared: Mapping[str, PreparedDocument] = dataclass_field(default_factory=dict)

    def at(self, field: Field) -> Expression:
        """Return a field's value."""
        if (found := self.taken.get(field)) is not None:
            return found
        return wanted(self.dialect, self.shape, self.table, field, self.prepared.get(field.column))

    def document(self, name: str) -> Expression:
        """Return a column's document; raises UsageError where the table lacks it."""
        prepared = self.prepared.get(name)
        return self.dialect.documents.document(self.column(name)) if prepared is None else prepared.whole

    def column(self, name: str) -> Expression:
        """Return a column; raises UsageError where the table lacks it."""
        self.shape.column(name)
        return self.table.c[name]


def holds(source: DocumentSource, condition: Condition) -> sa.ColumnElement[bool]:
    """Return a condition as SQL; raises UsageError for a column that the table lacks or a text that it cannot hold."""
    documents = source.dialect.documents
    match condition:
        case Equals(field, text):
            return source.at(field).is_(None) if text is None else _equals(source, field, text)
        case OneOf(Field(measure=Measure.EACH) as field, texts):
            return documents.has_each(source.document(field.column), field.path, field.each, texts)
        case OneOf(field, texts):
            return _one_of([_equals(source, field, text) for text in texts])
        case Between(field, low, high):
            number = documents.number(source.at(field))
            ends = [number >= low] if low is not None else []
            return sa.and_(*ends, *([number <= high] if high is not None else []), number.is_not(None))
        case Compares(field, operator, text):
            return _compared(source, field, Filter(field.column, text, operator))
        case Contains(column, texts):
            return sa.or_(sa.false(), *(documents.contains(source.column(column), text) for text in texts))
        case NotJson(column):
            return sa.not_(documents.is_json(source.column(column), source.shape.column(column)))
        case AnyOf(conditions):
            return sa.or_(sa.false(), *(holds(source, each) for each in conditions))
        case Not(inner):
            return sa.not_(sa.func.coalesce(holds(source, inner), sa.false()))
        case _:
            raise UsageError(f"{condition!r} is not a condition.")


def _compared(source: DocumentSource, field: Field, found: Filter) -> sa.ColumnElement[bool]:
    column = source.shape.column(field.column)
    if not is_inside(field) and field.measure is Measure.VALUE:
        return compared_column(source.dialect, column, source.column(field.column), found)
    return compared_inside(source.dialect, source.at(field), found)


def _equals(source: DocumentSource, field: Field, text: str) -> sa.ColumnElement[bool]:
    if field.path or field.measure is not Measure.VALUE:
        found = sa.cast(source.at(field), sa.Text())
        return found == bound_text(text)
    return source.dialect.equals(source.column(field.column), source.shape.column(field.column), text)


def _one_of(conditions: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Join alternatives as a balanced tree: SQLite refuses expressions deeper than a thousand."""
    if not conditions:
        return sa.false()
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return sa.or_(_one_of(conditions[:middle]).self_group(), _one_of(conditions[middle:]).self_group())


def columns_of(condition: Condition) -> Iterator[str]:
    """Yield the columns that a condition compares as a whole."""
    return (
        field.column
        for field in fields_of(condition)
        if not is_inside(field) and field.measure is Measure.VALUE
    )


def asked(condition: Condition) -> str:
    """Write a condition for a cursor's fingerprint: without bounds, since those that count back from now move between two pages."""
    match condition:
        case Between(field):
            return f"Between({field!r})"
        case Compares(field, operator) if operator in ORDERED:
            return f"Compares({field!r}, {operator})"
        case AnyOf(conditions):
            return f"AnyOf({[asked(each) for each in conditions]})"
        case Not(inner):
            return f"Not({asked(inner)})"
        case _:
            return repr(condition)
