"""Which response a chat completion was made for: servers store both and link neither, so it is told by what they share.

Every call that a response makes to its model is stored once more as a chat completion (all versions). The response keeps the
answer's text or the ids of its calls among its output, and the messages that were sent among its own, without the instructions that
led them (0.7.3 and ogx 1.5.0). Where it keeps messages, equal answers alone are chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from itertools import dropwhile
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.completions import Completion, Origin, SharedPart
from llama_storage_tui.model.data import Cell, Table
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import (
    AnyOf,
    Between,
    Condition,
    Equals,
    Field,
    Measure,
    OneOf,
    Record,
    scan,
)
from llama_storage_tui.model.transcript import ChatMessage, PartKind
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.sources import tables_there
from llama_storage_tui.services.responses.messages import read_message
from llama_storage_tui.services.responses.summaries import CREATED, ID, MODEL, OWNER
from llama_storage_tui.services.responses.tolerant_json import loaded_list
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families.responses import DOCUMENT, RESPONSES

BEFORE: Final = 3600
"""Seconds that a response may have begun before one of its calls was made."""
AFTER: Final = 60
"""Seconds by which the clock of whoever runs the model may lag: it gives a completion's time."""
MOST_CANDIDATES: Final = 200

_TEXTS: Final = Field("texts", DOCUMENT, ("output",), Measure.EACH, ("content", 0, "text"))
_CALLS: Final = Field("calls", DOCUMENT, ("output",), Measure.EACH, ("call_id",))
_OUTPUTS: Final = Field("outputs", DOCUMENT, ("output",), Measure.ITEMS)
_MESSAGES: Final = Field("messages", DOCUMENT, ("messages",))

_INSTRUCTING: Final = ("system", "developer")

_Said = tuple[str | None, str, tuple[str | None, ...], str | None]


@dataclass(frozen=True, slots=True)
class _Match:
    """How well a response fits: by the messages that were sent, by the answer, in seconds apart."""

    id: str
    has_messages: bool
    has_answer: bool

    @property
    def rank(self) -> tuple[bool, bool]:
        return self.has_messages, self.has_answer


async def origin_of(session: Session, completion: Completion) -> Origin:
    """Return the response that a completion was made for, as far as that can be told: a scan of the responses of that hour.

    Without a time limit, to be cancelled; what cannot be read is a notice.
    """
    created = completion.entry.time
    if not isinstance(created, int | float):
        return Origin(notices=(Notice(NoticeKind.TIME_NOT_A_NUMBER, "response"),))
    matches: list[_Match] = []
    notices: list[Notice] = []
    try:
        places = needed_tables(session.catalog, RESPONSES)
        async for _, reader, table in tables_there(session, places):
            if table.column(DOCUMENT) is not None:
                matches += await _matches(reader.records, table, completion, float(created))
    except (BackendError, NotFoundError) as error:
        notices.append(Notice(NoticeKind.RESPONSE_NOT_SEARCHED, why=error.message))
    return _best(matches, notices)


def _best(matches: Sequence[_Match], notices: Sequence[Notice]) -> Origin:
    fitting = [match for match in matches if any(match.rank)]
    if not fitting:
        return Origin(notices=tuple(notices))
    best = max(match.rank for match in fitting)
    ids = tuple(sorted(match.id for match in fitting if match.rank == best))
    shares = zip((SharedPart.MESSAGES_SENT, SharedPart.ANSWER), best, strict=True)
    return Origin(
        ids[0] if len(ids) == 1 else None,
        candidates=ids,
        shares=tuple(part for part, is_shared in shares if is_shared),
        notices=tuple(notices),
    )


async def _matches(
    records: RecordReader, table: Table, completion: Completion, created: float
) -> list[_Match]:
    fields = (ID, _TEXTS, _CALLS, _OUTPUTS, _MESSAGES)
    query = scan(table.name, fields, *_conditions(table, completion, created))
    found: list[_Match] = []
    async with aclosing(records.search(query)) as batches:
        async for batch in batches:
            found += await asyncio.to_thread(_compared, completion, batch.records)
            if len(found) > MOST_CANDIDATES:
                break
    return found


def _conditions(table: Table, completion: Completion, created: float) -> Iterator[Condition]:
    model, owner = completion.entry.cells["model"], completion.entry.cells["owner"]
    yield Between(CREATED, created - BEFORE, created + AFTER)
    if table.column(MODEL.column) is not None and isinstance(model, str):
        yield Equals(MODEL, model)
    if table.column(OWNER.column) is not None:
        yield Equals(OWNER, owner if isinstance(owner, str) else None)
    texts, calls = _answers(completion)
    # A response whose model broke off in the middle has no output: its messages tell.
    fits: list[Condition] = [Equals(_OUTPUTS, "0")]
    fits += [OneOf(_TEXTS, tuple(texts))] if texts else []
    fits += [OneOf(_CALLS, tuple(calls))] if calls else []
    yield AnyOf(tuple(fits))


def _answers(completion: Completion) -> tuple[list[str], list[str]]:
    messages = [choice.message for choice in completion.choices if choice.message is not None]
    texts = [text for message in messages if (text := _text(message)) and is_storable(text)]
    calls = [
        call.id for message in messages for call in message.tool_calls if call.id and is_storable(call.id)
    ]
    return texts, calls


def is_made_for(completion: Completion, stored: Record) -> bool:
    """Tell whether a completion was made for a response, of which `stored` has what a search for it asks."""
    return any(any(match.rank) for match in _compared(completion, [stored]))


def _compared(completion: Completion, records: Sequence[Record]) -> list[_Match]:
    texts, calls = map(set, _answers(completion))
    sent = _without_instructions(completion.messages)
    answers = [_said(choice.message) for choice in completion.choices if choice.message is not None]
    found: list[_Match] = []
    for record in records:
        messages = _stored(record["messages"])
        has_messages = _has_messages(messages, sent, answers if record["outputs"] else [])
        has_answer = bool(texts & set(_stored(record["texts"])) or calls & set(_stored(record["calls"])))
        if has_messages or not messages:
            found.append(_Match(str(record["id"]), has_messages, has_answer))
    return found


def _has_messages(stored: Sequence[object], sent: Sequence[_Said], answers: Sequence[_Said]) -> bool:
    """Tell whether stored messages begin with what was sent and go on, if at all, with one of the answers.

    Those of the responses that follow in a chain do so too, but do not have the answer among their own output.
    """
    said = _without_instructions([read_message(each, at) for at, each in enumerate(stored)])
    if not sent or len(said) < len(sent):
        return False
    return said[: len(sent)] == sent and (len(said) == len(sent) or said[len(sent)] in answers)


def _without_instructions(messages: Sequence[ChatMessage]) -> list[_Said]:
    said = [_said(message) for message in messages]
    return [*dropwhile(lambda each: each[0] in _INSTRUCTING, said)]


def _said(message: ChatMessage) -> _Said:
    return message.role, _text(message), tuple(call.id for call in message.tool_calls), message.tool_call_id


def _text(message: ChatMessage) -> str:
    return "\n".join(part.text for part in message.parts if part.kind is PartKind.TEXT and part.text)


def _stored(text: Cell) -> list[object]:
    return [each for each in loaded_list(text) or () if each is not None]
