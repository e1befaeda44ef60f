"""What every part of a plan needs, and what it adds to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Tenancy
from llama_storage_tui.model.catalog import Catalog, Family, Reference
from llama_storage_tui.model.transfer import DataPlan, PlanChoices, Stays, TableSchema, TransferItem, Unseen
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.migration.stores import DataStore, Readers, key_table_of, store_of, unique
from llama_storage_tui.upstream.consumers import Consumer, find_consumer, keeps_namespaces
from llama_storage_tui.upstream.table_schemas import table_schema


@dataclass(slots=True)
class PlanContext:
    """A plan while it is made."""

    new: Catalog
    old: Catalog | None
    choices: PlanChoices
    readers: Readers
    stores: tuple[DataStore, ...]
    items: list[TransferItem] = field(default_factory=list)
    stays: list[Stays] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    ownerless: list[str] = field(default_factory=list)
    """Tables with rows without an owner, and how many, in words."""

    absent: tuple[str, ...] = ()
    """The files of the config that wrote the data which are not there, or are empty."""
    unseen: tuple[Unseen, ...] = ()
    """Stores that could not be looked at."""

    @property
    def version(self) -> Version:
        """The version that is to read the data."""
        return self.new.version.chosen

    @property
    def product(self) -> str:
        """That version as people say it."""
        return f"{self.version.product} {self.version}"

    @property
    def tenant(self) -> str | None:
        """The tenant to give to rows that have none, where the version asks for one."""
        return self.choices.tenant if self.new.access.tenancy is Tenancy.MULTI else None

    @property
    def has_tenants(self) -> bool:
        """Whether tables of owners have a column for the tenant."""
        return self.new.access.tenancy is not Tenancy.DISABLED

    def schema(self, name: str, *, table: str = "") -> TableSchema | None:
        """Return a table as the new version creates it; None where it has no such table."""
        return table_schema(name, self.version, table=table, has_tenants=self.has_tenants)

    def add(self, item: TransferItem) -> None:
        """Take an item in, under a name that no other has."""
        names = [each.what for each in self.items]
        self.items.append(
            replace(
                item,
                target=key_table_of(item.target, self.version),
                what=unique(names, item.what, location=f"{item.source.container} on {item.source.backend}"),
            )
        )

    def leave(self, what: str, count: int | None, reason: str) -> None:
        """Say what stays where it is."""
        self.stays.append(Stays(what, count, reason))

    def notice(self, text: str) -> None:
        """Say something once."""
        if text not in self.notices:
            self.notices.append(text)

    def plan(self) -> DataPlan:
        """Return what was gathered."""
        return DataPlan(tuple(self.items), tuple(self.stays), tuple(self.notices), self.absent, self.unseen)

    def references(
        self, catalog: Catalog, paths: str, family: Family
    ) -> Iterator[tuple[Reference, DataStore]]:
        """Yield the references that lead to something, with the stores that they lead to."""
        for reference in catalog.references:
            if reference.family is not family or reference.physical is None or reference.backend is None:
                continue
            if not reference.is_enabled or not re.fullmatch(paths, reference.path):
                continue
            backend = catalog.backend(reference.backend)
            store = store_of(catalog, backend) if backend is not None else None
            found = None if store is None else self._seen(store)
            if found is not None:
                yield reference, found

    def _seen(self, store: DataStore) -> DataStore | None:
        return next((each for each in self.stores if each.identity == store.identity), None)

    def nowhere(self, paths: str) -> str:
        """Return why no reference of the new config tells where something goes."""
        for reference in self.new.references:
            if re.fullmatch(paths, reference.path) and reference.backend in {
                each.backend for each in self.unseen
            }:
                return f"{self.product} would keep them on {reference.backend}, which could not be read"
        return f"the config names no place where {self.product} would keep them"

    def lead(self, reference: Reference) -> str:
        """Return what a server of the new version puts before the keys of one of its references."""
        backend = self.new.backend(reference.backend or "")
        is_kept = backend is not None and keeps_namespaces(backend.type, self.version)
        return f"{reference.namespace}:" if reference.namespace and is_kept else ""


def consumer_of(catalog: Catalog, reference: Reference) -> Consumer | None:
    """Return what reads a provider's reference in the version that a config is for; None where nothing does."""
    for provider in catalog.providers:
        if reference.path.startswith(f"{provider.path}.config."):
            steps = tuple(reference.path.removeprefix(f"{provider.path}.config.").split("."))
            return find_consumer(provider.api, provider.type, steps, catalog.version.chosen)
    return None
