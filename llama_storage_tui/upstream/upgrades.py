"""What a newer release does with the rows of an older one: what it no longer serves, and what it rewrites when it starts.

Read from the packages of llama-stack 0.2.24 to 0.7.3 and ogx 0.8.0 to 1.5.0; the data of a 0.2.24 server was read through servers
of 0.3.5, 0.7.3 and 1.5.0.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes, data_kinds
from llama_storage_tui.upstream.consumers import QUOTA_KEYS, REGISTRY_KEYS, V1_1, V1_3


@dataclass(frozen=True, slots=True)
class NoLongerServed:
    """Something that servers keep until the release `since` takes its API away: raw key beginnings, or tables."""

    what: str
    since: Version
    reason: str
    keys: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


def _registered(what: str, type_: str, since: Version) -> NoLongerServed:
    return NoLongerServed(
        what,
        since,
        f"{what} are no longer registered from {since} on",
        tuple(f"{head}{type_}:" for head in data_kinds.REGISTRY.heads),
    )


NO_LONGER_SERVED: Final = (
    NoLongerServed(
        "agents with their sessions and turns",
        changes.AGENTS_REMOVED,
        "the agents API is gone from 0.7.0 on",
        data_kinds.AGENTS.heads,
    ),
    NoLongerServed(
        "datasets",
        changes.EVALUATION_REMOVED,
        "the datasetio API is gone from 0.8.0 on",
        (*data_kinds.LOCALFS_DATASETS.heads, *data_kinds.HUGGINGFACE_DATASETS.heads),
    ),
    NoLongerServed(
        "benchmarks",
        changes.EVALUATION_REMOVED,
        "the eval API is gone from 0.8.0 on",
        data_kinds.BENCHMARKS.heads,
    ),
    NoLongerServed("quota counters", changes.QUOTA_REMOVED, "server.quota is gone from 1.0.0 on", QUOTA_KEYS),
    NoLongerServed(
        "traces",
        changes.CATALOG,
        "servers store no traces from 0.3.0 on",
        tables=("traces", "spans", "span_events"),
    ),
    _registered("registered datasets", "dataset", changes.EVALUATION_REMOVED),
    _registered("registered scoring functions", "scoring_function", changes.EVALUATION_REMOVED),
    _registered("registered benchmarks", "benchmark", changes.EVALUATION_REMOVED),
    _registered("registered shields", "shield", changes.SAFETY_REMOVED),
)
"""In the order in which they are reported. A quota's window begins anew before 1.0, too."""


IN_TABLES: Final = {
    data_kinds.PROMPT_HEAD: "prompts",
    data_kinds.CONNECTOR_HEAD: "connectors",
    data_kinds.BATCH_HEAD: "batches",
}
"""Keys whose records lie in a table from ogx 1.0 on; no release copies them."""


@dataclass(frozen=True, slots=True)
class ServerRewrite:
    """What a server changes in a store by itself at its first start, from the release `since` on.

    `table` is the one that is changed, `{responses}` that of the responses provider; empty where it is none that is there before.
    """

    since: Version
    what: str
    cost: str
    table: str = ""


RESPONSES_TABLE: Final = "{responses}"
_ADDS: Final = "ALTER TABLE, quick at any size; on PostgreSQL the role must own the table"

REWRITES: Final = (
    ServerRewrite(
        V1_1,
        "adds the columns previous_response_id and input_storage_mode to {table}",
        _ADDS,
        RESPONSES_TABLE,
    ),
    ServerRewrite(V1_1, "adds the column sort_order to {table}", _ADDS, "conversation_items"),
    ServerRewrite(
        V1_3,
        "creates the table jobs with five indexes on the default SQL backend",
        "the role must be allowed to create tables",
    ),
    ServerRewrite(
        changes.ITEMS_KEYED_BY_CONVERSATION,
        "renames {table} to conversation_items_v1, creates it anew by conversation and id, and copies every row",
        "the rows take their space twice, and the start waits for the copy; on PostgreSQL the role must own the table. "
        "The old table stays: drop nothing before the copy is marked as done",
        "conversation_items",
    ),
)
TENANT_COLUMN: Final = "adds the column tenant_id to every table with owners"
TENANT_FILLED: Final = f"{TENANT_COLUMN}, and gives every row without a tenant the default one"
TENANT_COST: Final = "ALTER TABLE, quick at any size, then an UPDATE of every row under tenancy single; none is filled under multi"
VECTORS_COPIED: Final = "copies vector stores from keys to the tables of storage.stores.vector_stores, once"
VECTORS_COST: Final = (
    "it marks the copy as done even where it found nothing: "
    "bring the keys into this version's form before the first start"
)
EXPIRY_INDEX: Final = "creates an index on the column expiration of the key-value table"
EXPIRY_COST: Final = "reads the table once, and writes wait meanwhile; the role must own the table"
HOME_RENAMED: Final = "the first ogx command renames ~/.llama to ~/.ogx where there is no ~/.ogx"
HOME_COST: Final = (
    "paths in the file that spell ~/.llama then lead to empty stores: "
    "set the folders, or write the paths as they will be"
)
OLD_HOME: Final = "/.llama/"


def exact_heads(heads: tuple[str, ...], version: Version) -> tuple[str, ...]:
    """Return key beginnings with the registry's as that release writes it: v9 in 0.2, v10 from 0.3 on."""
    own = data_kinds.REGISTRY.heads[version >= changes.CATALOG]
    return tuple(own if head in REGISTRY_KEYS else head for head in heads)
