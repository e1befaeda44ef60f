"""Where families of records lie: by what a server of the chosen version does with the references of the config."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.catalog import Catalog, Family, Reference
from llama_storage_tui.model.families import KeyLayout, KeyPlace, Place, RecordFamily, TableLayout, TablePlace
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.upstream.families import OBJECTS


def places_of(catalog: Catalog, family: RecordFamily) -> tuple[Place, ...]:
    """Return each place where a server of the chosen version keeps a family; none where the config leads to none."""
    found: dict[tuple[str, str, tuple[str, ...]], Place] = {}
    for layout in family.layouts:
        for reference in _usable(catalog):
            for place in _places(layout, reference):
                found.setdefault((place.backend, place.table or "", place.prefixes), place)
    return tuple(found.values())


def table_places(catalog: Catalog, *layouts: TableLayout) -> tuple[TablePlace, ...]:
    """Return each table of some layouts, in the order of the references; none where the config leads to none."""
    found: dict[tuple[str, str], TablePlace] = {}
    for layout in layouts:
        for reference in _usable(catalog):
            for place in _tables(layout, reference):
                found.setdefault((place.backend, place.table), place)
    return tuple(found.values())


def needed_places(catalog: Catalog, family: RecordFamily) -> tuple[Place, ...]:
    """Return the places of a family; raises NotFoundError, with the setting that leads there or the families that there are."""
    found = places_of(catalog, family)
    if found:
        return found
    if family.kept_where:
        there = f"They are kept where {family.kept_where}."
    else:
        names = ", ".join(each.name for each in OBJECTS if places_of(catalog, each)) or "none"
        there = f"It keeps: {names}."
    raise NotFoundError(
        f"A server of version {catalog.version.chosen} keeps no {family.words} with this config",
        where=catalog.config,
        help=Advice(there, Step.READ_AS_VERSION),
    )


def needed_tables(catalog: Catalog, family: RecordFamily) -> tuple[TablePlace, ...]:
    """Return the tables of a family that lies in nothing else; raises as `needed_places` does."""
    return tuple(place for place in needed_places(catalog, family) if isinstance(place, TablePlace))


def _usable(catalog: Catalog) -> Iterable[Reference]:
    return (
        reference
        for reference in catalog.references
        if reference.physical is not None
        and reference.is_enabled
        and reference.backend is not None
        and catalog.backend(reference.backend) is not None
    )


def _places(layout: TableLayout | KeyLayout, reference: Reference) -> Iterator[Place]:
    if isinstance(layout, TableLayout):
        yield from _tables(layout, reference)
    elif reference.family is Family.KV and re.fullmatch(layout.paths, reference.path):
        lead = f"{reference.namespace}:" if reference.namespace else ""
        prefixes = reference.physical.prefixes if reference.physical else ()
        if prefixes == (lead,):
            keys = layout.keys
        else:
            # The store keeps no namespaces: a provider's raw keys are those of its own kind.
            lead, keys = "", tuple(key for key in layout.keys if key.startswith(prefixes))
        if keys and reference.backend is not None:
            yield KeyPlace(reference.backend, reference.path, lead, keys, layout.shape)


def _tables(layout: TableLayout, reference: Reference) -> Iterator[TablePlace]:
    if reference.family is not Family.SQL or reference.backend is None or reference.physical is None:
        return
    if layout.paths and not re.fullmatch(layout.paths, reference.path):
        return
    tables = reference.physical.tables
    name = layout.table if layout.table is not None else next(iter(tables), None)
    if name is not None and name in tables:
        yield TablePlace(reference.backend, name, reference.path, layout)
