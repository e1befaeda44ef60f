"""What an earlier release left in a store that stops a server of this version, or that it cannot give out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from time import monotonic
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.data import Filter, KeySelection, RowQuery
from llama_storage_tui.model.finding import Finding, informs, stops_start, warns
from llama_storage_tui.model.records import RecordQuery
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.places import needed_tables
from llama_storage_tui.services.registry_inspection import (
    conflicting_registrations,
    leads_of,
    stale_providers,
)
from llama_storage_tui.services.responses.categories import ADD_STORE, without_store
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import capitalised, plural
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import CHUNK_ROWS, ITEMS
from llama_storage_tui.upstream.families.responses import DOCUMENT, RESPONSES
from llama_storage_tui.upstream.registered import (
    FAISS_INDEX,
    FILES_TABLE,
    MOVED_MARK,
    OLD_KEYS,
    VECTOR_STORE_HEAD,
)

DATA_NOT_CHECKED: Final = informs(
    id="data-not-checked",
    title="A store, or a part of it, was not looked into",
    advice="The message says why; check again when the cause is gone.",
)
CHUNKS_WITHOUT_ID: Final = stops_start(
    id="chunks-without-id",
    title="Chunks of a faiss index have no chunk_id, and the server does not start with them",
    advice="Go on with the release that wrote them until the index is converted, in a copy of the store: each chunk needs a"
    " chunk_id "
    "(its stored_chunk_id) and a chunk_metadata object. Or build it again under a new id from its files.",
    step=Step.MIGRATE_DATA,
    since=changes.FAISS_CHUNK_IDS,
)
KEYS_OF_0_2: Final = warns(
    id="keys-of-0.2",
    title="Keys are in the form of 0.2, which no later release reads",
    advice="What the config does not register anew has to be registered again, or brought into the newer "
    "form.",
    step=Step.MIGRATE_DATA,
    since=changes.CATALOG,
)
VECTOR_STORES_WITHOUT_TENANT: Final = stops_start(
    id="vector-stores-without-tenant",
    title="Vector stores are still kept as keys, and there is no tenant to copy them to",
    advice="Set server.tenancy.default_tenant_id to the tenant that all of them belong to: they are copied once.",
    since=changes.TENANCY,
)
ROWS_WITHOUT_TENANT: Final = warns(
    id="rows-without-tenant",
    title="Rows have no tenant, and with tenancy multi nobody sees them",
    advice="Find out which tenant each belongs to, stop the servers, back up the table, and set tenant_id. A server that is "
    "started once under tenancy single would give all of them its default tenant; under multi none fills it in.",
    since=changes.TENANCY,
)
FILES_ELSEWHERE: Final = warns(
    id="files-elsewhere",
    title="Files lie outside of the provider's storage_dir, and the server refuses to give them out",
    advice="Set storage_dir to a folder that holds these and those inside it now, or stop the servers, back up the table,"
    " copy the "
    "files into storage_dir, and change file_path. Links were not followed for this answer.",
    since=changes.FILE_PATHS_CHECKED,
)
RESPONSES_WITHOUT_STORE: Final = warns(
    id="responses-without-store",
    title="Responses lack the field `store`, and the server fails on every page that holds one",
    advice=ADD_STORE,
    step=Step.MIGRATE_DATA,
    since=changes.RESPONSES_SAY_STORED,
)
EARLIER_FORM: Final = warns(
    id="earlier-form",
    title="Rows are in the right place, in a form that this version does not accept",
    advice="The message says how they change when they are migrated.",
    step=Step.MIGRATE_DATA,
    since=changes.FAISS_CHUNK_IDS,
)

_KINDS: Final = (ITEMS, CHUNK_ROWS)
"""Those about which no rule of its own says more."""


FIRST_CHUNK: Final = 2_000_000
"""Characters of an index that are read for its first chunk: the index itself, much larger, stands behind the chunks."""
MOST_INDEXES: Final = 200
TENANT: Final = "tenant_id"
SECONDS: Final = 20.0
"""How long the documents of one table are looked at: a table of a million responses takes minutes."""


async def chunks_without_id(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Faiss indexes whose chunks have no id: from 0.4 on the server does not start with them."""
    version = session.catalog.version.chosen
    if not CHUNKS_WITHOUT_ID.holds_for(version):
        return
    reader = (await session.reader(backend.name)).key_values
    found: list[str] = []
    looked, has_more = 0, False
    for lead in leads_of(session, backend, "providers.vector_io["):
        page = await reader.page(KeySelection((lead + FAISS_INDEX,)), limit=MOST_INDEXES)
        looked, has_more = looked + len(page.keys), has_more or page.next is not None
        keys = [entry.key for entry in page.keys if isinstance(entry.key, str)]
        found += [key.partition(FAISS_INDEX)[2] for key in keys if await _lacks_id(reader, key)]
    if found:
        scope = f" of the first {looked:,} looked at" if has_more else ""
        names = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        yield CHUNKS_WITHOUT_ID.found_on(
            backend,
            f"Chunks of {plural(len(found), 'vector store')}{scope} on {backend.name} ({names}) have no chunk_id, as servers "
            f"before 0.4 wrote them: {version.product} {version} does not start with them",
        )


async def _lacks_id(reader: KeyValueReader, key: str) -> bool:
    """Tell whether the first chunk of an index has no chunk_id; False where that cannot be seen."""
    # Imported here, as below: the rules above are named on the first screen, which waits for no conversion.
    from llama_storage_tui.services.migration.vector_conversions import is_faiss_chunk_without_id

    stored = await reader.value(key, limit=FIRST_CHUNK)
    if stored is None or not isinstance(stored.value, str):
        return False
    return is_faiss_chunk_without_id(stored.value)


async def keys_of_0_2(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Keys in the form of 0.2, which no later release reads."""
    if session.catalog.is_legacy:
        return
    reader = (await session.reader(backend.name)).key_values
    leads = {"", *leads_of(session, backend, "")}
    for head, what in OLD_KEYS.items():
        count = await reader.count(KeySelection(tuple(sorted(lead + head for lead in leads))))
        if count.value:
            yield KEYS_OF_0_2.found_on(
                backend,
                f"{backend.name} holds {plural(count.value, 'key')} {head}… ({what}) in the form of 0.2: no release from 0.3 on "
                "reads them",
            )


async def vector_stores_without_tenant(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Vector stores among keys that a server with tenants has to copy to tables, and no tenant to copy them to."""
    catalog = session.catalog
    version, rules = catalog.version.chosen, catalog.access
    has_tables = any(found.path == "storage.stores.vector_stores" for found in catalog.references)
    if (
        version < changes.TENANCY
        or rules.tenancy is Tenancy.DISABLED
        or rules.default_tenant
        or not has_tables
    ):
        return
    reader = (await session.reader(backend.name)).key_values
    for lead in leads_of(session, backend, "providers.vector_io["):
        count = await reader.count(KeySelection((lead + VECTOR_STORE_HEAD,)))
        if count.value and not await reader.values_of([lead + MOVED_MARK]):
            yield VECTOR_STORES_WITHOUT_TENANT.found_on(
                backend,
                f"{plural(count.value, 'vector store')} of {lead.rstrip(':') or backend.name} "
                f"{'is' if count.value == 1 else 'are'} still kept as keys: the server copies vector stores to tables when it "
                "starts, and does not start without a tenant to copy them to",
            )


async def rows_without_tenant(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows without a tenant under tenancy multi: nobody sees them."""
    catalog = session.catalog
    if catalog.version.chosen < changes.TENANCY or catalog.access.tenancy is not Tenancy.MULTI:
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
            yield ROWS_WITHOUT_TENANT.found_on(
                backend,
                f"{plural(count.value, 'row')} of {name} on {backend.name} {'has' if count.value == 1 else 'have'} no tenant: "
                f"with tenancy multi nobody sees {'it' if count.value == 1 else 'them'}",
            )


async def files_elsewhere(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Files whose body lies outside of the provider's folder: refused from 0.7 on, though it is there."""
    catalog = session.catalog
    folders = [provider.storage_dir for provider in catalog.providers if provider.storage_dir]
    if catalog.version.chosen < changes.FILE_PATHS_CHECKED or len(folders) != 1:
        return
    if FILES_TABLE not in session.catalog.tables_on(backend.name):
        return
    from llama_storage_tui.services.migration.row_conversions import is_inside

    reader = (await session.reader(backend.name)).tables
    table = await reader.table(FILES_TABLE)
    if table is None or table.column("file_path") is None:
        return
    number = 0
    query = RowQuery(FILES_TABLE, ("file_path",))
    async with aclosing(reader.stream(query)) as batches:
        async for batch in batches:
            number += sum(isinstance(path, str) and not is_inside(path, folders[0]) for (path,) in batch)
    if number:
        yield FILES_ELSEWHERE.found_on(
            backend,
            f"{plural(number, 'file')} of {FILES_TABLE} on {backend.name} {'lies' if number == 1 else 'lie'} outside of "
            f"storage_dir ({folders[0]}): from 0.7 on a server refuses to give {'it' if number == 1 else 'them'} out (400)",
        )


async def responses_without_store(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Responses without the field `store`, which servers from 0.5 on require: one of them fails a whole list."""
    chosen = without_store(session.catalog.version.chosen)
    if chosen is None:
        return
    try:
        places = needed_tables(session.catalog, RESPONSES)
    except NotFoundError:
        return
    reader = await session.reader(backend.name)
    for place in places:
        table = await reader.tables.table(place.table) if place.backend == backend.name else None
        if table is None or table.column(DOCUMENT) is None:
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
            yield RESPONSES_WITHOUT_STORE.found_on(
                backend,
                f"{'' if is_over else 'At least '}{plural(number, 'response')} of {place.table} on {backend.name} "
                f'{"has" if number == 1 else "have"} no "store" field: {session.catalog.version.chosen} fails on each, and on '
                "every page of a list that holds one",
            )
        elif not is_over:
            yield DATA_NOT_CHECKED.found_on(
                backend,
                f'Of {place.table} on {backend.name} only the last {rows:,} responses were looked at for a missing "store" field',
                Advice("", Step.READ_ALL_RESPONSES),
            )


async def earlier_forms(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows of a backend that a migration of its data would change where they are."""
    if session.catalog.is_legacy or not EARLIER_FORM.holds_for(session.catalog.version.chosen):
        return
    # Imported here: the rules are named on the first screen, which waits for no conversion.
    from llama_storage_tui.services.migration.planning import forms_in_place

    for what, table, why in await forms_in_place(session, backend, _KINDS):
        yield EARLIER_FORM.found_on(
            backend, f"{capitalised(what)} in {table} on {backend.name} have an earlier form. {why}"
        )


KEY_CHECKS: Final = (
    chunks_without_id,
    keys_of_0_2,
    stale_providers,
    conflicting_registrations,
    vector_stores_without_tenant,
)
TABLE_CHECKS: Final = (rows_without_tenant, files_elsewhere, responses_without_store, earlier_forms)
