"""Going to an id, or to what begins with it: every store that could hold it is asked at once, each with a bounded read.

A backend is asked in one go, and no backend waits for another. An id of a known shape (`resp_…`) is looked for where such
records are; any other text wherever something has a name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader, Reader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError, UsageError
from llama_storage_tui.model.catalog import Catalog, Family
from llama_storage_tui.model.data import KeyEntry, KeySelection, Namespace, Table
from llama_storage_tui.model.families import KeyPlace, RecordFamily, TablePlace
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.model.records import Field, RecordQuery
from llama_storage_tui.services import browse
from llama_storage_tui.services.records.places import places_of, table_places
from llama_storage_tui.services.records.sources import unread
from llama_storage_tui.services.responses.item_tables import item_tables
from llama_storage_tui.services.responses.membership import SMALL_TABLE, key_of
from llama_storage_tui.services.rule_book import RULES
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families import FAMILIES
from llama_storage_tui.upstream.families.conversations import ITEMS

MOST: Final = 20
"""Matches of one kind in one place: whoever gets more types more of the id."""

QUOTES: Final = " \t\r\n\"'`,;<>"
"""What a text brings along that was copied out of a sentence or a document."""

_GOES_ON: Final = frozenset({FailureKind.QUERY, FailureKind.PERMISSION, FailureKind.UNSUPPORTED})
"""Failures of one table, which say nothing about the next one of the same backend."""


@dataclass(frozen=True, slots=True)
class IdMatch:
    """One thing that has the id, or an id that begins so.

    `kind` is a word such as `response`, `item`, `key`, `table`, `backend`, `finding`; `where` says where it is. What opens it
    depends on the kind: a record's `family`, an item's `conversation`, a key's `namespace` and `entry`, a `table`.
    """

    kind: str
    id: str
    backend: str | None
    where: str
    is_exact: bool
    family: RecordFamily | None = None
    conversation: str | None = None
    namespace: Namespace | None = None
    entry: KeyEntry | None = None
    table: Table | None = None


@dataclass(slots=True)
class IdAnswer:
    """What one question gave: `asked` names the places, `failure` says why an answer is missing, `notices` what was left out."""

    asked: tuple[str, ...] = ()
    backend: str | None = None
    matches: list[IdMatch] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    failure: BackendError | None = None


@dataclass(frozen=True, slots=True)
class IdReport:
    """All answers together: exact matches where there is one, else those that only begin so."""

    text: str
    matches: tuple[IdMatch, ...] = ()
    asked: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    failures: tuple[tuple[str, BackendError], ...] = ()
    waiting: tuple[str, ...] = ()
    """The backends that have not answered yet."""
    has_stores: bool = True
    """Whether the config has any store that could hold the id."""

    @property
    def where_asked(self) -> str:
        """Where was looked, in sentences."""
        places = f"Asked: {'; '.join(self.asked)}." if self.asked else ""
        none = "" if self.has_stores else "No store could be asked: the config has none that could hold it."
        return f"{places} {none}".strip()

    def joined(self, answer: IdAnswer) -> IdReport:
        """Return the report with one more answer."""
        found = dict.fromkeys((*self.matches, *answer.matches))
        kept = [match for match in found if match.is_exact] or [*found]
        kept.sort(key=lambda match: (match.kind, match.id, match.backend or ""))
        named = {name for name, _ in self.failures}
        is_new = answer.failure is not None and answer.backend not in named
        failed = [(answer.backend or "", answer.failure)] if is_new and answer.failure else []
        waiting = [*self.waiting]
        if answer.backend in waiting:
            waiting.remove(answer.backend)
        return IdReport(
            self.text,
            tuple(kept),
            tuple(sorted((*self.asked, *answer.asked))),
            tuple(dict.fromkeys((*self.notices, *answer.notices))),
            (*self.failures, *failed),
            tuple(waiting),
            self.has_stores,
        )


def cleaned(text: str) -> str:
    """Return the id in a text that was pasted; raises UsageError where there is none."""
    found = text.strip(QUOTES)
    if not found or not is_storable(found):
        raise UsageError("An id, or its beginning, is missing", help="For example: resp_1f0c")
    return found


async def find_id(session: Session, text: str) -> IdReport:
    """Return everything that has an id, or begins with it, once every store has answered or failed; raises UsageError."""
    return [report async for report in search_id(session, text)][-1]


async def search_id(session: Session, text: str) -> AsyncGenerator[IdReport, None]:
    """Yield what is found, anew with every answer, the names of the config first; raises UsageError.

    A backend that fails is named in the report, and nothing is raised for it.
    """
    wanted = cleaned(text)
    shaped = [family for family in FAMILIES if family.id_heads and wanted.startswith(family.id_heads)]
    report = IdReport(wanted)
    if not shaped:
        report = report.joined(_named(session.catalog, wanted))
    asked = [*_questions(session, wanted, shaped)]
    report = replace(report, waiting=tuple(name for name, _ in asked), has_stores=bool(asked))
    yield report
    questions = [asyncio.ensure_future(question) for _, question in asked]
    try:
        for answered in asyncio.as_completed(questions):
            report = report.joined(await answered)
            yield report
    finally:
        for question in questions:
            question.cancel()
        await asyncio.gather(*questions, return_exceptions=True)


def _questions(
    session: Session, wanted: str, shaped: Sequence[RecordFamily]
) -> Iterator[tuple[str, Coroutine[None, None, IdAnswer]]]:
    """Yield what to ask, each with the backend's name."""
    tables: dict[str, list[tuple[RecordFamily, TablePlace]]] = {}
    keys: dict[str, list[tuple[RecordFamily, KeyPlace]]] = {}
    for family in shaped or FAMILIES:
        for place in places_of(session.catalog, family):
            if isinstance(place, TablePlace):
                tables.setdefault(place.backend, []).append((family, place))
            else:
                keys.setdefault(place.backend, []).append((family, place))
    if not shaped:
        for backend in session.catalog.backends:
            if backend.family is not Family.UNKNOWN:
                (tables if backend.family is Family.SQL else keys).setdefault(backend.name, [])
    for name, in_tables in tables.items():
        yield name, _in_tables(session, name, in_tables, wanted, with_names=not shaped)
    for name, in_keys in keys.items():
        yield name, _in_keys(session, name, in_keys, wanted)
    items = table_places(session.catalog, ITEMS)
    if not shaped and items:
        yield items[0].backend, _in_items(session, items[0].backend, wanted)


# What the config names


def _named(catalog: Catalog, wanted: str) -> IdAnswer:
    answer = IdAnswer(("names in the config", "rules"))
    for backend in catalog.backends:
        if backend.name.startswith(wanted):
            where = backend.location or backend.path
            answer.matches.append(
                IdMatch("backend", backend.name, backend.name, where, backend.name == wanted)
            )
    found = dict.fromkeys(each.rule for each in catalog.findings if each.rule.startswith(wanted))
    for rule in found:
        first = next(each for each in catalog.findings if each.rule == rule)
        answer.matches.append(IdMatch("finding", rule, None, first.where, rule == wanted))
    answer.matches += [
        IdMatch("rule", rule.id, None, "no finding in this config", rule.id == wanted)
        for rule in RULES
        if rule.id.startswith(wanted) and rule.id not in found
    ]
    return answer


# Rows


async def _in_tables(
    session: Session,
    name: str,
    places: Sequence[tuple[RecordFamily, TablePlace]],
    wanted: str,
    *,
    with_names: bool,
) -> IdAnswer:
    words = [
        *dict.fromkeys(family.words for family, _ in places),
        *(["names of tables"] if with_names else []),
    ]
    answer = IdAnswer((f"backend {name} ({', '.join(words)})",), name)
    try:
        reader = await session.reader(name)
        for family, place in places:
            await _in_table(reader, family, place, wanted, answer)
        if with_names and not any(match.is_exact for match in answer.matches):
            for table in await reader.tables.tables(counts=False):
                if table.name.startswith(wanted):
                    where = f"table on backend {name}"
                    answer.matches.append(
                        IdMatch("table", table.name, name, where, table.name == wanted, table=table)
                    )
    except BackendError as error:
        answer.failure = error
    return answer


async def _in_table(
    reader: Reader, family: RecordFamily, place: TablePlace, wanted: str, answer: IdAnswer
) -> None:
    column = place.layout.id
    try:
        query = RecordQuery(place.table, (Field("@id", column),), id=column, time=column)
        if await reader.records.find(query, [wanted]):
            ids: tuple[str, ...] = (wanted,)
        else:
            ids = await reader.records.ids(place.table, column, wanted, limit=MOST + 1)
    except (NotFoundError, UsageError):
        # No server has stored any there yet, or it is a table of something else.
        return
    except BackendError as error:
        if error.failure not in _GOES_ON:
            raise
        answer.notices.append(unread(place, error))
        return
    _note_cut(answer, len(ids), family.words)
    answer.matches += [
        IdMatch(family.kind, id_, place.backend, str(place), id_ == wanted, family=family)
        for id_ in ids[:MOST]
    ]


# Keys


async def _in_keys(
    session: Session, name: str, places: Sequence[tuple[RecordFamily, KeyPlace]], wanted: str
) -> IdAnswer:
    known = browse.known_namespaces(session.catalog, session.backend(name))
    words = [*dict.fromkeys(family.words for family, _ in places), "keys"]
    answer = IdAnswer((f"backend {name} ({', '.join(words)})",), name)
    raw = [
        wanted,
        *(f"{each.name}:{wanted}" for each in known if each.selection.include == (f"{each.name}:",)),
    ]
    exact = dict.fromkeys((*raw, *(key for _, place in places for key in place.stored_keys(wanted))))
    begun = dict.fromkeys((*raw, *(head + wanted for _, place in places for head in place.prefixes)))
    try:
        reader = (await session.reader(name)).key_values
        entries = [each.entry for each in await reader.values_of([*exact], limit=1)]
        if not entries:
            entries = await _beginning(reader, [*begun], answer)
    except (NotFoundError, UsageError):
        return answer
    except BackendError as error:
        answer.failure = error
        return answer
    for entry in entries[:MOST]:
        answer.matches.append(_key_match(name, places, known, raw, wanted, entry))
    _note_cut(answer, len(entries), "keys")
    return answer


async def _beginning(reader: KeyValueReader, begun: Sequence[str], answer: IdAnswer) -> list[KeyEntry]:
    page = await reader.page(KeySelection(tuple(begun)), limit=MOST + 1)
    if not page.is_complete:
        answer.notices.append(
            Notice(NoticeKind.SEARCH_STOPPED, answer.backend or "", why=browse.looked_at(page) or "its time")
        )
    return [each for each in page.keys if isinstance(each.key, str)]


def _key_match(
    name: str,
    places: Sequence[tuple[RecordFamily, KeyPlace]],
    known: Sequence[Namespace],
    raw: Sequence[str],
    wanted: str,
    entry: KeyEntry,
) -> IdMatch:
    key = str(entry.key)
    if not key.startswith(tuple(raw)):
        for family, place in places:
            id_ = place.id_of(key)
            if id_ is not None and id_.startswith(wanted):
                return IdMatch(family.kind, id_, name, f"key {key}", id_ == wanted, family=family)
    rest = Namespace("", None, browse.unassigned_selection(known))
    namespace = next((each for each in known if browse.belongs(each.selection, key)), rest)
    where = "keys outside of all namespaces" if namespace.is_unassigned else f"namespace {namespace.title}"
    return IdMatch(
        "key", key, name, f"{where} on backend {name}", key in raw, namespace=namespace, entry=entry
    )


# Items of conversations


async def _in_items(session: Session, backend: str, wanted: str) -> IdAnswer:
    answer = IdAnswer((f"backend {backend} (items of conversations)",), backend)
    try:
        for place in (await item_tables(session)).places:
            await _in_item_table(await session.reader(place.backend), place, wanted, answer)
    except BackendError as error:
        answer.failure = error
    except (NotFoundError, UsageError):
        # No server has stored any there yet, or it is a table of something else.
        pass
    return answer


async def _in_item_table(reader: Reader, place: TablePlace, wanted: str, answer: IdAnswer) -> None:
    table = await reader.tables.table(place.table)
    if table is None:
        return
    extent = await reader.records.extent(place.table)
    if key_of(table)[:1] != ("id",) and extent is not None and extent.rows > SMALL_TABLE:
        answer.notices.append(Notice(NoticeKind.ITEMS_NOT_INDEXED, place.table, count=extent.rows))
        return
    query = RecordQuery(place.table, (Field("id", "id"), Field("conversation", "conversation_id")))
    found = await reader.records.find(query, [wanted])
    if not found:
        ids = await reader.records.ids(place.table, "id", wanted, limit=MOST + 1)
        _note_cut(answer, len(ids), "items")
        found = await reader.records.find(query, ids[:MOST])
    for record in found:
        id_, owner = str(record["id"]), str(record["conversation"])
        where = f"item of conversation {owner}"
        answer.matches.append(IdMatch("item", id_, place.backend, where, id_ == wanted, conversation=owner))


def _note_cut(answer: IdAnswer, number: int, what: str) -> None:
    if number > MOST:
        answer.notices.append(Notice(NoticeKind.MORE_BEGIN_SO, what, count=MOST))
