"""Chat completions: a page of them, and one with its messages, choices and calls, tolerant of whatever is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.completions import (
    Choice,
    Completion,
    CompletionPage,
    CompletionQuery,
    CompletionSummary,
)
from llama_storage_tui.model.data import Cell, Cursor
from llama_storage_tui.model.limits import LONGEST_CELL
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Field,
    Measure,
    Record,
    RecordOrder,
    RecordQuery,
)
from llama_storage_tui.model.responses import Place
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.responses.chain_rows import text_of
from llama_storage_tui.services.responses.json_escapes import common_run, stored_forms
from llama_storage_tui.services.responses.membership import is_storable
from llama_storage_tui.services.responses.merging import Slice, merged
from llama_storage_tui.services.responses.messages import read_message
from llama_storage_tui.services.responses.places import completion_places
from llama_storage_tui.services.responses.sources import COMPLETIONS, Source, sources_of
from llama_storage_tui.services.responses.tolerant_json import as_mapping, as_text, load, type_name
from llama_storage_tui.services.session import Session

_CREATED: Final = Field("created", "created")
_MODEL: Final = Field("model", "model")
_OWNER: Final = Field("owner", "owner_principal")
_FIELDS: Final = (
    Field("id", "id"),
    _CREATED,
    _MODEL,
    _OWNER,
    Field("tenant", "tenant_id"),
    Field("access_attributes", "access_attributes"),
    Field("messages", "input_messages", (), Measure.ITEMS),
    Field("choices", "choices", (), Measure.ITEMS),
    Field("finish_reason", "choices", (0, "finish_reason")),
    Field("tool_calls", "choices", (0, "message", "tool_calls"), Measure.ITEMS),
)
_DOCUMENTS: Final = (Field("choices_text", "choices"), Field("messages_text", "input_messages"))


async def list_completions(session: Session, query: CompletionQuery) -> CompletionPage:
    """Return a page of completions; raises NotFoundError where the config keeps none, BackendError where none can be read."""
    meant = _meant(session)
    sources, notices = await sources_of(session, meant, COMPLETIONS)
    conditions = tuple(_conditions(query))

    async def read(place: Place, after: Cursor | None) -> Slice[CompletionSummary]:
        source = sources.get(place)
        if source is None:
            return Slice((), (), has_more=False)
        asked = replace(
            _query(source),
            conditions=conditions,
            order=query.order,
            limit=query.limit,
            cell_limit=LONGEST_CELL,
        )
        is_search = query.order is RecordOrder.NEWEST or bool(conditions)
        page = await source.records.page(
            replace(asked, after=after), seconds=None if is_search else session.timeouts.query
        )
        found = tuple(_summary(place, record) for record in page.records)
        return Slice(found, page.cursors, has_more=page.next is not None)

    found, next_ = await merged(
        meant, read, sorts=lambda each: (each.created, each.id), limit=query.limit, after=query.after
    )
    return CompletionPage(found, next_, query.order, is_complete=len(sources) == len(meant), notices=notices)


async def read_completion(session: Session, id_: str) -> Completion:
    """Return one completion; raises NotFoundError where there is none, BackendError where a table cannot be read."""
    sources, notices = await sources_of(session, _meant(session), COMPLETIONS)
    for place, source in sources.items() if is_storable(id_) else ():
        for record in await source.records.find(_query(source, *_DOCUMENTS), [id_]):
            return await asyncio.to_thread(_completion, place, record)
    raise NotFoundError(
        f"There is no chat completion {id_!r}",
        help=Advice(" ".join(notices), Step.LIST_RECORDS, "completions"),
    )


def _meant(session: Session) -> tuple[Place, ...]:
    found = completion_places(session.catalog)
    if not found:
        raise NotFoundError(
            f"A server of version {session.catalog.version.chosen} keeps no chat completions with this config",
            where=session.catalog.config,
            help="They are kept where storage.stores.inference is enabled and names a SQL backend.",
        )
    return found


def _query(source: Source, *more: Field) -> RecordQuery:
    fields = tuple(field for field in _FIELDS if field.column in source.columns)
    return RecordQuery(source.place.table, (*fields, *more), time=_CREATED.column)


def _conditions(query: CompletionQuery) -> Iterator[Condition]:
    if query.since is not None or query.until is not None:
        yield Between(_CREATED, query.since, query.until)
    if query.model is not None:
        yield Equals(_MODEL, query.model)
    if query.owner is not None:
        yield Equals(_OWNER, query.owner)
    if query.contains:
        forms = stored_forms(query.contains)
        run = common_run(forms)
        for texts in ((run,) if run is not None and forms != (run,) else None, forms):
            if texts is not None:
                yield AnyOf((Contains("choices", texts), Contains("input_messages", texts)))


def _summary(place: Place, record: Record) -> CompletionSummary:
    return CompletionSummary(
        place,
        record["id"],
        record["created"],
        model=record.get("model"),
        owner=text_of(record.get("owner")),
        tenant=text_of(record.get("tenant")),
        access_attributes=text_of(record.get("access_attributes")),
        messages=_count(record["messages"]),
        choices=_count(record["choices"]),
        finish_reason=text_of(record["finish_reason"]),
        tool_calls=_count(record["tool_calls"]),
    )


def _completion(place: Place, record: Record) -> Completion:
    problems: list[str] = []
    messages = _list(record["messages_text"], "input_messages", problems)
    choices = _list(record["choices_text"], "choices", problems)
    return Completion(
        _summary(place, record),
        tuple(read_message(raw, at) for at, raw in enumerate(messages)),
        tuple(_choice(raw, at, problems) for at, raw in enumerate(choices)),
        tuple(problems),
    )


def _list(text: Cell, name: str, problems: list[str]) -> list[object]:
    try:
        found = load(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        problems.append(f"{name} is invalid JSON")
        return []
    if isinstance(found, list):
        return found
    problems.append(f"{name} is {type_name(found)}, not a list")
    return []


def _choice(raw: object, position: int, problems: list[str]) -> Choice:
    if not isinstance(raw, dict):
        problems.append(f"choice {position + 1} is {type_name(raw)}, not an object")
    fields = as_mapping(raw)
    index, message = fields.get("index"), fields.get("message")
    return Choice(
        index if isinstance(index, int | str) else None,
        as_text(fields.get("finish_reason")),
        None if message is None else read_message(message, position),
    )


def _count(value: Cell) -> int | None:
    return value if isinstance(value, int) else None
