"""Where families of objects lie: by what a server of the chosen version does with the references of the config."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.catalog import Catalog, Family, Reference
from llama_storage_tui.model.objects import KeyLayout, ObjectFamily, ObjectPlace, TableLayout
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.upstream.objects import FAMILIES


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Rows of a table."""

    place: ObjectPlace
    table: str
    layout: TableLayout


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Values under keys: `lead` stands before each raw key, `keys` are those of the layout that can be there."""

    place: ObjectPlace
    lead: str
    keys: tuple[str, ...]
    shape: str

    @property
    def heads(self) -> tuple[str, ...]:
        """What the stored keys begin with."""
        return tuple(dict.fromkeys(self.lead + key.partition("{id}")[0] for key in self.keys))

    @property
    def has_no_tails(self) -> bool:
        """Whether every key that begins so can be an object."""
        return all(key.endswith("{id}") for key in self.keys)

    def id_of(self, key: str) -> str | None:
        """Return the id in a stored key; None for a key that is another family's."""
        for pattern in self.keys:
            head, _, tail = pattern.partition("{id}")
            head = self.lead + head
            if key.startswith(head) and key.endswith(tail) and len(key) > len(head) + len(tail):
                id_ = key[len(head) : len(key) - len(tail)]
                if re.fullmatch(self.shape, id_):
                    return id_
        return None

    def stored_keys(self, id_: str) -> tuple[str, ...]:
        """Return the keys that an object of that id can have."""
        if not re.fullmatch(self.shape, id_):
            return ()
        return tuple(self.lead + key.replace("{id}", id_) for key in self.keys)


Place = TablePlace | KeyPlace


def places_of(catalog: Catalog, family: ObjectFamily) -> tuple[Place, ...]:
    """Return each place where a server of the chosen version keeps a family; none where the config leads to none."""
    found: dict[tuple[str, str, tuple[str, ...]], Place] = {}
    for layout in family.layouts:
        for reference in catalog.references:
            for place in _places(catalog, layout, reference):
                where = place.place
                found.setdefault((where.backend, where.table or "", where.prefixes), place)
    return tuple(found.values())


def needed_places(catalog: Catalog, family: ObjectFamily) -> tuple[Place, ...]:
    """Return the places of a family; raises NotFoundError, with the families that there are."""
    found = places_of(catalog, family)
    if not found:
        there = ", ".join(each.name for each in FAMILIES if places_of(catalog, each)) or "none"
        raise NotFoundError(
            f"A server of version {catalog.version.chosen} keeps no {family.name} with this config",
            where=catalog.config,
            help=Advice(f"It keeps: {there}.", Step.READ_AS_VERSION),
        )
    return found


def _places(catalog: Catalog, layout: TableLayout | KeyLayout, reference: Reference) -> Iterator[Place]:
    physical = reference.physical
    if physical is None or not reference.is_enabled or reference.backend is None:
        return
    if catalog.backend(reference.backend) is None:
        return
    if isinstance(layout, TableLayout):
        table = _table(layout, reference) if reference.family is Family.SQL else None
        if table is not None:
            yield TablePlace(ObjectPlace(reference.backend, reference.path, table), table, layout)
    elif reference.family is Family.KV and re.fullmatch(layout.paths, reference.path):
        lead = f"{reference.namespace}:" if reference.namespace else ""
        if physical.prefixes == (lead,):
            keys = layout.keys
        else:
            # The store keeps no namespaces: a provider's raw keys are those of its own kind.
            lead, keys = "", tuple(key for key in layout.keys if key.startswith(physical.prefixes))
        if keys:
            place = KeyPlace(ObjectPlace(reference.backend, reference.path), lead, keys, layout.shape)
            where = ObjectPlace(reference.backend, reference.path, prefixes=place.heads)
            yield KeyPlace(where, lead, keys, layout.shape)


def _table(layout: TableLayout, reference: Reference) -> str | None:
    tables = reference.physical.tables if reference.physical else ()
    if layout.table is not None:
        return layout.table if layout.table in tables else None
    return tables[0] if tables and re.fullmatch(layout.paths, reference.path) else None
