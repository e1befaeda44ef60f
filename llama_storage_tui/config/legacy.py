"""v0.2 configs: no catalog, but a snippet of settings in each place that stores something.

Each snippet is shown as what it is: a backend of its own, named by its place, with the one user that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from llama_storage_tui.config.backends import read_backend
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.model.catalog import Backend, Family, Physical, Reference, ReferenceKind
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.consumers import REGISTRY_KEYS

TYPES: Final = frozenset({"sqlite", "redis", "postgres", "mongodb"})
SQL_PLACES: Final = frozenset({"inference_store", "conversations_store", "responses_store"})
TOP_LEVEL: Final = ("metadata_store", "inference_store", "conversations_store")
DEFAULT_PATHS: Final = {
    Family.KV: "~/.llama/runtime/kvstore.db",
    Family.SQL: "~/.llama/runtime/sqlstore.db",
}
RESPONSE_TABLES: Final = ("openai_responses",)
INFERENCE_TABLES: Final = ("chat_completions",)


def is_legacy(raw: Mapping[str, object]) -> bool:
    """Tell whether a config has inline stores and no catalog."""
    if "storage" in raw:
        return False
    return any(True for _ in snippets(raw))


def read_legacy(context: Context) -> tuple[tuple[Backend, ...], tuple[Reference, ...]]:
    """Return each inline store as a backend of its own, with the reference that it is."""
    backends: list[Backend] = []
    references: list[Reference] = []
    for path, snippet in snippets(context.data):
        family = _family(path)
        type_ = f"{family}_{snippet['type']}"
        name = _name(context, path)
        defaults: dict[str, object] = {}
        if snippet["type"] == "sqlite" and not snippet.get("db_path"):
            defaults["db_path"] = context.environment.expand_user(DEFAULT_PATHS[family])
        # The fields are those that 0.3.0 gave to the same engine; in 0.2 both families expanded ~ in the same places.
        settings_context = replace(context, version=max(context.version, Version(0, 3)))
        backend = read_backend(settings_context, name, {**defaults, **snippet, "type": type_}, path)
        backends.append(replace(backend, type=str(snippet["type"]), is_inline=True))
        references.append(_reference(context, path, name, family, snippet))
    return tuple(backends), tuple(references)


def snippets(data: Mapping[str, object]) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Yield the path and the settings of each inline store, in the order of `read_legacy`."""
    for key in TOP_LEVEL:
        snippet = data.get(key)
        if isinstance(snippet, Mapping) and _is_snippet(snippet.get("sql_store_config")):
            yield (key, "sql_store_config"), snippet["sql_store_config"]
        elif isinstance(snippet, Mapping) and _is_snippet(snippet):
            yield (key,), snippet
    yield from _scan(data.get("server"), ("server",))
    providers = data.get("providers")
    if isinstance(providers, Mapping):
        for api, entries in providers.items():
            for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(entry, Mapping):
                    yield from _scan(entry.get("config"), ("providers", str(api), index, "config"))


def _scan(data: object, path: Path) -> Iterator[tuple[Path, Mapping[str, object]]]:
    if not isinstance(data, Mapping):
        return
    for key, value in data.items():
        if isinstance(value, Mapping):
            if str(key).endswith("store") and _is_snippet(value):
                yield (*path, str(key)), value
            else:
                yield from _scan(value, (*path, str(key)))


def _is_snippet(value: object) -> bool:
    type_ = value.get("type") if isinstance(value, Mapping) else None
    return isinstance(type_, str) and type_ in TYPES


def _family(path: Path) -> Family:
    if path[0] == "inference_store" or path[-1] in SQL_PLACES:
        return Family.SQL
    return Family.SQL if path[:2] == ("providers", "files") else Family.KV


def _name(context: Context, path: Path) -> str:
    if path[0] != "providers":
        return str(path[0])
    api, index = path[1], path[2]
    providers = context.data.get("providers")
    entries = providers.get(api) if isinstance(providers, Mapping) else None
    entry = entries[index] if isinstance(entries, list) and isinstance(index, int) else {}
    provider = entry.get("provider_id") if isinstance(entry, Mapping) else None
    return f"{provider if isinstance(provider, str) and provider else api}.{path[-1]}"


def _reference(
    context: Context, path: Path, name: str, family: Family, snippet: Mapping[str, object]
) -> Reference:
    namespace = snippet.get("namespace")
    physical = Physical(
        "kvstore"
        if snippet["type"] == "sqlite" and family is Family.KV
        else str(snippet.get("table_name", "")),
        tables=INFERENCE_TABLES
        if path[0] == "inference_store"
        else RESPONSE_TABLES
        if path[-1] == "responses_store"
        else (),
        prefixes=(f"{namespace}:",)
        if isinstance(namespace, str)
        else REGISTRY_KEYS
        if path == ("metadata_store",)
        else (),
    )
    return Reference(
        show_path(path),
        ReferenceKind.PROVIDER
        if path[0] == "providers"
        else ReferenceKind.SERVER
        if path[0] == "server"
        else ReferenceKind.STORE,
        name,
        family,
        name,
        (namespace if isinstance(namespace, str) else "") if family is Family.KV else None,
        None,
        physical=physical,
        line=context.line(path),
    )
