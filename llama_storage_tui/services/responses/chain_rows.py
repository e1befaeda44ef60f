"""The rows of a table of responses as links of chains: one by its id, many by their ids, and all that may belong together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.records import (
    AnyOf,
    Condition,
    Contains,
    DocumentShape,
    Equals,
    Field,
    Measure,
    Not,
    Record,
    RecordBatch,
    RecordQuery,
    scan,
)
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.responses.prefixes import is_answer, items_of_text
from llama_storage_tui.services.responses.summaries import (
    BYTES,
    CREATED,
    ID,
    MODEL,
    OWNER,
    SHAPE,
    STATUS,
    TENANT,
)
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import cell_text, is_storable
from llama_storage_tui.upstream.families.responses import DOCUMENT, RESPONSES

LINK_COLUMN: Final = "previous_response_id"
"""There from ogx 1.1 on."""

_STORED_PREVIOUS: Final = Field("stored_previous", DOCUMENT, (LINK_COLUMN,))
_COLUMN_PREVIOUS: Final = Field("previous", LINK_COLUMN)
_INPUT: Final = Field("input", DOCUMENT, ("input",))
_OUTPUT: Final = Field("output", DOCUMENT, ("output",))
_MODE: Final = Field("mode", DOCUMENT, ("input_storage_mode",))
_FIRST: Final = Field("first", DOCUMENT, ("input", 0))
_FIRST_ID: Final = Field("first_id", DOCUMENT, ("input", 0, "id"))
_FIRST_OUTPUT: Final = Field("first_output", DOCUMENT, ("output", 0))
_FIRST_OUTPUT_ID: Final = Field("first_output_id", DOCUMENT, ("output", 0, "id"))
_INPUT_ITEMS: Final = Field("input_items", DOCUMENT, ("input",), Measure.ITEMS)
_LINKED: Final = Contains(DOCUMENT, ('"skills"',))
"""A key that servers write from ogx 1.1 on, as they do links: a row without it may have a parent that it does not name."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What a chain needs of one row; `document_previous` differs from `previous` only in rows that somebody edited."""

    id: str
    previous: str | None
    document_previous: str | None
    created_at: Cell
    owner: str | None
    tenant: str | None
    model: Cell
    status: str | None
    is_readable: bool


@dataclass(frozen=True, slots=True)
class ResponseTable:
    """A table of responses, with the columns that it has."""

    place: TablePlace
    records: RecordReader
    columns: frozenset[str]

    @property
    def has_links(self) -> bool:
        """Whether links have a column of their own."""
        return LINK_COLUMN in self.columns

    async def row(self, id_: str) -> LinkRow | None:
        """Return one row; None where there is none."""
        rows = await self.rows([id_])
        return rows[0] if rows else None

    async def is_old(self, id_: str) -> bool:
        """Tell whether a row was written before servers stored links, as far as the row tells."""
        query = replace(self._query((ID,)), conditions=(_LINKED,))
        return not (self.has_links and await self.records.find(query, [id_]))

    async def rows(self, ids: Sequence[str]) -> tuple[LinkRow, ...]:
        """Return the rows with these ids, in no order."""
        found = await self.records.find(
            self._query(self._row_fields()), [id_ for id_ in ids if is_storable(id_)]
        )
        return tuple(self._row(record) for record in found)

    async def items(self, ids: Sequence[str], *, with_links: bool = False) -> tuple[Record, ...]:
        """Return the JSON texts `input` and `output` of these rows; `with_links` also `mode` and `stored_previous`."""
        fields = (ID, _INPUT, _OUTPUT, *((_MODE, _STORED_PREVIOUS) if with_links else ()))
        return await self.records.find(self._query(fields), [id_ for id_ in ids if is_storable(id_)])

    def links(self) -> AsyncGenerator[RecordBatch, None]:
        """Yield `id` and `previous` of every row that names a previous response in its column, without looking into documents."""
        condition = Not(Equals(_COLUMN_PREVIOUS, None))
        return self.records.search(scan(self.place.table, (ID, _COLUMN_PREVIOUS), condition))

    async def beginning(self, id_: str) -> Condition | None:
        """Return the condition of the rows whose input may begin as this one's does; None where it has no items to tell by.

        A server that copies inputs copies the first item's id with it; where a client sent the item, there is none.
        """
        fields = (ID, _FIRST, _FIRST_ID, _FIRST_OUTPUT, _FIRST_OUTPUT_ID, _INPUT_ITEMS)
        for record in await self.records.find(self._query(fields), [id_]):
            if isinstance(first := record["first"], str):
                return _begins(record["first_id"], first)
            if isinstance(output := record["first_output"], str) and record["input_items"] == 0:
                # Its input is empty, so that a child's begins with what it answered.
                return _begins(record["first_output_id"], output)
        return None

    def candidates(self, beginning: Condition | None) -> AsyncGenerator[RecordBatch, None]:
        """Yield what a Candidate is made of, of every row that begins so, and of every row whose document names a previous one."""
        previous = Field("previous", DOCUMENT, _STORED_PREVIOUS.path)
        fields = (ID, CREATED, *self._owner(), STATUS, previous, BYTES)
        condition = AnyOf((Not(Equals(_STORED_PREVIOUS, None)), *([] if beginning is None else [beginning])))
        return self.records.search(scan(self.place.table, fields, condition))

    def _row_fields(self) -> tuple[Field, ...]:
        columns = (TENANT, MODEL, _COLUMN_PREVIOUS)
        there = (field for field in columns if field.column in self.columns)
        return (ID, CREATED, *self._owner(), *there, STATUS, _STORED_PREVIOUS, SHAPE)

    def _owner(self) -> tuple[Field, ...]:
        return (OWNER,) if OWNER.column in self.columns else ()

    def _query(self, fields: tuple[Field, ...]) -> RecordQuery:
        return RecordQuery(self.place.table, fields)

    def _row(self, record: Record) -> LinkRow:
        stored = cell_text(record["stored_previous"])
        return LinkRow(
            id=str(record["id"]),
            previous=cell_text(record.get("previous")) or stored,
            document_previous=stored,
            created_at=record["created_at"],
            owner=cell_text(record.get("owner")),
            tenant=cell_text(record.get("tenant")),
            model=record.get("model"),
            status=cell_text(record["status"]),
            is_readable=record["shape"] == DocumentShape.OBJECT,
        )


async def table_of(session: Session, id_: str) -> tuple[ResponseTable, LinkRow]:
    """Return the table that has a response, with its row; raises NotFoundError, or BackendError where a table cannot be read."""
    failure: BackendError | None = None
    for place in needed_tables(session.catalog, RESPONSES):
        try:
            table = await _opened(session, place)
            row = None if table is None else await table.row(id_)
        except BackendError as error:
            failure = error
            continue
        if table is not None and row is not None:
            return table, row
    if failure is not None:
        raise failure
    raise NotFoundError(
        f"There is no response {id_!r}",
        where=", ".join(
            f"{place.table} on {place.backend}" for place in needed_tables(session.catalog, RESPONSES)
        ),
        help=Advice("", Step.LIST_RECORDS, "responses"),
    )


def pairs(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """Yield the ids of each child and its parent."""
    for record in records:
        child, parent = record["id"], record["previous"]
        if isinstance(child, str) and isinstance(parent, str):
            yield child, parent


async def _opened(session: Session, place: TablePlace) -> ResponseTable | None:
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    if table is None or table.column(DOCUMENT) is None:
        return None
    return ResponseTable(place, reader.records, frozenset(column.name for column in table.columns))


def _begins(id_: Cell, text: str) -> Condition:
    """Return the condition that a first item is this one; an answer may be the first item of a response that was asked nothing."""
    given, answered = (
        (_FIRST_ID, _FIRST_OUTPUT_ID) if isinstance(id_, str) and id_ else (_FIRST, _FIRST_OUTPUT)
    )
    wanted = id_ if isinstance(id_, str) and id_ else text
    if not any(is_answer(item) for item in items_of_text(f"[{text}]") or []):
        return Equals(given, wanted)
    return AnyOf((Equals(given, wanted), Equals(answered, wanted)))
