"""Which API serves each type of object in the registry, and what of a store later releases no longer read."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.version import Version

API_OF: Final = {
    "model": "inference",
    "shield": "safety",
    "vector_db": "vector_io",
    "vector_store": "vector_io",
    "tool_group": "tool_runtime",
    "dataset": "datasetio",
    "scoring_function": "scoring",
    "benchmark": "eval",
}
"""Type of a registered object to the API whose provider serves it (core/routing_tables of every release from 0.3.0 on)."""

REGISTRY_HEAD: Final = "distributions:registry:v10::"

COMPARES_GIVEN_FIELDS: Final = Version(0, 6)
"""From this release on a registered object stays where the fields given anew are equal; before, the whole of it had to be
(`DistributionRegistry.register`; measured on 0.3.5, 0.5.4 and 1.5.0)."""

REGISTRY_OF_0_2: Final = "distributions:registry:v9::"
OLD_KEYS: Final = {
    REGISTRY_OF_0_2: "registered objects",
    "vector_dbs:": "vector stores of providers",
}
"""Beginnings of keys that 0.2 wrote and no release from 0.3.0 on reads, with what they are."""

FAISS_INDEX: Final = "faiss_index:v3::"

VECTOR_STORE_HEAD: Final = "openai_vector_stores:v3::"
MOVED_MARK: Final = "openai_vector_stores_sql_migration:v3"

FILES_TABLE: Final = "openai_files"
