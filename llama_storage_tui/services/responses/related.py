"""What a response leads to: files, vector stores and prompts that its document names, and the chat completions made for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.families import Query, RecordEntry, RecordLink
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.services.records.pages import list_records
from llama_storage_tui.services.responses.completions import read_completion
from llama_storage_tui.services.responses.origins import AFTER, BEFORE, is_made_for
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable

MOST_LINKS: Final = 200
MOST_NODES: Final = 200_000
"""Parts of a document that are looked at."""
MOST_COMPLETIONS: Final = 20
"""Chat completions that are read whole to tell for which response they were made."""
_FAMILIES: Final = {
    "file_id": ("file", "files"),
    "file_ids": ("file", "files"),
    "input_file_id": ("file", "files"),
    "vector_store_id": ("vector store", "vector-stores"),
    "vector_store_ids": ("vector store", "vector-stores"),
}
"""The keys of a response, its tools, items and annotations (ogx 1.5) whose value is the id of something stored."""


def related(response: StoredResponse) -> tuple[RecordLink, ...]:
    """Return what a response's document names, each once and in the order of the document, up to MOST_LINKS."""
    transcript = response.transcript
    head, found = transcript.head, dict[RecordLink, None]()
    if head.previous_response_id:
        found[RecordLink("continues", "responses", head.previous_response_id)] = None
    if head.conversation:
        found[RecordLink("conversation", "conversations", head.conversation)] = None
    for link in _named(transcript.stored):
        found[link] = None
        if len(found) >= MOST_LINKS:
            break
    return tuple(found)


def _named(document: object) -> Iterator[RecordLink]:
    pending = [document]
    for _ in range(MOST_NODES):
        if not pending:
            return
        match pending.pop():
            case dict() as fields:
                for key, value in fields.items():
                    if key in _FAMILIES:
                        label, family = _FAMILIES[key]
                        ids = value if isinstance(value, list) else [value]
                        yield from (
                            RecordLink(label, family, id_)
                            for id_ in ids
                            if isinstance(id_, str) and is_storable(id_)
                        )
                prompt = fields.get("prompt")
                if isinstance(prompt, dict) and isinstance(prompt.get("id"), str):
                    version = prompt.get("version")
                    if version is not None:
                        yield RecordLink("prompt", "prompts", f"{prompt['id']}:{version}")
                pending += reversed([value for value in fields.values() if isinstance(value, dict | list)])
            case list() as items:
                pending += reversed([item for item in items if isinstance(item, dict | list)])
            case _:
                pass


async def completions_of(
    session: Session, response: StoredResponse
) -> tuple[tuple[RecordEntry, ...], tuple[Notice, ...]]:
    """Return the chat completions that were made for a response, and notices; a scan of the completions of its time.

    They are told by what they share, as servers store no link. Raises BackendError where they cannot be read.
    """
    head = response.transcript.head
    if head.created_at is None:
        return (), (Notice(NoticeKind.TIME_NOT_A_NUMBER, "chat completion"),)
    end = head.created_at + BEFORE if head.completed_at is None else head.completed_at
    filters: dict[str, str | float] = {"since": head.created_at - AFTER, "until": end + AFTER}
    if head.model:
        filters["model"] = head.model
    try:
        page = await list_records(session, "completions", Query(filters, limit=MOST_COMPLETIONS))
    except NotFoundError as error:
        return (), (Notice(NoticeKind.REASON, why=error.message),)
    stored = _as_record(response)
    found = [
        entry
        for entry in page.records
        if isinstance(entry.id, str)
        and entry.cells.get("owner") == head.owner
        and is_made_for(await read_completion(session, entry.id), stored)
    ]
    notices = page.notices
    if page.next is not None:
        notices = (*notices, Notice(NoticeKind.ONLY_NEWEST_COMPARED, count=MOST_COMPLETIONS))
    return tuple(found), notices


def _as_record(response: StoredResponse) -> dict[str, str | int | None]:
    stored = response.transcript.stored
    fields = stored if isinstance(stored, dict) else {}
    output = fields.get("output")
    items = [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []
    texts = []
    for item in items:
        content = item.get("content")
        first = content[0] if isinstance(content, list) and content else None
        texts.append(first.get("text") if isinstance(first, dict) else None)
    return {
        "id": response.transcript.head.id or "",
        "messages": json.dumps(fields.get("messages")),
        "outputs": len(items),
        "texts": json.dumps(texts),
        "calls": json.dumps([item.get("call_id") for item in items]),
    }
