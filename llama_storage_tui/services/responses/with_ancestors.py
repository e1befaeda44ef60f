"""A response with its whole input: examined, and compared with another one, its ancestors read where its row needs them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.chain import FullInput
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.resume import Addition, Examination, MissingBeginning
from llama_storage_tui.model.transcript import StoredResponse, TranscriptEntry
from llama_storage_tui.services.responses.full_input import full_input
from llama_storage_tui.services.responses.reading import (
    entries_of,
    examine_response,
    missing_beginning,
    response_difference,
)
from llama_storage_tui.services.session import Session


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
    return Rebuilt(found, await asyncio.to_thread(entries_of, whole.items), missing_beginning(whole))


async def whole_difference(session: Session, first: StoredResponse, second: StoredResponse) -> Addition:
    """Return what the second response added to the first, by their whole inputs."""
    is_next = second.transcript.head.previous_response_id == first.transcript.head.id
    if second.transcript.is_incremental and is_next:
        return await response_difference(first, second)
    one, _ = await _whole(session, first)
    other, _ = await _whole(session, second)
    return await response_difference(first, second, first_input=_items(one), second_input=_items(other))


async def _whole(session: Session, response: StoredResponse) -> tuple[FullInput | None, tuple[Notice, ...]]:
    """Return the whole input where the row holds only a part of it, with why it could not be read."""
    id_ = response.transcript.head.id
    if not response.transcript.is_incremental or id_ is None:
        return None, ()
    try:
        return await full_input(session, id_), ()
    except (BackendError, NotFoundError) as error:
        return None, (Notice(NoticeKind.EARLIER_RESPONSES_NOT_READ, why=error.message),)


def _items(whole: FullInput | None) -> Sequence[object] | None:
    return None if whole is None else whole.items
