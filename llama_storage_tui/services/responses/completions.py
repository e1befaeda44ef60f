"""One chat completion with its messages, choices and calls, tolerant of whatever is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.completions import Completion, CompletionChoice
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import Query, RecordEntry
from llama_storage_tui.model.records import Field, Record
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.records.rows import entry_of, record_query
from llama_storage_tui.services.records.sources import opened
from llama_storage_tui.services.responses.messages import read_message
from llama_storage_tui.services.responses.tolerant_json import as_mapping, as_text, load, type_name
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families.completions import COMPLETIONS

_DOCUMENTS: Final = (Field("@choices", "choices"), Field("@messages", "input_messages"))


async def read_completion(session: Session, id_: str) -> Completion:
    """Return one completion; raises NotFoundError where there is none, BackendError where a table cannot be read."""
    found = await opened(session, COMPLETIONS, needed_tables(session.catalog, COMPLETIONS))
    for source in found.tables if is_storable(id_) else ():
        query = record_query(source, COMPLETIONS, Query())
        query = replace(query, fields=(*query.fields, *_DOCUMENTS), cell_limit=None)
        for record in await source.records.find(query, [id_]):
            return await asyncio.to_thread(_completion, entry_of(source, COMPLETIONS), record)
    if found.failures:
        raise found.failures[0]
    raise NotFoundError(
        f"There is no chat completion {id_!r}",
        help=Advice("", Step.LIST_RECORDS, "completions"),
    )


def _completion(look: Callable[[Record], RecordEntry], record: Record) -> Completion:
    problems: list[str] = []
    messages = _list(record["@messages"], "input_messages", problems)
    choices = _list(record["@choices"], "choices", problems)
    return Completion(
        look(record),
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


def _choice(raw: object, position: int, problems: list[str]) -> CompletionChoice:
    if not isinstance(raw, dict):
        problems.append(f"choice {position + 1} is {type_name(raw)}, not an object")
    fields = as_mapping(raw)
    index, message = fields.get("index"), fields.get("message")
    return CompletionChoice(
        index if isinstance(index, int | str) else None,
        as_text(fields.get("finish_reason")),
        None if message is None else read_message(message, position),
    )
