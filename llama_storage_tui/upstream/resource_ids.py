"""Which empty fields make a server drop a list entry of its config."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.version import Version

RESOURCE_ID_FIELDS: Final[tuple[tuple[Version, tuple[str, ...]], ...]] = (
    (Version(1, 0), ("vector_store_id", "model_id")),
    (Version(0, 8), ("vector_store_id", "model_id", "shield_id")),
    (
        Version(0, 7),
        ("vector_store_id", "model_id", "shield_id", "dataset_id", "scoring_fn_id", "benchmark_id"),
    ),
    (
        Version(0, 4, 1),
        (
            "vector_store_id",
            "model_id",
            "shield_id",
            "dataset_id",
            "scoring_fn_id",
            "benchmark_id",
            "toolgroup_id",
        ),
    ),
)
"""A list entry is dropped where one of these ids resolves to nothing, from each release on; newest first."""
