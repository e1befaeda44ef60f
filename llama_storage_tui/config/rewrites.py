"""What ogx 1.0 and later rewrite in memory before they validate; the file stays as it is and no row is copied.

Prompts and connectors moved from key-value to SQL stores. Their old references are turned into new ones in two ways: prompts
before variables are expanded and only at the start of the backend's name, connectors afterwards and anywhere in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from llama_storage_tui.config.document import get
from llama_storage_tui.upstream.run_config.rewrites import sql_reference

REWRITTEN_STORES: Final = ("prompts", "connectors")


def is_rewritten(entry: object) -> bool:
    """Tell whether a store's entry is an old reference that 1.0 and later rewrite."""
    return isinstance(entry, Mapping) and "namespace" in entry and "table_name" not in entry


def rewrite_store(name: str, written: object, entry: Mapping[object, object]) -> Mapping[object, object]:
    """Return the reference that a server of 1.0 or later makes of an entry.

    `written` is the entry as it stands in the file, `entry` the same with variables expanded. An entry that needs no rewriting
    comes back as it is.
    """
    if name not in REWRITTEN_STORES or not is_rewritten(entry):
        return entry
    kept: dict[object, object] = sql_reference(name, entry)
    text = get(written, "backend")
    if name == "prompts" and "backend" in entry and not (isinstance(text, str) and text.startswith("kv_")):
        # The loader looked at the text of the file: a name that came through an expression stays as it is.
        kept["backend"] = entry["backend"]
    return kept


def rewrite_prompts(raw: Mapping[str, object], document: dict[str, object]) -> dict[str, object]:
    """Return a resolved document with its prompts store rewritten as the loader does, from the text of the file."""
    entry = get(document, "storage", "stores", "prompts")
    storage, stores = document.get("storage"), get(document, "storage", "stores")
    if not isinstance(entry, Mapping) or not isinstance(storage, Mapping) or not isinstance(stores, Mapping):
        return document
    rewritten = rewrite_store("prompts", get(raw, "storage", "stores", "prompts"), entry)
    return {**document, "storage": {**storage, "stores": {**stores, "prompts": dict(rewritten)}}}
