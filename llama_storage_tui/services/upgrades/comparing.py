"""Where each store's rows are under one version, and where another version looks for them: nothing is contacted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.upgrades.reading import StoreReading, common, not_started, readings
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.registered import REGISTRY_OF_0_2
from llama_storage_tui.upstream.upgrades import IN_TABLES, NO_LONGER_SERVED, NoLongerServed

ROLES: Final = {
    "metadata_store": "storage.stores.metadata",
    "inference_store": "storage.stores.inference",
    "inference_store.sql_store_config": "storage.stores.inference",
    "conversations_store": "storage.stores.conversations",
    "image_name": "storage.stores.prompts",
}
"""Where later releases configure what 0.2 did: paths of inline stores, and of what its server kept by itself."""
SUCCESSORS: Final = {
    "kvstore": ("persistence", "kvstore", "sqlstore"),
    "persistence_store": ("persistence.agent_state",),
    "responses_store": ("persistence.responses",),
}
"""The same inside a provider's config."""


@dataclass(frozen=True, slots=True)
class StoreComparison:
    """A reference under the old version, what the new one reads of it, and why the rest is invisible.

    `heads` and `tables` are those that stay visible; `ended` what the new version serves no more, with the key beginnings that
    such records have here.
    """

    before: StoreReading
    after: StoreReading | None
    heads: tuple[str, ...]
    tables: tuple[str, ...]
    ended: tuple[tuple[NoLongerServed, tuple[str, ...]], ...]
    reason: str


def compare(old: Catalog, new: Catalog) -> tuple[StoreComparison, ...]:
    """Return for each reference that the old version reads what the new one does with it."""
    after = readings(new)
    return tuple(_compared(before, after, old, new) for before in readings(old))


def _compared(
    before: StoreReading, after: Sequence[StoreReading], old: Catalog, new: Catalog
) -> StoreComparison:
    there = [
        each for each in after if each.place == before.place and each.is_key_value == before.is_key_value
    ]
    version = new.version.chosen
    heads = common(before.heads or ("",), [head for each in there for head in each.heads or ("",)])
    tables = tuple(
        table for table in before.physical.tables if any(table in each.physical.tables for each in there)
    )
    successor = _successor(before, after)
    ended = tuple(_ended(before, old.version.chosen, version))
    reason = _reason(before, successor, there, heads, tables, version)
    if reason and successor is None and not_started(new, before.reference.path):
        server = f"{version.product} {version}"
        reason = (
            f"with this file {server} does not start {before.reference.label}, and reads none of its rows"
        )
    return StoreComparison(before, successor, heads, tables, ended, reason)


def _successor(before: StoreReading, after: Sequence[StoreReading]) -> StoreReading | None:
    """Return what the new version configures at the same place of the config, or where it moved to."""
    path = before.reference.path
    parent, _, last = path.rpartition(".config.")
    wanted = [path, ROLES.get(path, "")]
    # A reference in the middle of a provider's config keeps its way there.
    wanted += [
        f"{parent.replace('providers.agents', api)}.config.{name}"
        for name in (last, *SUCCESSORS.get(last, ()))
        for api in ("providers.agents", "providers.responses")
        if parent
    ]
    by_path = {each.reference.path: each for each in after}
    return next((by_path[each] for each in wanted if each in by_path), None)


def _ended(before: StoreReading, old: Version, new: Version) -> list[tuple[NoLongerServed, tuple[str, ...]]]:
    found: list[tuple[NoLongerServed, tuple[str, ...]]] = []
    for each in NO_LONGER_SERVED:
        if not old < each.since <= new:
            continue
        if before.is_key_value:
            heads = common(before.heads or ("",), (before.lead + key for key in each.keys))
            if heads:
                found.append((each, heads))
        elif set(each.tables) & set(before.physical.tables):
            found.append((each, ()))
    return found


def _reason(
    before: StoreReading,
    successor: StoreReading | None,
    there: Sequence[StoreReading],
    heads: tuple[str, ...],
    tables: tuple[str, ...],
    version: Version,
) -> str:
    """Say why rows are not seen; empty where all of them are."""
    if before.is_key_value and before.heads and set(before.heads) <= set(heads):
        return ""
    if not before.is_key_value and set(before.physical.tables) <= set(tables):
        return ""
    server = f"{version.product} {version}"
    if not there:
        return _elsewhere(before, successor, server)
    if before.is_key_value:
        return _keys_reason(before, successor, version)
    missing = ", ".join([table for table in before.physical.tables if table not in tables])
    if successor is not None and successor.physical.tables:
        return f"{server} reads {', '.join(successor.physical.tables)} in place of {missing}"
    return f"{server} does not read {missing}"


def _elsewhere(before: StoreReading, successor: StoreReading | None, server: str) -> str:
    if successor is None:
        return f"with this file {server} does not read {before.location} at all"
    if successor.is_key_value != before.is_key_value:
        return _into_tables(before, successor, server)
    location = successor.location
    if location == before.location:
        location = f"{location}, {successor.physical.container}"
    implied = ", its own default," if successor.backend.is_implied or successor.reference.is_defaulted else ""
    return f"with this file {server} reads {location}{implied} in place of {_container(before)}"


def _container(before: StoreReading) -> str:
    location, container = before.place
    return f"{location}, {container}" if container and before.backend.type.endswith("postgres") else location


def _into_tables(before: StoreReading, successor: StoreReading, server: str) -> str:
    tables = ", ".join(successor.physical.tables)
    return f"{server} keeps them in tables ({tables}), and no release copies the keys of {before.backend.name} there"


def _keys_reason(before: StoreReading, successor: StoreReading | None, version: Version) -> str:
    server = f"{version.product} {version}"
    if successor is not None and not successor.is_key_value:
        return _into_tables(before, successor, server)
    moved = [table for key, table in IN_TABLES.items() if before.lead + key in before.heads]
    if moved and version >= changes.SQL_PROMPTS:
        return f"{server} keeps them in a table ({', '.join(moved)}), and no release copies the keys there"
    if before.lead == "" and successor is not None and successor.lead:
        return f"{server} reads {successor.lead}KEY; these keys have no namespace, as kv_sqlite wrote them before 1.0"
    if any(head.endswith(REGISTRY_OF_0_2) for head in before.heads) or not before.heads:
        return f"{server} does not read keys in the form of 0.2"
    if before.lead and successor is not None and successor.lead != before.lead:
        return f"{server} reads the namespace {successor.reference.namespace} in place of {before.reference.namespace}"
    return f"{server} reads no such keys"
