"""Looking into backends: namespaces and keys, tables and rows, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.errors import NotFoundError, UsageError
from llama_storage_tui.model.catalog import Backend, Catalog, Family, Reference
from llama_storage_tui.model.data import (
    Cell,
    Count,
    Cursor,
    KeyLevel,
    KeyPage,
    KeySelection,
    Namespace,
    RowPage,
    RowQuery,
    StoredValue,
    Table,
)
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.session import Session

SHARED_FAMILIES: Final = ("openai_vector_stores",)
FAMILY_VERSIONS: Final = ("v3",)
REGISTRATIONS: Final = ("vector_stores:",)
MOST_REGISTRATIONS: Final = 200
"""Each registered store becomes a few key ranges; beyond this the family is counted for all that share it."""


@dataclass(frozen=True, slots=True)
class NamespaceListing:
    """The namespaces of a backend, and the keys outside every known one."""

    backend: str
    namespaces: tuple[Namespace, ...]
    unassigned: Namespace


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table with the paths of the references whose rows it holds."""

    table: Table
    referenced_by: tuple[str, ...]


def key_value_backend(session: Session, name: str) -> Backend:
    """Return a backend, refusing one that keeps no keys."""
    backend = session.backend(name)
    if backend.family is Family.SQL:
        raise UsageError(
            f"Backend {name} is {backend.type}: it holds tables, not keys",
            help=Advice("", Step.LIST_TABLES, name),
        )
    return backend


def known_namespaces(catalog: Catalog, backend: Backend) -> tuple[Namespace, ...]:
    """Return the namespaces that references name on a backend, without counts.

    A prefix that nests in another is the inner namespace's alone: the outer one's selection excludes it.
    """
    by_name: dict[str, list[Reference]] = {}
    for reference in catalog.references_to(backend.name):
        if reference.namespace is not None and reference.family is Family.KV:
            by_name.setdefault(reference.namespace, []).append(reference)
    return _apart(
        [
            Namespace(
                name,
                None,
                KeySelection(_prefixes(references)),
                tuple(reference.path for reference in references),
            )
            for name, references in by_name.items()
        ]
    )


def _apart(namespaces: Sequence[Namespace]) -> tuple[Namespace, ...]:
    """Take out of each namespace what nests in its prefixes and is another's."""
    everything = {prefix for found in namespaces for prefix in found.selection.include}

    def nested(own: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(other for other in everything - set(own) if own and other.startswith(own)))

    return tuple(
        replace(found, selection=KeySelection(found.selection.include, nested(found.selection.include)))
        for found in namespaces
    )


async def attributed_namespaces(session: Session, name: str) -> tuple[Namespace, ...]:
    """Return a backend's namespaces with families of keys that several share told apart by what each has registered.

    On SQLite before ogx 1.0 all vector providers write `openai_vector_stores…:v3::ID` into one file. ID is a store that one of
    them has registered under its own `vector_stores:…::ID`; so its keys are those that continue with one of its ids. A shared
    key of no registered store is nobody's: unassigned.
    """
    known = known_namespaces(session.catalog, key_value_backend(session, name))
    users = Counter(prefix for found in known for prefix in found.selection.include)
    shared = {prefix for prefix, number in users.items() if number > 1 and prefix.startswith(SHARED_FAMILIES)}
    if not shared:
        return known
    reader = await session.key_values(name)
    done: list[Namespace] = []
    for found in known:
        common = shared & set(found.selection.include)
        ids = await _registered_ids(reader, found) if common else ()
        if common and ids is not None:
            own = [prefix for prefix in found.selection.include if prefix not in common]
            own += [
                f"{prefix}{version}::{id_}" for prefix in common for version in FAMILY_VERSIONS for id_ in ids
            ]
            found = replace(found, selection=KeySelection(tuple(sorted(own))))  # noqa: PLW2901
        done.append(found)
    # Once more, since one store's id may begin with another's.
    return _apart(done)


async def _registered_ids(reader: KeyValueReader, found: Namespace) -> tuple[str, ...] | None:
    """Return the ids of the vector stores that a provider has registered; None where they are too many to select by."""
    registrations = tuple(prefix for prefix in found.selection.include if prefix.startswith(REGISTRATIONS))
    if not registrations:
        return ()
    page = await reader.page(KeySelection(registrations), limit=MOST_REGISTRATIONS)
    if page.next is not None or not page.is_complete:
        return None
    return tuple(entry.key.rpartition("::")[2] for entry in page.keys if isinstance(entry.key, str))


def _prefixes(references: Sequence[Reference]) -> tuple[str, ...]:
    return tuple(
        sorted({prefix for found in references if found.physical for prefix in found.physical.prefixes})
    )


def unassigned_selection(namespaces: Sequence[Namespace]) -> KeySelection:
    """Select every key outside the given namespaces."""
    return KeySelection(
        (), tuple(sorted({prefix for found in namespaces for prefix in found.selection.include}))
    )


async def namespaces(session: Session, name: str, *, fast: bool = False) -> NamespaceListing:
    """Count the keys of each namespace; `fast` allows estimates."""
    known = await attributed_namespaces(session, name)
    reader = await session.key_values(name)
    rest = Namespace("", None, unassigned_selection(known))

    # No key family is known for a namespace that includes nothing, so none of the keys can be called its own.
    countable = [one for one in known if one.selection.include]
    *numbers, others = await reader.counts([one.selection for one in (*countable, rest)], fast=fast)
    counts = iter(numbers)
    done = tuple(replace(one, keys=next(counts)) if one.selection.include else one for one in known)
    return NamespaceListing(name, done, replace(rest, keys=others))


async def namespace(session: Session, name: str, wanted: str | None) -> Namespace:
    """Return one namespace of a backend (None: the unassigned keys); raises NotFoundError with the list."""
    known = await attributed_namespaces(session, name)
    if wanted is None:
        return Namespace("", None, unassigned_selection(known))
    for found in known:
        if found.name == wanted:
            return found
    names = ", ".join(found.name for found in known) or "none"
    raise NotFoundError(
        f"No reference names a namespace {wanted!r} on backend {name}",
        help=Advice(f"Known: {names}.", Step.LIST_UNASSIGNED),
    )


async def keys(
    session: Session,
    name: str,
    wanted: Namespace,
    *,
    prefix: str = "",
    limit: int = 100,
    after: Cursor | None = None,
    exact: bool = False,
) -> KeyPage:
    """Return a page of a namespace's keys by their physical text; `prefix` is what an operator types (see physical_prefix).

    `exact` looks at as many keys as a complete page takes, however long that is.
    """
    reader = await session.key_values(name)
    if wanted.referenced_by and not wanted.selection.include:
        return KeyPage((), None)
    return await reader.page(
        wanted.selection, prefix=physical_prefix(wanted, prefix), limit=limit, after=after, exact=exact
    )


def looked_at(page: KeyPage | KeyLevel) -> str:
    """Say how many keys a search looked at, of about how many where that is known."""
    if not page.scanned:
        return ""
    return (
        f"{page.scanned:,} keys" if page.total is None else f"{page.scanned:,} of about {page.total:,} keys"
    )


def physical_prefix(wanted: Namespace, prefix: str) -> str:
    """Turn a prefix inside a namespace into one of stored keys: with the namespace in front, where the store has it there."""
    own = f"{wanted.name}:"
    if prefix and wanted.selection.include == (own,) and not prefix.startswith(own):
        return own + prefix
    return prefix


async def value(
    session: Session, name: str, wanted: Namespace, key: str, *, limit: int | None = None
) -> StoredValue:
    """Return one value by its stored key, or by the key inside its namespace; raises NotFoundError."""
    reader = await session.key_values(name)
    own = f"{wanted.name}:"
    # A raw key may begin like its namespace: `prompts:v1:…` in `prompts`.
    inside = (own + key,) if wanted.selection.include == (own,) else ()
    for candidate in (key, *inside):
        found = await reader.value(candidate, limit=limit)
        if found is not None and belongs(wanted.selection, candidate):
            return _readable(found)
    place = "the unassigned keys" if wanted.is_unassigned else f"namespace {wanted.title}"
    raise NotFoundError(f"No key {key!r} in {place} of backend {name}")


def belongs(selection: KeySelection, key: str) -> bool:
    """Tell whether a key is in a selection."""
    included = not selection.include or key.startswith(selection.include)
    return included and not key.startswith(selection.exclude or ("\0\0",))


async def tables(
    session: Session, name: str, *, fast: bool = False, counts: bool = True
) -> tuple[TableEntry, ...]:
    """List a backend's tables with the references to each."""
    found = await (await session.reader(name)).tables.tables(counts=counts, fast=fast)
    return tuple(TableEntry(table, referenced_by(session.catalog, name, table.name)) for table in found)


def referenced_by(catalog: Catalog, backend: str, table: str) -> tuple[str, ...]:
    """Return the paths of the references whose rows a table holds."""
    return tuple(
        reference.path
        for reference in catalog.references_to(backend)
        if reference.physical is not None and table in reference.physical.tables
    )


async def rows(session: Session, name: str, query: RowQuery) -> RowPage:
    """Return a page of rows; raises NotFoundError for an unknown table, UsageError for an unknown column."""
    return await (await session.reader(name)).tables.page(query)


async def row(session: Session, name: str, table: str, cursor: Cursor) -> dict[str, Cell]:
    """Return one whole row by its cursor; raises NotFoundError where it is gone."""
    found = await (await session.reader(name)).tables.row(table, cursor)
    if found is None:
        raise NotFoundError("That row is gone: it was deleted or its key changed", help="Reload the page.")
    return found


async def stored_value(
    session: Session, name: str, key: str | bytes | None, *, limit: int | None = None
) -> StoredValue:
    """Return one value by the key that a page listed, however broken; raises NotFoundError."""
    found = await (await session.key_values(name)).value(key, limit=limit)
    if found is None:
        raise NotFoundError("That key is gone: it was deleted meanwhile", help="Reload the page.")
    return _readable(found)


def _readable(found: StoredValue) -> StoredValue:
    """Return a value; raises NotFoundError where the key holds none."""
    if found.why_unreadable is not None:
        raise NotFoundError(
            f"That key has no value: {found.why_unreadable}",
            help="Look at it with the engine's own client. Another program may have written it.",
        )
    return found


async def count_rows(session: Session, name: str, query: RowQuery) -> Count:
    """Count the rows that a query selects, exactly."""
    return await (await session.reader(name)).tables.count(query.table, query.filters)
