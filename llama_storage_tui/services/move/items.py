"""What of a backend moves: every namespace and every table to which the config leads, and in which form its keys arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from llama_storage_tui.backends import expiry
from llama_storage_tui.backends.registry import copy_note
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, RefusedError, UsageError
from llama_storage_tui.model.catalog import Backend, Catalog, Family, Reference
from llama_storage_tui.model.data import Cell, KeySelection, Table
from llama_storage_tui.model.move import BackendPlace
from llama_storage_tui.model.transfer import (
    ColumnSchema,
    Convert,
    DataPlan,
    KeepRows,
    MoveKeys,
    PlanChoices,
    TableSchema,
    TransferItem,
    TransferPlace,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.browse import attributed_namespaces
from llama_storage_tui.services.migration.plan_context import PlanContext
from llama_storage_tui.services.migration.stores import DataStore, Readers, store_of
from llama_storage_tui.services.migration.table_notices import TablesPlace
from llama_storage_tui.services.migration.table_plan import kind_of, schema_for
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.consumers import keeps_namespaces
from llama_storage_tui.upstream.data_kinds import TABLE_KINDS, TableKind

OTHER_KEYS = "other keys"


@dataclass(frozen=True, slots=True)
class BackendMoving:
    """A backend before and after: the session is of the config as it was."""

    session: Session
    new: Catalog
    name: str

    @property
    def old(self) -> Catalog:
        """The config as it was."""
        return self.session.catalog

    def stores(self) -> tuple[DataStore, DataStore]:
        """Return where the rows are and where they go; raises RefusedError where that cannot be told."""
        found = []
        for catalog in (self.old, self.new):
            backend = _backend(catalog, self.name)
            store = store_of(catalog, backend)
            if store is None:
                raise RefusedError(
                    f"{self.name} cannot be opened at {backend.location}: {backend.problem or 'it ends with its server'}",
                    where=backend.path,
                )
            found.append(store)
        return found[0], found[1]

    def places(self) -> tuple[BackendPlace, BackendPlace]:
        """Return what it is before and after."""
        old, new = (_backend(catalog, self.name) for catalog in (self.old, self.new))
        return BackendPlace(old.type, old.location), BackendPlace(new.type, new.location)

    def references(self) -> tuple[Reference, ...]:
        """Return the references that follow."""
        return self.old.references_to(self.name)


def _backend(catalog: Catalog, name: str) -> Backend:
    backend = catalog.backend(name)
    if backend is None:
        raise RefusedError(f"{catalog.config} has no backend {name}")
    return backend


async def plan_items(moving: BackendMoving) -> DataPlan:
    """Return what moves and what stays; raises BackendError where the source cannot be read, RefusedError."""
    source, target = moving.stores()
    if source.identity[0] == target.identity[0] and source.container == target.container:
        raise RefusedError(f"{moving.name} is at {source.location} already")
    async with Readers(moving.session) as readers:
        context = PlanContext(moving.new, None, PlanChoices(), readers, (source, target))
        if source.family is Family.KV:
            await _plan_keys(moving, context, source, target)
        else:
            await _plan_tables(moving, context, source, target)
    note = copy_note(target.target)
    if note:
        context.notice(note)
    return context.plan()


async def _plan_keys(
    moving: BackendMoving, context: PlanContext, source: DataStore, target: DataStore
) -> None:
    version = context.version
    await refuse_other_key(context, target, target.container, ("key",))
    keeps = [
        keeps_namespaces(_backend(catalog, moving.name).type, version) for catalog in (moving.old, moving.new)
    ]
    known = await attributed_namespaces(moving.session, moving.name)
    for namespace in known:
        chosen = namespace.selection
        if not chosen.include:
            continue
        before, after = (f"{namespace.name}:" if namespace.name and each else "" for each in keeps)
        form = _expiry_form(moving, version)
        convert: Convert = (
            KeepRows() if before == after and form is None else MoveKeys(before, after, expiry=form)
        )
        context.add(
            TransferItem(
                f"namespace {namespace.name}" if namespace.name else "keys without a namespace",
                _keys_at(source, chosen),
                _keys_at(target, _moved(moving, chosen, before, after)),
                convert,
                ("key",),
                _key_reason(context, before, after),
            )
        )
    rest = KeySelection(exclude=tuple(prefix for each in known for prefix in each.selection.include))
    count = await context.readers.count_keys(source, rest)
    if not count:
        return
    if keeps[0] == keeps[1] and isinstance(source.target, SqliteTarget):
        context.add(
            TransferItem(
                OTHER_KEYS,
                _keys_at(source, rest),
                _keys_at(target, rest),
                KeepRows(),
                ("key",),
                "No reference of the config leads to them; they move with the file that holds them.",
            )
        )
    else:
        why = (
            "no reference of the config leads to them, and others may use the same database"
            if keeps[0] == keeps[1]
            else f"no reference leads to them, and {context.product} would read them under another key there"
        )
        context.leave(f"{OTHER_KEYS} on {moving.name}", count, why)


def _expiry_form(moving: BackendMoving, version: Version) -> Callable[[Cell], Cell] | None:
    """Return what gives times of expiry the form that servers of the version write to SQLite; None where they stay as they are."""
    old, new = (_backend(catalog, moving.name).type for catalog in (moving.old, moving.new))
    if new != "kv_sqlite" or old == new:
        return None
    return expiry.joined if keeps_namespaces(new, version) else expiry.spaced


def _keys_at(store: DataStore, keys: KeySelection) -> TransferPlace:
    return TransferPlace(store.target, store.backend, store.location, store.container, keys)


def _moved(moving: BackendMoving, chosen: KeySelection, before: str, after: str) -> KeySelection:
    """Return the keys of a namespace as they stand at the target."""
    if before == after:
        return chosen
    if after:
        leads = [f"{each.namespace}:" for each in moving.references() if each.namespace]
        nested = tuple(dict.fromkeys(lead for lead in leads if lead != after and lead.startswith(after)))
        return KeySelection((after,), nested)
    # Raw keys do not say whose they are: all of the table is the place.
    return KeySelection()


def _key_reason(context: PlanContext, before: str, after: str) -> str:
    if before == after:
        return "The keys stay as they are."
    if after:
        return f"{context.product} keeps raw keys in SQLite, and puts {after} before them here."
    return f"{context.product} keeps raw keys in SQLite: {before} before them goes."


async def _plan_tables(
    moving: BackendMoving, context: PlanContext, source: DataStore, target: DataStore
) -> None:
    reader = await context.readers.of(source)
    there = {each.name: each for each in await reader.tables.tables(counts=False)}
    wanted = dict(_tables_of(moving.references()))
    for name, table in there.items():
        if table.is_view:
            continue
        reference = wanted.get(name)
        if reference is None:
            if not _is_keys(moving.old, source, name):
                number = (await reader.tables.count(name)).value
                context.leave(f"table {name}", number, "no reference of the config leads to it")
            continue
        kind = _kind_of_table(reference, name)
        place = TablesPlace(target, name, reference.name)
        schema = schema_for(context, kind, place, table) if kind is not None else None
        identity = tuple(each.name for each in table.columns if each.is_primary_key)
        if not identity:
            raise RefusedError(f"Table {name} has no primary key, so its rows cannot be distinguished")
        await refuse_other_key(context, target, name, identity)
        context.add(
            TransferItem(
                f"table {name}",
                source.table(name),
                target.table(name, schema or _as_it_is(table)),
                KeepRows(),
                identity,
                _table_reason(context, table, schema),
            )
        )


async def refuse_other_key(
    context: PlanContext, target: DataStore, name: str, identity: tuple[str, ...]
) -> None:
    """Raise RefusedError where the target has the table with another primary key: a row could be there twice, or not at all."""
    try:
        table = await (await context.readers.of(target)).tables.table(name)
    except (BackendError, UsageError):
        return  # not there yet, or no engine of tables; what is wrong there, counting says
    if table is None or table.is_view:
        return
    found = {each.name for each in table.columns if each.is_primary_key}
    if found != set(identity):
        raise RefusedError(
            f"Table {name} is at {target.location} already, and {', '.join(identity)} is not its primary key: rows could not be"
            " distinguished there",
            help="Move to another database, schema or file.",
        )


def _tables_of(references: Sequence[Reference]) -> Iterator[tuple[str, Reference]]:
    for reference in references:
        if reference.family is Family.SQL and reference.physical is not None:
            for table in reference.physical.tables:
                yield table, reference


def _kind_of_table(reference: Reference, name: str) -> TableKind | None:
    """Return the kind of a table: the one that the config names, or the one of that fixed name."""
    tables = reference.physical.tables if reference.physical is not None else ()
    kinds = [each for each in TABLE_KINDS if re.fullmatch(each.paths, reference.path)]
    fixed = next((each for each in TABLE_KINDS if not each.is_named and each.schema == name), None)
    named = next((each for each in kinds if each.is_named and tables[:1] == (name,)), None)
    return named or fixed


def _is_keys(catalog: Catalog, source: DataStore, table: str) -> bool:
    """Tell whether a table of the same store is that of a key-value backend."""
    stores = (store_of(catalog, each) for each in catalog.backends if each.family is Family.KV)
    return any(
        each is not None and each.identity[0] == source.identity[0] and each.container == table
        for each in stores
    )


def _as_it_is(table: Table) -> TableSchema:
    return TableSchema(
        table.name,
        tuple(
            ColumnSchema(each.name, kind_of(each), each.is_nullable, each.is_primary_key)
            for each in table.columns
        ),
    )


def _table_reason(context: PlanContext, table: Table, schema: TableSchema | None) -> str:
    if schema is None:
        return "Made as it is at the source: how this version defines it is not known."
    mine = {each.name for each in table.columns}
    more = [each.name for each in schema.columns if each.name not in mine]
    made = f"Made as {context.product} makes it"
    return (
        f"{made}; {', '.join(more)} {'is' if len(more) == 1 else 'are'} NULL in what comes."
        if more
        else f"{made}."
    )
