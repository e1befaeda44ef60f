"""v0.2 configs: no catalog, but a snippet of settings in each place that stores something.

Each snippet is shown as what it is: a backend of its own, named by its place, with the one user that it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.sqlite.target import sqlite_target
from llama_storage_tui.config.backends import read_backend
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get, provider_entries, show_path
from llama_storage_tui.config.environment import DISABLED, resolve, written_name
from llama_storage_tui.config.providers import provider_configs
from llama_storage_tui.config.targets import EntrySettings, location_of
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.catalog import (
    NOT_SET,
    Backend,
    Credential,
    Family,
    Physical,
    Reference,
    ReferenceKind,
    Setting,
)
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import REGISTRY_KEYS
from llama_storage_tui.upstream.run_config.storage import BACKENDS

TYPES: Final = frozenset(type_.partition("_")[2] for type_ in BACKENDS)
SQL_PLACES: Final = frozenset({"inference_store", "conversations_store", "responses_store"})
TOP_LEVEL: Final = ("metadata_store", "inference_store", "conversations_store")
DEFAULT_PATHS: Final = {
    Family.KV: "~/.llama/runtime/kvstore.db",
    Family.SQL: "~/.llama/runtime/sqlstore.db",
}
RESPONSE_TABLES: Final = ("openai_responses",)
INFERENCE_TABLES: Final = ("chat_completions",)
FILE_TABLES: Final = ("openai_files",)
PROMPT_KEYS: Final = "prompts:v1:"
DEFAULT_TRACES: Final = "~/.llama/runtime/trace_store.db"


def reads_inline_stores(raw: Mapping[str, object], version: Version) -> bool:
    """Tell whether a server of that version takes its stores from where they are used: 0.2 does, and reads no `storage`."""
    return version < changes.CATALOG and ("storage" in raw or any(True for _ in snippets(raw)))


def read_legacy(context: Context) -> tuple[tuple[Backend, ...], tuple[Reference, ...]]:
    """Return each inline store as a backend of its own, with the reference that it is."""
    backends: list[Backend] = []
    references: list[Reference] = []
    names = _names(context)
    for resolved_path, snippet in snippets(context.data):
        path = context.resolution.file_path(resolved_path)
        family = snippet_family(path)
        type_ = f"{family}_{snippet['type']}"
        name = names[path]
        defaults: dict[str, object] = {}
        if snippet["type"] == "sqlite" and not snippet.get("db_path"):
            defaults["db_path"] = context.environment.expand_user(DEFAULT_PATHS[family])
        # The fields are those that 0.3.0 gave to the same engine; in 0.2 both families expanded ~ in the same places.
        settings_context = replace(context, version=max(context.version, changes.CATALOG))
        backend = read_backend(settings_context, name, {**defaults, **snippet, "type": type_}, path)
        backends.append(replace(backend, type=str(snippet["type"]), is_inline=True))
        references.append(_reference(context, path, name, family, snippet))
    return tuple(backends), tuple(references)


def read_server_files(context: Context) -> tuple[tuple[Backend, ...], tuple[Reference, ...]]:
    """Return the SQLite files that a server of 0.2 keeps besides its inline stores: prompts, and traces where it stores them."""
    found: list[tuple[Backend, Reference]] = []
    name = context.data.get("image_name")
    if context.version >= changes.PROMPTS_FILE and isinstance(name, str):
        folder = context.environment.variables.get("LLAMA_STACK_CONFIG_DIR")
        base = (folder.value if folder is not None else None) or "~/.llama"
        path = f"{base}/distributions/{name}/prompts.db"
        found.append(
            _server_file(context, "prompts", Family.KV, path, ("image_name",), prefixes=(PROMPT_KEYS,))
        )
    for provider, path_, config in provider_configs(context):
        if provider.api != "telemetry" or "sqlite" not in _sinks(config):
            continue
        written = config.get("sqlite_db_path")
        where = (*path_, "config", "sqlite_db_path")
        text = written if isinstance(written, str) and written else DEFAULT_TRACES
        found.append(
            _server_file(
                context, f"{provider.id}.trace_store", Family.SQL, text, where, tables=("traces", "spans")
            )
        )
    return tuple(backend for backend, _ in found), tuple(reference for _, reference in found)


def _sinks(config: Mapping[object, object]) -> frozenset[str]:
    """Return where a telemetry provider of 0.2 sends to: a list or a text with commas; console and SQLite where unset."""
    found = config.get("sinks")
    if isinstance(found, str):
        found = found.split(",")
    names = found if isinstance(found, list) else ["console", "sqlite"]
    return frozenset(str(name).strip() for name in names)


def _server_file(
    context: Context,
    name: str,
    family: Family,
    text: str,
    path: Path,
    *,
    tables: tuple[str, ...] = (),
    prefixes: tuple[str, ...] = (),
) -> tuple[Backend, Reference]:
    type_ = f"{family}_sqlite"
    entry = {"db_path": context.environment.expand_user(text)}
    told = EntrySettings(context, type_, entry)
    target = replace(sqlite_target(told), makes_folders=True)
    place = show_path(path)
    settings = (Setting("db_path", entry["db_path"], context.source(path) if len(path) > 1 else NOT_SET),)
    backend = Backend(
        name,
        "sqlite",
        family,
        location_of(told, target),
        settings,
        Credential(),
        target,
        path=place,
        line=context.line(path),
        is_inline=True,
        is_implied=True,
    )
    physical = Physical("kvstore" if family is Family.KV else "", tables=tables, prefixes=prefixes)
    reference = Reference(
        place,
        ReferenceKind.PROVIDER if path[0] == "providers" else ReferenceKind.IMPLICIT,
        name,
        family,
        name,
        "" if family is Family.KV else None,
        None,
        physical=physical,
        note=None
        if path[0] == "providers"
        else "the place is built into the server: ~/.llama/distributions/IMAGE_NAME/prompts.db",
        line=context.line(path),
    )
    return backend, reference


def snippets(data: Mapping[str, object]) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Yield the path and the settings of each inline store, in the order of `read_legacy`."""
    for key in TOP_LEVEL:
        snippet = data.get(key)
        if isinstance(snippet, Mapping) and _is_snippet(snippet.get("sql_store_config")):
            yield (key, "sql_store_config"), snippet["sql_store_config"]
        elif isinstance(snippet, Mapping) and _is_snippet(snippet):
            yield (key,), snippet
    yield from _scan(data.get("server"), ("server",))
    for api, index, entry in provider_entries(data):
        yield from _scan(entry.get("config"), ("providers", api, index, "config"))


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


def snippet_family(path: Path) -> Family:
    """Return the family of the store that a snippet at a path describes."""
    if path[0] == "inference_store" or path[-1] in SQL_PLACES:
        return Family.SQL
    return Family.SQL if path[:2] == ("providers", "files") else Family.KV


def _names(context: Context) -> Mapping[Path, str]:
    """Name every inline store so that no two are called the same: as short as that allows, by its place in the file otherwise."""
    short: dict[Path, str] = {}
    for resolved_path, _ in snippets(context.data):
        path = context.resolution.file_path(resolved_path)
        short[path] = _short_name(context, path)
    counts = Counter(short.values())
    return {path: name if counts[name] == 1 else _long_name(path, name) for path, name in short.items()}


def _short_name(context: Context, path: Path) -> str:
    if path[0] != "providers":
        return str(path[0])
    written = get(context.raw, *path[:3], "provider_id")
    name = written_name(written) if isinstance(written, str) else ""
    return f"{name or path[1]}.{path[-1]}"


def _long_name(path: Path, name: str) -> str:
    if path[0] != "providers":
        return show_path(path)
    between = "".join(f".{step}" for step in path[4:-1])
    return f"{path[1]}[{path[2]}]{between}.{name}"


def _is_enabled(context: Context, path: Path) -> bool:
    """Tell whether a server would make the provider that has an inline store; stores of the server itself are always used."""
    if path[0] != "providers":
        return True
    if path[:3] in context.resolution.dropped:
        return False
    entry = get(context.raw, *path[:3])
    if not isinstance(entry, Mapping) or "provider_id" not in entry:
        return True
    resolved = resolve(entry["provider_id"], context.environment, context.version).data
    return resolved not in (None, "", DISABLED)


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
        else FILE_TABLES
        if path[:2] == ("providers", "files")
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
        is_enabled=_is_enabled(context, path),
        physical=physical,
        line=context.line(path),
    )
