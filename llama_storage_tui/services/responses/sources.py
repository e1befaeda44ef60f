"""The tables behind a list: which of the places can be read, and what is said of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.responses import Place
from llama_storage_tui.services.responses.summaries import DOCUMENT
from llama_storage_tui.services.session import Session


@dataclass(frozen=True, slots=True)
class Kind:
    """What is looked for, in the plural, and the columns without which a table holds none of it in any version."""

    name: str
    needed: tuple[str, ...]


RESPONSES: Final = Kind("responses", ("id", "created_at", DOCUMENT))
COMPLETIONS: Final = Kind("chat completions", ("id", "created", "choices", "input_messages"))
CONVERSATIONS: Final = Kind("conversations", ("id", "created_at"))


@dataclass(frozen=True, slots=True)
class Source:
    """A table that can be read, with its columns."""

    place: Place
    records: RecordReader
    columns: frozenset[str]


async def sources_of(
    session: Session, places: Sequence[Place], kind: Kind
) -> tuple[dict[Place, Source], tuple[str, ...]]:
    """Return those of the places that can be read, all looked up at once; each other one is a sentence.

    Raises BackendError where none can be read and one is out of reach.
    """
    answers = await asyncio.gather(
        *(_source(session, place, kind) for place in places), return_exceptions=True
    )
    sources: dict[Place, Source] = {}
    notices: list[str] = []
    failures: list[BackendError] = []
    for place, answer in zip(places, answers, strict=True):
        match answer:
            case Source():
                sources[place] = answer
            case str():
                notices.append(answer)
            case BackendError():
                failures.append(answer)
                notices.append(f"{place.table} on backend {place.backend} was not read: {answer.message}")
            case BaseException():
                raise answer
    if failures and not sources:
        raise failures[0]
    return sources, tuple(notices)


async def _source(session: Session, place: Place, kind: Kind) -> Source | str:
    reader = await session.reader(place.backend)
    table = await reader.tables.table(place.table)
    name = f"{place.table} on backend {place.backend}"
    if table is None:
        return f"There is no table {name}: no server has stored {kind.name} there."
    columns = frozenset(column.name for column in table.columns)
    if missing := [column for column in kind.needed if column not in columns]:
        return f"Table {name} holds no {kind.name}: it lacks {', '.join(missing)}."
    return Source(place, reader.records, columns)
