"""What a config leads a server of a version to: the tables, and the beginnings of the keys that it really reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Catalog, Family, Physical, Reference, ReferenceKind
from llama_storage_tui.model.families import KeyLayout
from llama_storage_tui.services.migration.plan_context import consumer_of
from llama_storage_tui.upstream.consumers import PROMPT_KEYS, QUOTA_KEYS, store_layouts
from llama_storage_tui.upstream.families import FAMILIES
from llama_storage_tui.upstream.registered import FAISS_INDEX
from llama_storage_tui.upstream.upgrades import exact_heads

Place = tuple[str, str]
"""Where keys or tables are: the backend's location and, for keys, their container."""


@dataclass(frozen=True, slots=True)
class StoreReading:
    """One reference with what a server reads through it.

    `heads` are what the stored keys begin with, the namespace included; empty where every key of the container is meant.
    """

    reference: Reference
    backend: Backend
    physical: Physical
    lead: str
    heads: tuple[str, ...]

    @property
    def is_key_value(self) -> bool:
        """Whether it leads to keys, not to tables."""
        return self.reference.family is Family.KV

    @property
    def location(self) -> str:
        """Where that is, as the server names it: a file that is read elsewhere has the server's path."""
        path = self.backend.value_of("db_path")
        return path if isinstance(path, str) and path else self.backend.location

    @property
    def place(self) -> Place:
        """Where its keys or tables are."""
        if not self.is_key_value:
            return self.location, ""
        # An inline store of 0.2 that names no table has its release's own.
        return self.location, self.physical.container or str(self.backend.value_of("table_name") or "")


NOT_STARTED: Final = frozenset({"unknown-api", "unknown-provider", "api-takes-no-providers"})
"""Rules of the findings on providers that no server of the version starts."""


def not_started(catalog: Catalog, path: str) -> bool:
    """Tell whether a reference belongs to a provider that a server of the chosen version does not start."""
    places = (finding.where for finding in catalog.findings if finding.rule in NOT_STARTED)
    return any(path.startswith((f"{place.removesuffix('.provider_type')}.", f"{place}[")) for place in places)


def readings(catalog: Catalog) -> tuple[StoreReading, ...]:
    """Return what a server of the chosen version reads with a config, in the order of its references."""
    found = []
    places = Counter(_location(catalog, reference) for reference in catalog.references)
    for reference in catalog.references:
        backend = catalog.backend(reference.backend) if reference.backend is not None else None
        is_used = reference.is_enabled and not not_started(catalog, reference.path)
        if backend is None or reference.physical is None or not is_used:
            continue
        is_alone = places[_location(catalog, reference)] == 1
        found.append(_reading(catalog, reference, backend, reference.physical, is_alone=is_alone))
    return tuple(found)


def _location(catalog: Catalog, reference: Reference) -> str:
    backend = catalog.backend(reference.backend) if reference.backend is not None else None
    return backend.location if backend is not None else ""


def _reading(
    catalog: Catalog, reference: Reference, backend: Backend, physical: Physical, *, is_alone: bool
) -> StoreReading:
    if reference.family is not Family.KV:
        return StoreReading(reference, backend, physical, "", ())
    lead = f"{reference.namespace}:" if reference.namespace else ""
    lead = lead if physical.prefixes == (lead,) else ""
    raw = _raw_heads(catalog, reference)
    if catalog.is_legacy:
        # An inline store has its file to itself, whatever its provider keeps there.
        raw = () if is_alone and not lead else _family_heads(reference)
    heads = tuple(lead + head for head in exact_heads(raw, catalog.version.chosen))
    return StoreReading(reference, backend, physical, lead, heads or physical.prefixes)


def _raw_heads(catalog: Catalog, reference: Reference) -> tuple[str, ...]:
    """Return the beginnings of keys that the reader of a reference uses, without namespace; none of one that nobody knows."""
    if reference.kind is ReferenceKind.STORE:
        layout = store_layouts(catalog.version.chosen).get(reference.name)
        return layout.keys if layout is not None else ()
    if reference.kind is ReferenceKind.SERVER:
        return QUOTA_KEYS
    if reference.kind is ReferenceKind.IMPLICIT:
        return PROMPT_KEYS
    consumer = consumer_of(catalog, reference)
    return consumer.keys if consumer is not None else ()


def _family_heads(reference: Reference) -> tuple[str, ...]:
    """Return the beginnings of the keys that lie at an inline store of 0.2."""
    found = dict.fromkeys(
        key.partition("{id}")[0]
        for family in FAMILIES
        for layout in family.layouts
        if isinstance(layout, KeyLayout) and re.fullmatch(layout.paths, reference.path)
        for key in layout.keys
    )
    is_vectors = reference.path.startswith("providers.vector_io[")
    return (*found, *((FAISS_INDEX, "vector_dbs:") if is_vectors else ()))


def common(left: Iterable[str], right: Iterable[str]) -> tuple[str, ...]:
    """Return the beginnings of the texts that begin with one of `left` and with one of `right`; the longer of each pair."""
    return tuple(
        sorted(
            {
                max(one, other, key=len)
                for one in left
                for other in right
                if one.startswith(other) or other.startswith(one)
            }
        )
    )
