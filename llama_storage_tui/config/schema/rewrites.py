"""What a version's loader changes in a document before it validates it.

Source: `core/configure.py`, and the store models of ogx. Left out because they cannot change the verdict: the overwritten
`version`, the name turned into text (the schema takes any), and the default of `server.tenancy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from llama_storage_tui.config.schema.problems import Loc, Problem, ProblemKind
from llama_storage_tui.model.version import Version

_ALWAYS_UPGRADES: Final = Version(0, 3, 1)
_SQL_STORES: Final = Version(1, 0, 0)

_LEGACY_KEYS: Final = ("routing_table", "api_providers", "provider_map", "apis_to_serve")

_LEGACY_STORAGE: Final = {
    "backends": {
        "kv_default": {"type": "kv_sqlite", "db_path": "kvstore.db"},
        "sql_default": {"type": "sql_sqlite", "db_path": "sql_store.db"},
    },
    "stores": {
        "metadata": {"backend": "kv_default", "namespace": "registry"},
        "inference": {"backend": "sql_default", "table_name": "inference_store"},
        "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
    },
}
"""What a document with a routing_table gets; the files stand in the server's own directory, `~/.llama` or `~/.ogx`."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A document as the version validates it; `moved` maps a place in it to where that stands in the file."""

    document: Mapping[str, Any]
    problems: tuple[Problem, ...]
    moved: Mapping[Loc, Loc]


def rewrite(document: Mapping[str, Any], version: Version) -> Rewritten:
    """Apply the version's own rewrites to a copy; what makes its loader crash becomes a problem."""
    problems = list(_odd_keys(document))
    moved: dict[Loc, Loc] = {}
    result = dict(document)
    if _has_legacy_form(document, version):
        problems += _legacy_problems(document)
        result = _upgraded(document)
        moved |= {("apis",): ("apis_to_serve",), ("providers",): ("routing_table",)}
    if version >= _SQL_STORES:
        result = _with_sql_stores(result, problems, moved)
    return Rewritten(result, tuple(problems), moved)


def _odd_keys(document: Mapping[str, Any]) -> Iterator[Problem]:
    if not all(isinstance(key, str) for key in document):
        yield Problem((), ProblemKind.WRONG_TYPE, "Every key at the top level must be text.")


def _has_legacy_form(document: Mapping[str, Any], version: Version) -> bool:
    # 0.3.0 looks at the form only where `version` does not already say 2.
    return "routing_table" in document and (version >= _ALWAYS_UPGRADES or document.get("version") != 2)


def _legacy_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    message = "A routing_table maps each API to a list of mappings with provider_type and config."
    table = document["routing_table"]
    entries = table.values() if isinstance(table, Mapping) else [None]
    if not all(_is_provider_list(entry) for entry in entries):
        yield Problem(("routing_table",), ProblemKind.INVALID, message)
    name, providers = _provider_map(document)
    if providers and not isinstance(providers, Mapping):
        yield Problem((name,), ProblemKind.WRONG_TYPE, "Must be a mapping.")
    elif providers and not all(map(_is_provider, _single_providers(providers).values())):
        yield Problem((name,), ProblemKind.INVALID, "Each API needs provider_type and config.")
    if "apis_to_serve" not in document:
        yield Problem(("apis_to_serve",), ProblemKind.MISSING, "apis_to_serve is required by routing_table.")


def _provider_map(document: Mapping[str, Any]) -> tuple[str, Any]:
    name = "api_providers" if "api_providers" in document else "provider_map"
    return name, document.get(name)


def _single_providers(providers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        api: entry
        for api, entry in providers.items()
        if isinstance(entry, Mapping) and "provider_type" in entry
    }


def _is_provider_list(entries: object) -> bool:
    if isinstance(entries, list):
        return all(map(_is_provider, entries))
    return isinstance(entries, Mapping | str) and not entries


def _is_provider(entry: object) -> bool:
    return (
        isinstance(entry, Mapping)
        and isinstance(entry.get("provider_type"), str)
        and isinstance(entry.get("config"), Mapping)
    )


def _upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    table = document["routing_table"]
    providers: dict[str, list[Any]] = {api: [] for api in table} if isinstance(table, Mapping) else {}
    _, single = _provider_map(document)
    if isinstance(single, Mapping):
        providers |= {api: [] for api in _single_providers(single)}
    result = {key: value for key, value in document.items() if key not in _LEGACY_KEYS}
    result["providers"] = providers  # each entry has been looked at already
    result["apis"] = document.get("apis_to_serve", [])
    result.setdefault("storage", _LEGACY_STORAGE)
    return result


def _with_sql_stores(
    document: dict[str, Any], problems: list[Problem], moved: dict[Loc, Loc]
) -> dict[str, Any]:
    """Turn key-value references of prompts and connectors into SQL references."""
    storage = document.get("storage")
    stores = storage.get("stores") if isinstance(storage, Mapping) else None
    if not isinstance(storage, Mapping) or not isinstance(stores, Mapping):
        return document
    changed: dict[str, Any] = {}
    for name in ("prompts", "connectors"):
        reference = stores.get(name)
        if not isinstance(reference, Mapping) or "namespace" not in reference or "table_name" in reference:
            continue
        place = ("storage", "stores", name)
        changed[name] = _sql_reference(name, reference)
        moved[(*place, "table_name")] = (*place, "namespace")
        if not isinstance(reference.get("backend", ""), str):
            problems.append(Problem((*place, "backend"), ProblemKind.WRONG_TYPE, "Must be text."))
    return {**document, "storage": {**storage, "stores": {**stores, **changed}}} if changed else document


def _sql_reference(name: str, reference: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the namespace to a table, and the backend as two pieces of the loader do, which differ."""
    result = {key: value for key, value in reference.items() if key != "namespace"}
    result["table_name"] = reference["namespace"]
    if name == "connectors":
        result.setdefault("backend", "sql_default")
    backend = result.get("backend")
    if isinstance(backend, str):
        is_prompts = name == "prompts"
        result["backend"] = re.sub("^kv_" if is_prompts else "kv_", "sql_", backend)
    return result
