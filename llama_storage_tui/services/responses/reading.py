"""One response, read by its id wherever a server of the chosen version would keep it; examined, and compared with another one.

Where its row holds only what was new, its ancestors are read for its whole input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from llama_storage_tui.deferred import dataclass
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
from llama_storage_tui.services.responses.full_input import full_input
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
    session: Session, response: StoredResponse, *, whole: FullInput | None = None
) -> Examination:
    """Tell of a response whether the chosen version can resume from it, and where its messages and its items disagree.

    `whole` is its whole input, needed where the row holds only what was new.
    """
    version = session.catalog.version.chosen

    def examined() -> Examination:
        entries = _entries(whole)
        transcript = response.transcript
        resume = check_resume(transcript, version, full_input=entries, missing=_missing_beginning(whole))
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


async def examine_whole(session: Session, response: StoredResponse) -> Examination:
    """Examine a response; where its row holds only what was new, with the input of its ancestors.

    Where they cannot be read, it is examined without them, and a notice says why.
    """
    whole, notices = await _whole(session, response)
    examination = await examine_response(session, response, whole=whole)
    return replace(examination, notices=(*examination.notices, *notices))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A response examined with its whole input: that input, and why it does not reach the beginning, where it does not."""

    examination: Examination
    input: tuple[TranscriptEntry, ...]
    missing: MissingBeginning | None


async def rebuild(session: Session, examination: Examination) -> Rebuilt:
    """Examine a response again with its whole input; raises StorageToolError where its ancestors cannot be read."""
    response = examination.response
    whole = await full_input(session, response.transcript.head.id or "")
    found = await examine_response(session, response, whole=whole)
    found = replace(found, conversation=examination.conversation, is_inferred=examination.is_inferred)
    entries = await asyncio.to_thread(_entries, whole)
    return Rebuilt(found, entries or (), _missing_beginning(whole))


async def whole_difference(session: Session, first: StoredResponse, second: StoredResponse) -> Addition:
    """Return what the second response added to the first, by their whole inputs."""
    is_next = second.transcript.head.previous_response_id == first.transcript.head.id
    if second.transcript.is_incremental and is_next:
        return await response_difference(first, second)
    one, _ = await _whole(session, first)
    other, _ = await _whole(session, second)
    return await response_difference(first, second, first_whole=one, second_whole=other)


async def _whole(session: Session, response: StoredResponse) -> tuple[FullInput | None, tuple[Notice, ...]]:
    """Return the whole input where the row holds only a part of it, with why it could not be read."""
    id_ = response.transcript.head.id
    if not response.transcript.is_incremental or id_ is None:
        return None, ()
    try:
        return await full_input(session, id_), ()
    except (BackendError, NotFoundError) as error:
        return None, (Notice(NoticeKind.EARLIER_RESPONSES_NOT_READ, why=error.message),)


async def response_difference(
    first: StoredResponse,
    second: StoredResponse,
    *,
    first_whole: FullInput | None = None,
    second_whole: FullInput | None = None,
) -> Addition:
    """Return what the second response added to the first; by each one's whole input, where that is at hand."""

    def added() -> Addition:
        return difference(
            first.transcript,
            second.transcript,
            first_input=_entries(first_whole),
            second_input=_entries(second_whole),
        )

    return await _done(added, first.row, second.row)


def _missing_beginning(whole: FullInput | None) -> MissingBeginning | None:
    """Return why a whole input does not reach the beginning, None where it does."""
    if whole is None or whole.truncated is None:
        return None
    return MissingBeginning(whole.truncated, whole.missing_parent)


def _entries(whole: FullInput | None) -> tuple[TranscriptEntry, ...] | None:
    """Return a whole input, rebuilt from several responses, as entries."""
    return None if whole is None else joined(read_items([*whole.items], Side.INPUT, []))


async def _rows(session: Session, place: TablePlace, id_: str) -> tuple[Record, ...]:
    """Return the rows of a place with that id, every column of them; nothing where there is no such table."""
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    if table is None or table.column(_KEY) is None or not is_storable(id_):
        return ()
    fields = tuple(Field(column.name, column.name) for column in table.columns)
    return await reader.records.find(RecordQuery(place.table, fields, id=_KEY), [id_])


def _nowhere(id_: str, places: Sequence[TablePlace]) -> NotFoundError:
    looked = ", ".join(f"table {place}" for place in places)
    said = f"Looked in {looked}. A server of another version may keep it elsewhere."
    return NotFoundError(f"No response {id_!r}", help=Advice(said, Step.READ_AS_VERSION))


async def _done(work: Callable[[], Answer], *rows: Record) -> Answer:
    """Do some work on rows: at once, or in a thread where one of them is large."""
    contents = [row.get(OBJECT) for row in rows]
    if any(isinstance(content, str | bytes) and len(content) > LARGE for content in contents):
        return await asyncio.to_thread(work)
    return work()
