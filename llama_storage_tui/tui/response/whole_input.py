"""A response with its whole input, where its row holds only what was new."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from llama_storage_tui.model.chain import FullInput, Truncation
from llama_storage_tui.model.resume import Examination
from llama_storage_tui.model.transcript import Entry
from llama_storage_tui.services.responses.full_input import full_input
from llama_storage_tui.services.responses.reading import entries_of, examine_response
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.records.response_wording import id_text


async def rebuilt(session: Session, examination: Examination) -> tuple[Examination, tuple[Entry, ...], str]:
    """Examine a response with its whole input; return that input too, and a sentence where it does not reach the beginning.

    Raises StorageToolError where its ancestors cannot be read.
    """
    response = examination.response
    whole = await full_input(session, id_text(response.row.get("id")))
    missing = _missing(whole)
    found = await examine_response(session, response, full_input=whole.items, missing=missing)
    found = replace(found, conversation=examination.conversation, is_inferred=examination.is_inferred)
    entries = await asyncio.to_thread(entries_of, whole.items)
    return found, entries, f"▲ The input does not reach the beginning: {missing}." if missing else ""


def _missing(whole: FullInput) -> str | None:
    match whole.truncated:
        case None:
            return None
        case Truncation.MISSING_PARENT:
            return f"the response before, {whole.missing_parent}, is not there"
        case Truncation.CYCLE:
            return "the responses before it form a cycle"
        case Truncation.UNREADABLE:
            return "a response before it cannot be read"
