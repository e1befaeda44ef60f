"""Rows that a version does not read where they are, or not in the form that they have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import Final

from llama_storage_tui.model.catalog import Catalog, Family
from llama_storage_tui.model.data import Column, RowQuery, Table
from llama_storage_tui.model.records import RecordQuery
from llama_storage_tui.model.transfer import (
    ColumnSchema,
    StoredKind,
    TableSchema,
    TransferItem,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.migration.conversions import OWNER, TENANT, Step, steps
from llama_storage_tui.services.migration.items_plan import (
    LISTED_BY_POSITION,
    lacks_positions,
    order_steps,
    plan_earlier_items,
)
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.row_conversions import (
    in_folder,
    is_inside,
    of_tenant,
    public,
    response_form,
)
from llama_storage_tui.services.migration.table_notices import (
    TablesPlace,
    count_rows,
    folder_of,
    old_folder,
    say_of_files,
    say_of_owners,
)
from llama_storage_tui.services.migration.vector_conversions import (
    CHUNK_DATA,
    chunk_in_form,
    is_chunk_in_form,
)
from llama_storage_tui.services.responses.categories import without_store
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import (
    CHUNK_ROWS,
    FILES,
    ITEMS,
    RESPONSES,
    TABLE_KINDS,
    TRACES,
    TableKind,
)
from llama_storage_tui.upstream.families.responses import DOCUMENT
from llama_storage_tui.upstream.item_upgrade import EARLIER_ITEMS
from llama_storage_tui.upstream.table_schemas import table_schema

_SECONDS: Final = 10.0
"""How long a table is searched for a response in an earlier form, before one is taken for granted."""


async def plan_tables(context: PlanContext) -> None:
    """Plan the rows of every kind, then what stays."""
    for kind in TABLE_KINDS:
        targets = tuple(_places(context, context.new, kind))
        for source in _sources(context, kind, targets):
            table = await context.readers.table(source.store, source.table)
            if table is not None:
                await _plan_source(context, kind, source, table, targets)
        for target in targets:
            if kind is ITEMS:
                await plan_earlier_items(context, target.store)
            table = await context.readers.table(target.store, target.table)
            if table is not None:
                await _plan_in_place(context, kind, target, table)
    await _leave_traces(context)


async def outdated_in_place(context: PlanContext, kind: TableKind) -> AsyncIterator[tuple[TablesPlace, str]]:
    """Yield the tables of items or chunks that are where they belong, and whose rows the version does not take, with why."""
    for target in _places(context, context.new, kind):
        table = await context.readers.table(target.store, target.table)
        if table is None:
            continue
        if kind is ITEMS and await lacks_positions(context, target.store, target.table, table):
            yield target, LISTED_BY_POSITION
        if kind is CHUNK_ROWS and await _has_earlier_chunks(context, target, table):
            yield target, _without_ids(context)


def _places(context: PlanContext, catalog: Catalog, kind: TableKind) -> Iterator[TablesPlace]:
    """Yield the tables of a kind to which a config leads, each once."""
    seen: set[tuple[tuple[str, str], str]] = set()
    for reference, store in context.references(catalog, kind.paths, Family.SQL):
        tables = reference.physical.tables if reference.physical is not None else ()
        if kind.is_named:
            # A reference leads to a table of its own, and then to others whose names are fixed.
            name = tables[0] if tables else None
        elif catalog.is_legacy:
            # The tables of an inline store are those of its version.
            name = kind.schema if table_schema(kind.schema, catalog.version.chosen) is not None else None
        else:
            name = kind.schema if kind.schema in tables else None
        if name is not None and (store.identity, name) not in seen:
            seen.add((store.identity, name))
            yield TablesPlace(store, name, reference.name)


def _sources(
    context: PlanContext, kind: TableKind, targets: tuple[TablesPlace, ...]
) -> Iterator[TablesPlace]:
    """Yield the tables that may hold rows of a kind that the new version does not read."""
    known = {(place.store.identity, place.table) for place in targets}
    if context.old is not None:
        for place in _places(context, context.old, kind):
            if (place.store.identity, place.table) not in known:
                known.add((place.store.identity, place.table))
                yield place
    for store in context.stores:
        if store.family is not Family.SQL or not (
            store.is_elsewhere or context.new.backend(store.backend) is not None
        ):
            continue
        names = [*kind.earlier]
        if context.old is None:
            names += [
                *(kind.usual or (kind.schema,)),
                *(place.table for place in targets if store.is_elsewhere),
            ]
        if kind is ITEMS and store.identity not in {place.store.identity for place in targets}:
            names.append(EARLIER_ITEMS)
        for name in names:
            if (store.identity, name) not in known:
                known.add((store.identity, name))
                yield TablesPlace(store, name, "")


async def _plan_source(
    context: PlanContext, kind: TableKind, source: TablesPlace, table: Table, targets: tuple[TablesPlace, ...]
) -> None:
    if not set(kind.identity) <= {column.name for column in table.columns}:
        # Another program's table of the same name.
        return
    named = [each for each in targets if each.owner == source.owner]
    target = next(iter([*named, *targets]), None)
    if target is None:
        count = await count_rows(context, source)
        context.leave(
            f"{kind.what} in {source.table} on {source.store.backend}",
            count,
            context.nowhere(kind.paths),
        )
        return
    place = target.store.table(target.table, schema_for(context, kind, target, table))
    wanted = _steps(context, kind, target, table, _written_by(context, source))
    if kind is ITEMS:
        wanted += await order_steps(context, source.store, source.table, table, target.store)
    context.add(
        TransferItem(
            kind.what,
            source.store.table(source.table),
            place,
            steps(*wanted),
            kind.identity,
            _reason(context, kind, target),
        )
    )
    await say_of_owners(context, source, table)
    if kind is FILES and wanted:
        say_of_files(context, target)


def schema_for(
    context: PlanContext, kind: TableKind, target: TablesPlace, table: Table
) -> TableSchema | None:
    """Return the table as the new version creates it, with what the source has beyond that: no value is left out."""
    name = kind.schema
    if kind is FILES and not folder_of(context, target)[1]:
        name = "openai_files without paths"
    found = context.schema(name, table=target.table)
    if found is None:
        return None
    known = {column.name for column in found.columns}
    more = tuple(
        ColumnSchema(column.name, kind_of(column)) for column in table.columns if column.name not in known
    )
    return replace(found, columns=(*found.columns, *more))


def kind_of(column: Column) -> StoredKind:
    """Return what a server stores in a column, by the engine's own word for its type."""
    type_ = column.type.upper()
    if column.is_json or "JSON" in type_:
        return StoredKind.JSON
    if "INT" in type_:
        return StoredKind.INTEGER
    if "BOOL" in type_:
        return StoredKind.BOOLEAN
    if any(word in type_ for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return StoredKind.FLOAT
    if "TIME" in type_ or "DATE" in type_:
        return StoredKind.DATETIME
    return StoredKind.TEXT if "TEXT" in type_ else StoredKind.STRING


def _written_by(context: PlanContext, source: TablesPlace) -> Version | None:
    """Return the version that wrote a table, where the old config tells; None where that is not known."""
    if context.old is None or not source.owner:
        return None
    return context.old.version.chosen


def _steps(
    context: PlanContext, kind: TableKind, target: TablesPlace, table: Table, written_by: Version | None
) -> list[Step]:
    found: list[Step] = []
    if kind is RESPONSES:
        found += _response_steps(context.version, written_by)
    if kind is FILES:
        folder, is_local = folder_of(context, target)
        if is_local and folder is not None and context.version >= changes.FILE_PATHS_CHECKED:
            found.append(in_folder(folder, old_folder(context)))
    columns = {column.name for column in table.columns}
    if kind is CHUNK_ROWS and CHUNK_DATA in columns:
        found.append(chunk_in_form)
    if context.choices.public_rows and OWNER in columns:
        found.append(public)
    if context.tenant is not None and "access_attributes" in columns:
        found.append(of_tenant(context.tenant))
    return found


def _response_steps(version: Version, written_by: Version | None) -> list[Step]:
    """Return what a version's model demands of a stored response and the writer's did not."""
    # Imported here: nothing but a plan asks, and the models cost what pydantic does.
    from llama_storage_tui.upstream import response_model

    def is_new(name: str) -> bool:
        since = response_model.FIELDS[name][-1].since
        return version >= since and (written_by is None or written_by < since)

    store, usage, parallel = is_new("store"), is_new("usage"), is_new("parallel_tool_calls")
    if not (store or usage or parallel):
        return []
    return [response_form(DOCUMENT, has_store=store, has_usage_details=usage, has_parallel=parallel)]


def _reason(context: PlanContext, kind: TableKind, target: TablesPlace) -> str:
    where = f"{context.product} reads {kind.what} in the table {target.table} on {target.store.backend}"
    if kind is RESPONSES and context.version >= changes.RESPONSES_SAY_STORED:
        return f"{where}, and each has to say whether it is stored: one that does not fails every list that holds it."
    if kind is ITEMS and context.version >= changes.ITEMS_HAVE_POSITIONS:
        return f"{where}. {LISTED_BY_POSITION}"
    return f"{where}."


async def _plan_in_place(context: PlanContext, kind: TableKind, target: TablesPlace, table: Table) -> None:
    """Plan what has to be changed in rows that are where they belong."""
    columns = {column.name for column in table.columns}
    wanted: list[Step] = []
    why: list[str] = []
    if kind is ITEMS:
        wanted += await order_steps(context, target.store, target.table, table)
        why += [LISTED_BY_POSITION] if wanted else []
    if kind is RESPONSES and DOCUMENT in columns:
        written_by = context.old.version.chosen if context.old is not None else None
        changes_ = _response_steps(context.version, written_by)
        if changes_ and await _has_earlier_form(context, target):
            wanted += changes_
            why.append(
                f"{context.product} fails on every list with a response that does not say whether it is stored."
            )
    if kind is CHUNK_ROWS and await _has_earlier_chunks(context, target, table):
        wanted.append(chunk_in_form)
        why.append(_without_ids(context))
    folder, is_local = folder_of(context, target) if kind is FILES else (None, False)
    if is_local and folder is not None and await _has_paths_outside(context, target, folder, columns):
        wanted.append(in_folder(folder, old_folder(context)))
        why.append(f"{context.product} gives out no file whose path lies outside of {folder}.")
        say_of_files(context, target)
    if context.choices.public_rows and OWNER in columns and await count_rows(context, target, OWNER):
        wanted.append(public)
        why.append("By your choice rows without an owner are public: their owner becomes '' instead of NULL.")
    if await _lacks_tenant(context, target, columns) and context.tenant is not None:
        wanted.append(of_tenant(context.tenant))
        why.append(f"Nobody sees rows without a tenant; by your choice these belong to {context.tenant}.")
    if wanted:
        place = target.store.table(target.table, schema_for(context, kind, target, table))
        context.add(
            TransferItem(
                f"{kind.what} in place",
                place,
                place,
                steps(*wanted),
                kind.identity,
                " ".join(why),
            )
        )
    await say_of_owners(context, target, table)


async def _lacks_tenant(context: PlanContext, target: TablesPlace, columns: set[str]) -> bool:
    if context.tenant is None or "access_attributes" not in columns:
        return False
    return TENANT not in columns or await count_rows(context, target, TENANT) > 0


async def _has_earlier_form(context: PlanContext, target: TablesPlace) -> bool:
    """Tell whether a response lacks `store`; True also where that takes too long to find out."""
    chosen = without_store(context.version)
    if chosen is None:
        return False
    reader = await context.readers.of(target.store)
    began = monotonic()
    async with aclosing(reader.records.tally(RecordQuery(target.table, ()), [chosen.conditions])) as batches:
        async for batch in batches:
            if batch.counts[0] or monotonic() - began > _SECONDS:
                return True
    return False


def _without_ids(context: PlanContext) -> str:
    return f"{context.product} fails on a file of a vector store whose chunks have no chunk_id or no chunk_metadata."


async def _has_earlier_chunks(context: PlanContext, target: TablesPlace, table: Table) -> bool:
    """Tell whether a chunk lacks what 0.4 and later demand; True also where that takes too long to find out."""
    if table.column(CHUNK_DATA) is None:
        return False
    reader = (await context.readers.of(target.store)).tables
    began = monotonic()
    async with aclosing(reader.stream(RowQuery(target.table, (CHUNK_DATA,)))) as batches:
        async for batch in batches:
            texts = [cell if isinstance(cell, str) else json.dumps(cell) for (cell,) in batch]
            if (
                not await asyncio.to_thread(all, map(is_chunk_in_form, texts))
                or monotonic() - began > _SECONDS
            ):
                return True
    return False


async def _has_paths_outside(
    context: PlanContext, target: TablesPlace, folder: str, columns: set[str]
) -> bool:
    if context.version < changes.FILE_PATHS_CHECKED or "file_path" not in columns:
        return False
    reader = (await context.readers.of(target.store)).tables
    async with aclosing(reader.stream(RowQuery(target.table, ("file_path",)))) as batches:
        async for batch in batches:
            if any(isinstance(path, str) and path and not is_inside(path, folder) for (path,) in batch):
                return True
    return False


async def _leave_traces(context: PlanContext) -> None:
    if context.old is None:
        return
    for reference, store in context.references(context.old, r"providers\.telemetry\[\d+\]\..+", Family.SQL):
        for name in TRACES:
            table = await context.readers.table(store, name)
            if table is not None:
                count = await count_rows(context, TablesPlace(store, name, reference.name))
                context.leave(
                    f"{name} on {store.backend}", count, "no server from 0.3 on reads what telemetry stored"
                )
