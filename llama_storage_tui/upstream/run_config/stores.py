"""`storage.stores`: which stores a version has, what a reference to a backend looks like, and what is filled in when it is absent.

Source: `core/storage/datatypes.py` for the shapes and defaults, `core/stack.py` and the services for what a start needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.changes import DatedFromCatalog
from llama_storage_tui.upstream.run_config.facts import ByName, ByType, Fact, Maybe, Shape, shape
from llama_storage_tui.upstream.run_config.storage import BACKENDS

_DEFAULTS: Final = Version(0, 4, 0)
_CONNECTORS: Final = Version(0, 5, 0)
_ALL_SQL: Final = Version(1, 0, 0)
_SWITCH: Final = Version(1, 4, 0)

_QUEUE: Final = (Fact("max_write_queue_size", int, 10000), Fact("num_writers", int, 4))

KV_REFERENCE: Final = shape("KvReference", Fact("backend", str), Fact("namespace", str))

SQL_REFERENCE: Final = shape("SqlReference", Fact("backend", str), Fact("table_name", str))

INFERENCE_REFERENCE: Final = shape(
    "InferenceReference",
    *SQL_REFERENCE.facts,
    *_QUEUE,
    Fact("enabled", bool, default=True, since=_SWITCH),
)

RESPONSES_REFERENCE: Final = shape(
    "ResponsesReference",
    Fact("backend", str),
    Fact("table_name", str, until=_CONNECTORS),
    Fact("table_name", str, "openai_responses", since=_CONNECTORS),
    *_QUEUE,
)


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """One of the server's own stores in one version.

    `default` is the reference that a server fills in where the file names none (None: the store is then null).
    `is_checked_at_load` says whether the version's loader compares the reference with the backends. A null store that
    `is_required_at_start` stops the server; with `required_by` only if that API is served.
    """

    name: str
    family: Family
    default: Mapping[str, str] | None
    is_checked_at_load: bool = True
    has_queue: bool = False
    is_required_at_start: bool = False
    required_by: str | None = None


@dataclass(frozen=True, slots=True)
class StoreEntry(DatedFromCatalog):
    """A row of the table below: a store as some versions have it."""

    spec: StoreSpec
    shape: Shape


def _kv(name: str, namespace: str | None, *, is_checked_at_load: bool = True) -> StoreSpec:
    default = None if namespace is None else {"backend": "kv_default", "namespace": namespace}
    return StoreSpec(name, Family.KV, default, is_checked_at_load, is_required_at_start=True)


def _sql(name: str, table: str | None, *, is_required_at_start: bool = True) -> StoreSpec:
    default = None if table is None else {"backend": "sql_default", "table_name": table}
    return StoreSpec(name, Family.SQL, default, is_required_at_start=is_required_at_start)


def _inference(table: str | None) -> StoreSpec:
    default = None if table is None else {"backend": "sql_default", "table_name": table}
    return StoreSpec("inference", Family.SQL, default, has_queue=True, required_by="inference")


_STORES: Final = (
    StoreEntry(_kv("metadata", None), KV_REFERENCE, until=_DEFAULTS),
    StoreEntry(_kv("metadata", "registry"), KV_REFERENCE, since=_DEFAULTS),
    StoreEntry(_inference(None), INFERENCE_REFERENCE, until=_DEFAULTS),
    StoreEntry(_inference("inference_store"), INFERENCE_REFERENCE, since=_DEFAULTS),
    StoreEntry(_sql("conversations", None), SQL_REFERENCE, until=_DEFAULTS),
    StoreEntry(_sql("conversations", "openai_conversations"), SQL_REFERENCE, since=_DEFAULTS),
    StoreEntry(StoreSpec("responses", Family.SQL, None, has_queue=True), RESPONSES_REFERENCE),
    StoreEntry(_kv("prompts", "prompts"), KV_REFERENCE, since=_DEFAULTS, until=_ALL_SQL),
    StoreEntry(_sql("prompts", "prompts"), SQL_REFERENCE, since=_ALL_SQL),
    StoreEntry(
        _kv("connectors", "connectors", is_checked_at_load=False),
        KV_REFERENCE,
        since=_CONNECTORS,
        until=_ALL_SQL,
    ),
    StoreEntry(_sql("connectors", "connectors"), SQL_REFERENCE, since=_ALL_SQL),
    StoreEntry(_sql("vector_stores", None, is_required_at_start=False), SQL_REFERENCE, since=_ALL_SQL),
)


def store_entries(name: str) -> Sequence[StoreEntry]:
    """Return the entries of a store, each with the releases that have it so."""
    return [entry for entry in _STORES if entry.spec.name == name]


@cache
def default_stores(version: Version) -> Mapping[str, StoreSpec]:
    """Return the stores that a server of that version has, by name."""
    return {store.spec.name: store.spec for store in _STORES if store.holds_for(version)}


def store_shape(name: str, version: Version) -> Shape | None:
    """Return the shape of the reference that a store holds; None where the version has no such store."""
    return next(
        (store.shape for store in _STORES if store.spec.name == name and store.holds_for(version)), None
    )


STORES: Final = shape(
    "Stores",
    *(
        Fact(store.spec.name, Maybe(store.shape), None, since=store.since, until=store.until)
        for store in _STORES
    ),
)

STORAGE: Final = shape(
    "Storage",
    Fact("backends", ByName(ByType(tuple(BACKENDS.values()))), until=_DEFAULTS),
    Fact("backends", ByName(ByType(tuple(BACKENDS.values()))), None, since=_DEFAULTS),
    Fact("stores", STORES, None),
)
