"""What an earlier release left in a store that stops a server of this version, or that it cannot give out."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.catalog import Backend, Family, Reference, Registration
from llama_storage_tui.model.data import Filter, KeySelection, RowQuery, Table
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.records import RecordQuery
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.responses.categories import without_store
from llama_storage_tui.services.responses.places import response_places
from llama_storage_tui.services.responses.summaries import DOCUMENT
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.consumers import keeps_namespaces
from llama_storage_tui.upstream.registered import (
    API_OF,
    CHECKS_FILE_PATH,
    COMPARES_GIVEN_FIELDS,
    FAISS_INDEX,
    FILES_TABLE,
    HAS_TENANCY,
    MOVED_MARK,
    NEEDS_CHUNK_ID,
    OLD_KEYS,
    REGISTRY_HEAD,
    VECTOR_STORE_HEAD,
)

FIRST_CHUNK: Final = 2_000_000
"""Characters of an index that are read for its first chunk: the index itself, much larger, stands behind the chunks."""
MOST_INDEXES: Final = 200
TENANT: Final = "tenant_id"
SECONDS: Final = 20.0
"""How long the documents of one table are looked at: a table of a million responses takes minutes."""


async def chunks_without_id(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Faiss indexes whose chunks have no id: from 0.4 on the server does not start with them."""
    version = session.catalog.version.chosen
    if version < NEEDS_CHUNK_ID:
        return
    reader = (await session.reader(backend.name)).key_values
    found: list[str] = []
    looked, has_more = 0, False
    for lead in _leads(session, backend, "providers.vector_io["):
        page = await reader.page(KeySelection((lead + FAISS_INDEX,)), limit=MOST_INDEXES)
        looked, has_more = looked + len(page.keys), has_more or page.next is not None
        keys = [entry.key for entry in page.keys if isinstance(entry.key, str)]
        found += [key.partition(FAISS_INDEX)[2] for key in keys if await _lacks_id(reader, key)]
    if found:
        scope = f" of the first {looked:,} looked at" if has_more else ""
        names = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        yield _finding(
            backend,
            "chunks-without-id",
            Severity.ERROR,
            f"Chunks of {_counted(len(found), 'vector store')}{scope} on {backend.name} ({names}) have no chunk_id, as servers "
            f"before 0.4 wrote them: {version.product} {version} does not start with them",
            "Each chunk of the index needs a chunk_id (its stored_chunk_id) and a chunk_metadata object. Go on with the release "
            "that wrote them until the index is converted or built again from its files.",
            Stage.START,
        )


async def _lacks_id(reader: KeyValueReader, key: str) -> bool:
    """Tell whether the first chunk of an index has no chunk_id; False where that cannot be seen."""
    stored = await reader.value(key, limit=FIRST_CHUNK)
    if stored is None or not isinstance(stored.value, str):
        return False
    chunk = _first_chunk(stored.value)
    return chunk is not None and not chunk.get("chunk_id")


def _first_chunk(index: str) -> dict[str, object] | None:
    """Return the first chunk of an index that may be cut: JSON in a string, under `chunk_by_index`."""
    _, found, chunks = index.partition('"chunk_by_index":')
    _, colon, rest = chunks.lstrip().removeprefix("{").partition(":")
    if not found or not colon:
        return None
    try:
        text, _ = json.JSONDecoder().raw_decode(rest.lstrip())
        chunk = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return None
    return chunk if isinstance(chunk, dict) else None


async def keys_of_0_2(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Keys in the form of 0.2, which no later release reads."""
    if session.catalog.is_legacy:
        return
    reader = (await session.reader(backend.name)).key_values
    leads = {"", *_leads(session, backend, "")}
    for head, what in OLD_KEYS.items():
        count = await reader.count(KeySelection(tuple(sorted(lead + head for lead in leads))))
        if count.value:
            yield _finding(
                backend,
                "keys-of-0.2",
                Severity.WARNING,
                f"{backend.name} holds {_counted(count.value, 'key')} {head}… ({what}) in the form of 0.2: no release from 0.3 on "
                "reads them",
                "What the config does not register anew has to be registered again, or brought into the newer form.",
            )


async def stale_providers(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of registered objects of providers that the config does not have."""
    catalog = session.catalog
    if catalog.is_legacy or not catalog.providers:
        return
    reader = (await session.reader(backend.name)).key_values
    known = {(provider.api, provider.id) for provider in catalog.providers}
    stale: Counter[str] = Counter()
    for lead in _leads(session, backend, "storage.stores.metadata"):
        async with aclosing(reader.stream(KeySelection((lead + REGISTRY_HEAD,)))) as batches:
            async for batch in batches:
                for stored in batch:
                    found = _provider_of(stored.value)
                    if found is not None and found not in known:
                        stale[found[1]] += 1
    if stale:
        names = ", ".join(f"{name}: {number:,}" for name, number in stale.most_common(5))
        number = sum(stale.values())
        yield _finding(
            backend,
            "stale-provider",
            Severity.WARNING,
            f"{_counted(number, 'registered object')} on {backend.name} {'belongs' if number == 1 else 'belong'} to providers that "
            f"this config does not start ({names}): requests for {'it' if number == 1 else 'them'} fail",
            "Add the provider again under that id, or unregister the objects through the server's API.",
        )


async def conflicting_registrations(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of objects that the config registers otherwise than they are stored: the server does not start with them."""
    catalog = session.catalog
    served = {provider.api for provider in catalog.providers}
    wanted = [found for found in catalog.registrations if API_OF[found.type] in served]
    if not wanted:
        return
    reader = (await session.reader(backend.name)).key_values
    for lead in _leads(session, backend, "storage.stores.metadata"):
        by_key = {f"{lead}{REGISTRY_HEAD}{found.type}::{found.identifier}": found for found in wanted}
        for stored in await reader.values_of(tuple(by_key)):
            registration = by_key[str(stored.entry.key)]
            conflicts = _conflicts(registration, stored.value, catalog.version.chosen)
            if conflicts:
                named = f"The {registration.type.replace('_', ' ')} {registration.identifier}"
                yield Finding(
                    "registration-conflict",
                    Severity.ERROR,
                    Stage.START,
                    registration.path,
                    f"{named} is registered on {backend.name} with another "
                    f"{' and '.join(conflicts)}: {catalog.version.chosen.product} {catalog.version.chosen} does not start",
                    "Unregister it through the server's API while the config does not name it, or give it the stored values.",
                    registration.line,
                )


def _conflicts(registration: Registration, stored: object, version: Version) -> list[str]:
    """Return in words what differs between a registration and what is stored under its identifier."""
    try:
        data = json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return []
    if not isinstance(data, dict):
        return []
    found = []
    for name, value in registration.fields:
        held = data.get(name, _DEFAULTS.get(name))
        # A provider may add to the metadata when it registers a model: only what the config says itself is compared.
        same = (
            all(key in held and held[key] == item for key, item in value.items())
            if isinstance(value, dict) and isinstance(held, dict)
            else held == value
        )
        if not same:
            found.append(f"{name} ({_shown(held)}, the config has {_shown(value)})")
    if version < COMPARES_GIVEN_FIELDS and data.get("owner") is not None:
        found.append("owner (a signed-in user, the config has none)")
    return found


_DEFAULTS: Final = {"source": "via_register_api", "model_type": "llm", "metadata": {}}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _provider_of(value: object) -> tuple[str, str] | None:
    """Return API and provider id of a registered object; None where it cannot be read or needs none."""
    try:
        data = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    api, id_ = API_OF.get(str(data.get("type"))), data.get("provider_id")
    return (api, id_) if api is not None and isinstance(id_, str) and id_ else None


async def vector_stores_without_tenant(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Vector stores among keys that a server with tenants has to copy to tables, and no tenant to copy them to."""
    catalog = session.catalog
    version, rules = catalog.version.chosen, catalog.access
    has_tables = any(found.path == "storage.stores.vector_stores" for found in catalog.references)
    if version < HAS_TENANCY or rules.tenancy is Tenancy.DISABLED or rules.default_tenant or not has_tables:
        return
    reader = (await session.reader(backend.name)).key_values
    for lead in _leads(session, backend, "providers.vector_io["):
        count = await reader.count(KeySelection((lead + VECTOR_STORE_HEAD,)))
        if count.value and not await reader.values_of([lead + MOVED_MARK]):
            yield _finding(
                backend,
                "vector-stores-without-tenant",
                Severity.ERROR,
                f"{_counted(count.value, 'vector store')} of {lead.rstrip(':') or backend.name} are still kept as keys: the server "
                "copies them to tables when it starts, and does not start without a tenant to copy them to",
                "Set server.tenancy.default_tenant_id.",
                Stage.START,
            )


async def rows_without_tenant(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows without a tenant under tenancy multi: nobody sees them."""
    catalog = session.catalog
    if catalog.version.chosen < HAS_TENANCY or catalog.access.tenancy is not Tenancy.MULTI:
        return
    reader = (await session.reader(backend.name)).tables
    for name in session.catalog.tables_on(backend.name):
        table = await reader.table(name)
        # Only tables with these attributes are filtered by tenant: jobs, for one, has columns of its own.
        if table is None or table.column("access_attributes") is None:
            continue
        filters = () if table.column(TENANT) is None else (Filter(TENANT, None),)
        count = await reader.count(name, filters)
        if count.value:
            yield _finding(
                backend,
                "rows-without-tenant",
                Severity.WARNING,
                f"{_counted(count.value, 'row')} of {name} on {backend.name} have no tenant: with tenancy multi nobody sees them",
                "A server fills tenants in under tenancy single, never under multi: say which tenant they belong to before they "
                "are needed.",
            )


async def files_elsewhere(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Files whose body lies outside of the provider's folder: refused from 0.7 on, though it is there."""
    catalog = session.catalog
    folders = [provider.storage_dir for provider in catalog.providers if provider.storage_dir]
    if catalog.version.chosen < CHECKS_FILE_PATH or len(folders) != 1:
        return
    if FILES_TABLE not in session.catalog.tables_on(backend.name):
        return
    reader = (await session.reader(backend.name)).tables
    table = await reader.table(FILES_TABLE)
    if table is None or table.column("file_path") is None:
        return
    number = 0
    query = RowQuery(FILES_TABLE, ("file_path",))
    async with aclosing(reader.stream(query)) as batches:
        async for batch in batches:
            number += sum(isinstance(path, str) and not _is_inside(path, folders[0]) for (path,) in batch)
    if number:
        yield _finding(
            backend,
            "files-elsewhere",
            Severity.WARNING,
            f"{_counted(number, 'file')} of {FILES_TABLE} on {backend.name} {'lies' if number == 1 else 'lie'} outside of "
            f"storage_dir ({folders[0]}): from 0.7 on a server refuses to give {'it' if number == 1 else 'them'} out (400)",
            "Set storage_dir to the folder that file_path names, or move the files and change file_path with the server stopped. "
            "Links were not followed for this answer.",
        )


def _is_inside(path: str, folder: str) -> bool:
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    # One is relative to the folder that the server starts in, the other is not: that cannot be compared from here.
    is_comparable = posixpath.isabs(path) == posixpath.isabs(folder)
    return not is_comparable or path == folder or path.startswith(folder.rstrip("/") + "/")


async def responses_without_store(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Responses without the field `store`, which servers from 0.5 on require: one of them fails a whole list."""
    chosen = without_store(session.catalog.version.chosen)
    if chosen is None:
        return
    try:
        places = response_places(session.catalog)
    except NotFoundError:
        return
    reader = await session.reader(backend.name)
    for place in places:
        if place.backend != backend.name or not _has_documents(await reader.tables.table(place.table)):
            continue
        began, number, rows, is_over = monotonic(), 0, 0, True
        query = RecordQuery(place.table, ())
        async with aclosing(reader.records.tally(query, [chosen.conditions])) as batches:
            async for batch in batches:
                number, rows = number + batch.counts[0], rows + batch.rows
                if monotonic() - began > SECONDS:
                    is_over = batch.done >= batch.total
                    break
        if number:
            yield _finding(
                backend,
                "responses-without-store",
                Severity.WARNING,
                f"{'' if is_over else 'At least '}{_counted(number, 'response')} of {place.table} on {backend.name} "
                f"{'has' if number == 1 else 'have'} no field store: {session.catalog.version.chosen} fails on each, and on "
                "every page of a list that holds one",
                chosen.next_step,
            )
        elif not is_over:
            yield _finding(
                backend,
                "data-not-checked",
                Severity.INFO,
                f"Of {place.table} on {backend.name} only the last {rows:,} responses were looked at for a missing field store",
                "responses CONFIG attention --exact looks at all of them.",
            )


def _has_documents(table: Table | None) -> bool:
    return table is not None and table.column(DOCUMENT) is not None


def _leads(session: Session, backend: Backend, path: str) -> tuple[str, ...]:
    """Return what stands before the raw keys of the references on a backend whose path begins so."""
    version = session.catalog.version.chosen
    found: list[Reference] = [
        reference
        for reference in session.catalog.references_to(backend.name)
        if reference.path.startswith(path)
        and reference.family is Family.KV
        and reference.physical is not None
    ]
    has_namespaces = keeps_namespaces(backend.type, version)
    leads = (f"{each.namespace}:" if each.namespace and has_namespaces else "" for each in found)
    return tuple(dict.fromkeys(leads))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _finding(
    backend: Backend, rule: str, severity: Severity, message: str, help_: str, stage: Stage = Stage.NEVER
) -> Finding:
    return Finding(rule, severity, stage, backend.path, message, help_, backend.line)


KEY_CHECKS: Final = (
    chunks_without_id,
    keys_of_0_2,
    stale_providers,
    conflicting_registrations,
    vector_stores_without_tenant,
)
TABLE_CHECKS: Final = (rows_without_tenant, files_elsewhere, responses_without_store)
