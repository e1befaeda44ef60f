"""A response with its whole input: examined, and compared with another one, its ancestors read where its row needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.chain import FullInput, Truncation
from llama_storage_tui.model.resume import Addition, Examination
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.services.responses.full_input import full_input
from llama_storage_tui.services.responses.reading import examine_response, response_difference
from llama_storage_tui.services.session import Session


async def examine_whole(session: Session, response: StoredResponse) -> Examination:
    """Examine a response; where its row holds only what was new, with the input of its ancestors.

    Where they cannot be read, it is examined without them, and a notice says why.
    """
    whole, notices = await _whole(session, response)
    if whole is None:
        examination = await examine_response(session, response)
    else:
        examination = await examine_response(
            session, response, full_input=whole.items, missing=_missing(whole)
        )
    return replace(examination, notices=(*examination.notices, *notices))


async def whole_difference(session: Session, first: StoredResponse, second: StoredResponse) -> Addition:
    """Return what the second response added to the first, by their whole inputs."""
    is_next = second.transcript.head.previous_response_id == first.transcript.head.id
    if second.transcript.is_incremental and is_next:
        return await response_difference(first, second)
    one, _ = await _whole(session, first)
    other, _ = await _whole(session, second)
    return await response_difference(first, second, first_input=_items(one), second_input=_items(other))


async def _whole(session: Session, response: StoredResponse) -> tuple[FullInput | None, tuple[str, ...]]:
    """Return the whole input where the row holds only a part of it, with why it could not be read."""
    id_ = response.transcript.head.id
    if not response.transcript.is_incremental or id_ is None:
        return None, ()
    try:
        return await full_input(session, id_), ()
    except (BackendError, NotFoundError) as error:
        return None, (f"The responses before it were not read: {error.message}",)


def _items(whole: FullInput | None) -> Sequence[object] | None:
    return None if whole is None else whole.items


def _missing(whole: FullInput) -> str | None:
    """Say why a whole input does not reach the beginning, None where it does."""
    match whole.truncated:
        case None:
            return None
        case Truncation.MISSING_PARENT:
            return f"{whole.missing_parent} is not there, and a server begins behind it without a word"
        case Truncation.CYCLE:
            return "the responses before it lead back to it, and a server takes its own input alone"
        case Truncation.UNREADABLE:
            return "the input of a response before it cannot be read"
