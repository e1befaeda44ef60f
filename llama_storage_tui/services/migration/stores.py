"""The stores that a plan looks into: those of both configs, and those where other releases' defaults would be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.sqlite.target import KEY_VALUE_TABLE, SqliteTarget
from llama_storage_tui.config.physical import container_of
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError
from llama_storage_tui.model.catalog import Backend, Catalog, Family
from llama_storage_tui.model.data import KeySelection, RowQuery, Table
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import ColumnSchema, StoredKind, TableSchema, TransferPlace
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.default_names import DATABASES, FOLDERS
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.data_kinds import KEY_FILES_OF_0_2, TABLE_FILES_OF_0_2

_NOT_THERE: Final = (FailureKind.UNKNOWN_DATABASE, FailureKind.MISSING_FILE)
_OLD_KEY_TABLE: Final = "llamastack_kvstore"
_NEW_KEY_TABLE: Final = "ogx_kvstore"


@dataclass(frozen=True, slots=True)
class DataStore:
    """What holds keys (a table or a collection) or tables (a database), with the backend's name in a config.

    `leads` are what the references of both configs put before their keys here, namespaces that were not written included.
    """

    target: Target = field(repr=False)
    backend: str
    location: str
    family: Family
    container: str = ""
    leads: tuple[str, ...] = ()
    is_elsewhere: bool = False
    """No config names it: the default of other releases."""

    @property
    def identity(self) -> tuple[str, str]:
        """What is equal for the same store, whichever config names it."""
        location = (
            os.path.realpath(self.target.path)
            if isinstance(self.target, SqliteTarget)
            else self.target.location
        )
        return location, self.container

    def keys(self, *prefixes: str) -> TransferPlace:
        """Return the place of the keys that begin so."""
        return TransferPlace(
            self.target, self.backend, self.location, self.container, self.selection(*prefixes)
        )

    def selection(self, *prefixes: str) -> KeySelection:
        """Select the keys that begin so, without those of a namespace that begins so itself."""
        others = (lead for lead in self.leads if lead not in prefixes and lead.startswith(prefixes))
        return KeySelection(prefixes, tuple(dict.fromkeys(others)))

    def every_key_but(self, *prefixes: str) -> KeySelection:
        """Select the keys that begin with none of these."""
        return KeySelection(exclude=prefixes)

    def table(self, name: str, schema: TableSchema | None = None) -> TransferPlace:
        """Return the place of a table's rows."""
        return TransferPlace(self.target, self.backend, self.location, name, schema=schema)


def stores_of(new: Catalog, old: Catalog | None) -> tuple[DataStore, ...]:
    """Return every store of both configs once, under the new config's name where both name it; then the defaults elsewhere."""
    found: dict[tuple[str, str], DataStore] = {}
    for catalog in filter(None, (new, old)):
        for backend in catalog.backends:
            store = store_of(catalog, backend)
            if store is None:
                continue
            known = found.get(store.identity)
            leads = (*(known.leads if known else ()), *store.leads)
            found[store.identity] = replace(known or store, leads=tuple(dict.fromkeys(leads)))
    if old is None:
        named = tuple(found.values())
        for other in (
            *(each for store in named for each in _elsewhere(new, store)),
            *_files_of_0_2(new, named),
        ):
            found.setdefault(other.identity, other)
    return tuple(found.values())


def store_of(catalog: Catalog, backend: Backend) -> DataStore | None:
    """Return a backend's store; None where it has no target, or one that ends with its server."""
    target = backend.target
    if target is None or (isinstance(target, SqliteTarget) and target.is_memory):
        return None
    container = ""
    if backend.family is Family.KV:
        container = KEY_VALUE_TABLE if isinstance(target, SqliteTarget) else container_of(backend)
    references = (each for each in catalog.references_to(backend.name) if each.family is Family.KV)
    leads = tuple(f"{each.namespace}:" for each in references if each.namespace)
    return DataStore(target, backend.name, backend.location, backend.family, container, leads)


def absent_files(catalog: Catalog) -> tuple[str, ...]:
    """Return the files of a catalog's backends that are not there, or hold nothing at all."""
    found = (
        store_of(catalog, backend) for backend in catalog.backends if catalog.references_to(backend.name)
    )
    paths = [store.target.path for store in found if store and isinstance(store.target, SqliteTarget)]
    return tuple(dict.fromkeys(str(path) for path in paths if not path.exists() or not path.stat().st_size))


def _elsewhere(new: Catalog, store: DataStore) -> Iterator[DataStore]:
    """Yield where a store would be under the default names of releases before 0.8."""
    if new.version.chosen < changes.OGX:
        return
    target = store.target
    targets: list[Target] = []
    if isinstance(target, PostgresTarget):
        if target.database == DATABASES[1]:
            targets.append(replace(target, database=DATABASES[0]))
        if target.table == _NEW_KEY_TABLE:
            targets += [replace(each, table=_OLD_KEY_TABLE) for each in (target, *targets)]  # type: ignore[type-var]
    elif isinstance(target, SqliteTarget) and FOLDERS[1] in str(target.path):
        targets.append(replace(target, path=Path(str(target.path).replace(FOLDERS[1], FOLDERS[0], 1))))
    for each in targets:
        table = each.table if isinstance(each, PostgresTarget) and each.table else store.container
        yield replace(store, target=each, location=each.location, container=table, is_elsewhere=True)


def _files_of_0_2(new: Catalog, stores: Iterable[DataStore]) -> Iterator[DataStore]:
    """Yield the files of 0.2 that are there: beside those of the config, and in the folders of its distribution."""
    folders = [store.target.path.parent for store in stores if isinstance(store.target, SqliteTarget)]
    if new.distribution:
        bases = [os.environ.get("LLAMA_STACK_CONFIG_DIR") or Path.home() / ".llama", Path.home() / ".ogx"]
        folders += [Path(base) / "distributions" / new.distribution for base in bases]
    for folder in dict.fromkeys(folders):
        for family, names in ((Family.KV, KEY_FILES_OF_0_2), (Family.SQL, TABLE_FILES_OF_0_2)):
            for path in (folder / name for name in names):
                if path.is_file():
                    table = KEY_VALUE_TABLE if family is Family.KV else None
                    target = SqliteTarget(path, table)
                    yield DataStore(target, path.name, str(path), family, table or "", is_elsewhere=True)


class Readers:
    """Readers of the stores of a plan, opened on first use and closed together."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: dict[Target, Reader] = {}
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for reader in self._open.values():
            await reader.close()

    async def of(self, store: DataStore) -> Reader:
        """Return the reader of a store."""
        async with self._opening:
            if store.target not in self._open:
                self._open[store.target] = await self._session.other_reader(store.target)
            return self._open[store.target]

    async def contact(self, store: DataStore) -> BackendError | None:
        """Return why a store cannot be looked at; None where it can, or is not there."""
        try:
            reader = await self.of(store)
            if store.family is Family.KV:
                await reader.key_values.page(store.selection(), limit=1)
            else:
                await reader.tables.table("")
        except NotFoundError:
            return None
        except BackendError as error:
            return None if error.failure in _NOT_THERE else error
        return None

    async def has_keys(self, store: DataStore, *prefixes: str) -> bool:
        """Tell whether there are keys that begin so; False also where the store is not there."""
        try:
            reader = await self.of(store)
            return bool((await reader.key_values.page(store.selection(*prefixes), limit=1, exact=True)).keys)
        except (BackendError, NotFoundError) as error:
            return _absent(error)

    async def count_keys(self, store: DataStore, selection: KeySelection) -> int:
        """Count keys exactly; 0 where the store is not there."""
        try:
            reader = await self.of(store)
            return (await reader.key_values.count(selection)).value
        except (BackendError, NotFoundError) as error:
            return int(_absent(error))

    async def values(self, store: DataStore, *prefixes: str) -> dict[str, str]:
        """Return the values that are text, by their keys."""
        found: dict[str, str] = {}
        reader = await self.of(store)
        async for batch in reader.key_values.stream(store.selection(*prefixes)):
            for stored in batch:
                if isinstance(stored.entry.key, str) and isinstance(stored.value, str):
                    found[stored.entry.key] = stored.value
        return found

    async def table(self, store: DataStore, name: str) -> Table | None:
        """Describe a table that has rows; None where it has none, or is not there."""
        try:
            reader = await self.of(store)
            table = await reader.tables.table(name)
            if table is None or table.is_view:
                return None
            return table if (await reader.tables.page(RowQuery(name, limit=1))).rows else None
        except (BackendError, NotFoundError) as error:
            _absent(error)
            return None


def _absent(error: BackendError | NotFoundError) -> bool:
    """Return False where an error only says that a store is not there; raises it else."""
    if isinstance(error, BackendError) and error.failure not in _NOT_THERE:
        raise error
    return False


def key_table_of(place: TransferPlace, version: Version) -> TransferPlace:
    """Return a place of keys with the table that servers of the version make for them, where it is not what is made anyway."""
    is_other = isinstance(place.target, PostgresTarget) and version < changes.EXPIRY_INDEXED
    if place.keys is None or not is_other:
        return place
    columns = (
        ColumnSchema("key", StoredKind.TEXT, is_nullable=False, is_primary_key=True),
        ColumnSchema("value", StoredKind.TEXT),
        ColumnSchema("expiration", StoredKind.DATETIME),
    )
    return replace(place, schema=TableSchema(place.container, columns))


def same_place(one: TransferPlace, other: TransferPlace) -> bool:
    """Tell whether two places of rows are one table."""
    return _identity(one.target) == _identity(other.target) and one.container == other.container


def _identity(target: Target) -> str:
    return os.path.realpath(target.path) if isinstance(target, SqliteTarget) else target.location


def unique(names: Iterable[str], wanted: str, *, location: str) -> str:
    """Return a name that no other item of a plan has: with where it comes from, and a number if that is not enough."""
    taken = set(names)
    if wanted not in taken:
        return wanted
    base = f"{wanted} of {location}"
    return next(
        name
        for name in (base, *(f"{base} ({number})" for number in range(2, len(taken) + 3)))
        if name not in taken
    )
