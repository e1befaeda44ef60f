"""Reading one response by its id, wherever a server of the chosen version would keep it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.chain import FullInput
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Field, Record, RecordQuery
from llama_storage_tui.model.resume import Addition, Examination, MissingBeginning
from llama_storage_tui.model.transcript import Side, StoredResponse, TranscriptEntry
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.sources import unread
from llama_storage_tui.services.responses.comparing import compare
from llama_storage_tui.services.responses.diff import difference
from llama_storage_tui.services.responses.items import joined, read_items
from llama_storage_tui.services.responses.membership import conversations_of
from llama_storage_tui.services.responses.parsing import OBJECT, read_transcript
from llama_storage_tui.services.responses.resuming import check_resume
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families.responses import RESPONSES

LARGE: Final = 100_000
"""Letters or bytes of a stored object from which on it is parsed in a thread: it would hold up a screen otherwise."""

_KEY: Final = "id"

Answer = TypeVar("Answer")


async def read_response(session: Session, id_: str) -> StoredResponse:
    """Return a response with its row.

    Raises NotFoundError, with where was looked, and BackendError where it was not found and a place could not be read. An id that
    occurs twice is read where it was found first; a notice says so.
    """
    places = needed_tables(session.catalog, RESPONSES)
    answers = await asyncio.gather(*(_rows(session, place, id_) for place in places), return_exceptions=True)
    found: list[tuple[TablePlace, Record]] = []
    notices: list[Notice] = []
    failures: list[BackendError] = []
    for place, answer in zip(places, answers, strict=True):
        match answer:
            case BackendError():
                failures.append(answer)
                notices.append(unread(place, answer))
            case BaseException():
                raise answer
            case _:
                found += [(place, row) for row in answer]
    if not found:
        raise failures[0] if failures else _nowhere(id_, places)
    place, row = found[0]
    notices += [Notice(NoticeKind.IN_ANOTHER_TABLE, id_, str(other)) for other, _ in found[1:]]
    return StoredResponse(place, row, await _done(lambda: read_transcript(row), row), tuple(notices))


async def examine_response(
    session: Session,
    response: StoredResponse,
    *,
    whole: FullInput | None = None,
) -> Examination:
    """Tell of a response whether the chosen version can resume from it, and where its messages and its items disagree.

    `whole` is its whole input, needed where the row holds only what was new.
    """
    version = session.catalog.version.chosen

    def examined() -> Examination:
        entries = None if whole is None else entries_of(whole.items)
        missing = None if whole is None else missing_beginning(whole)
        transcript = response.transcript
        resume = check_resume(transcript, version, full_input=entries, missing=missing)
        stored = transcript.head.conversation
        return Examination(response, resume, compare(transcript, entries), conversation=stored)

    return await _done(examined, response.row)


async def find_conversation(session: Session, examination: Examination) -> Examination:
    """Add the conversation that a response belongs to, where its row names none and its output's ids tell one cheaply."""
    if examination.conversation is not None:
        return examination
    ids = [entry.id for entry in examination.response.transcript.output if entry.id is not None]
    membership = await conversations_of(session, ids)
    found = next((membership.conversations[id_] for id_ in ids if id_ in membership.conversations), None)
    return replace(examination, conversation=found, is_inferred=found is not None, notices=membership.notices)


async def response_difference(
    first: StoredResponse,
    second: StoredResponse,
    *,
    first_input: Sequence[object] | None = None,
    second_input: Sequence[object] | None = None,
) -> Addition:
    """Return what the second response added to the first; the inputs are the parsed items of each one's whole input."""

    def added() -> Addition:
        return difference(
            first.transcript,
            second.transcript,
            first_input=None if first_input is None else entries_of(first_input),
            second_input=None if second_input is None else entries_of(second_input),
        )

    return await _done(added, first.row, second.row)


def missing_beginning(whole: FullInput) -> MissingBeginning | None:
    """Return why a whole input does not reach the beginning, None where it does."""
    return None if whole.truncated is None else MissingBeginning(whole.truncated, whole.missing_parent)


def entries_of(items: Sequence[object]) -> tuple[TranscriptEntry, ...]:
    """Return a whole input, rebuilt from several responses, as entries."""
    return joined(read_items([*items], Side.INPUT, []))


async def _rows(session: Session, place: TablePlace, id_: str) -> tuple[Record, ...]:
    """Return the rows of a place with that id, every column of them; nothing where there is no such table."""
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    if table is None or table.column(_KEY) is None or not is_storable(id_):
        return ()
    fields = tuple(Field(column.name, column.name) for column in table.columns)
    return await reader.records.find(RecordQuery(place.table, fields, id=_KEY), [id_])


def _name(place: TablePlace) -> str:
    return f"table {place.table} on backend {place.backend}"


def _nowhere(id_: str, places: Sequence[TablePlace]) -> NotFoundError:
    return NotFoundError(
        f"No response {id_!r}",
        help=Advice(
            f"Looked in {', '.join(map(_name, places))}. A server of another version may keep it elsewhere.",
            Step.READ_AS_VERSION,
        ),
    )


async def _done(work: Callable[[], Answer], *rows: Record) -> Answer:
    """Do some work on rows: at once, or in a thread where one of them is large."""
    contents = [row.get(OBJECT) for row in rows]
    if any(isinstance(content, str | bytes) and len(content) > LARGE for content in contents):
        return await asyncio.to_thread(work)
    return work()
