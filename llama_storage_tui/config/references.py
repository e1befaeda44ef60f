"""Every reference to a backend, at any depth: from stores, providers, the server's own settings, and implicit ones.

A mapping with `backend` and `namespace` is a key-value reference, one with `backend` and `table_name` a SQL one, wherever it
stands; external providers may hold either. What the file leaves out and the server fills in is listed too, marked defaulted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get, provider_entries, show_path
from llama_storage_tui.config.environment import resolve, written_name
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.config.physical import Layout, physical_place, provider_layout
from llama_storage_tui.config.rewrites import rewrite_store
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.catalog import Backend, Family, Reference, ReferenceKind, Scalar
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.consumers import PROMPT_KEYS, QUOTA_KEYS, store_layouts

QUEUE_FIELDS = ("max_write_queue_size", "num_writers")
QUEUE_DEFAULTS: dict[str, Scalar] = {"max_write_queue_size": 10000, "num_writers": 4}
INTERACTIONS_DEFAULT: Mapping[object, object] = {"backend": "sql_default", "table_name": "interactions"}
"""What the builtin interactions provider uses where its config names no store."""


def read_references(context: Context, backends: tuple[Backend, ...]) -> tuple[Reference, ...]:
    """Return all references, stores first, then providers in the order of the file, the server's, implicit ones."""
    by_name = {backend.name: backend for backend in backends}
    found = [
        *_stores(context, by_name),
        *_providers(context, by_name),
        *_server(context, by_name),
    ]
    return (*found, *_implicit(context, by_name, found))


def _stores(context: Context, backends: Mapping[str, Backend]) -> Iterator[Reference]:
    storage = context.data.get("storage")
    if storage is None and context.version < changes.STORAGE_OPTIONAL:
        return
    stores = storage.get("stores") if isinstance(storage, Mapping) else None
    entries = dict(stores) if isinstance(stores, Mapping) else {}
    specs = schema.default_stores(context.version)
    layouts = store_layouts(context.version)
    for name in [*specs, *(str(name) for name in entries if str(name) not in specs)]:
        spec = specs.get(name)
        entry = entries.get(name)
        is_defaulted = name not in entries
        if is_defaulted and not (
            isinstance(storage, Mapping) and "stores" in storage and not isinstance(stores, Mapping)
        ):
            entry = dict(spec.default) if spec and spec.default else None
        if not isinstance(entry, Mapping):
            continue
        if context.version >= changes.SQL_PROMPTS:
            entry = rewrite_store(name, get(context.raw, "storage", "stores", name), entry)
        layout = layouts.get(name)
        enabled = entry.get("enabled", True) is not False
        reference = _reference(
            context,
            entry,
            ("storage", "stores", name),
            kind=ReferenceKind.STORE,
            name=name,
            layout=Layout(layout.keys, layout.tables) if layout is not None and layout.is_read else None,
            backends=backends,
            family=spec.family if spec else None,
        )
        if spec is not None and spec.has_queue:
            reference = _with_queue(reference, entry, backends, is_used=name == "inference")
        yield replace(reference, is_defaulted=is_defaulted, is_enabled=enabled)


def _providers(context: Context, backends: Mapping[str, Backend]) -> Iterator[Reference]:
    for api, index, raw in provider_entries(context.raw):
        yield from _provider(context, backends, api, index, raw)


def _provider(
    context: Context, backends: Mapping[str, Backend], api: str, index: int, raw: Mapping[object, object]
) -> Iterator[Reference]:
    path: Path = ("providers", api, index)
    entry = resolve(dict(raw), context.environment, context.version).data
    if not isinstance(entry, Mapping):
        return
    provider_id = entry.get("provider_id")
    is_enabled = path not in context.resolution.dropped and provider_id not in (None, "")
    name = provider_id if isinstance(provider_id, str) else written_name(str(raw.get("provider_id") or ""))
    type_ = str(entry.get("provider_type", ""))
    is_external = bool(entry.get("module"))
    config = _with_default_table(context.version, entry.get("config"))
    for steps, mapping in find_references(config):
        layout = provider_layout(context.version, api, type_, steps, is_external=is_external)
        reference = _reference(
            context,
            mapping,
            (*path, "config", *steps),
            kind=ReferenceKind.PROVIDER,
            name=name,
            layout=layout,
            backends=backends,
        )
        if any(field in mapping for field in QUEUE_FIELDS):
            reference = _with_queue(reference, mapping, backends, is_used=False)
        yield replace(reference, is_enabled=is_enabled)
    if _fills_in_interactions(context.version, api, type_, entry.get("config")):
        yield replace(
            _reference(
                context,
                INTERACTIONS_DEFAULT,
                (*path, "config", "store"),
                kind=ReferenceKind.PROVIDER,
                name=name,
                layout=provider_layout(context.version, api, type_, ("store",), is_external=is_external),
                backends=backends,
            ),
            is_enabled=is_enabled,
            is_defaulted=True,
        )


def _with_default_table(version: Version, config: object) -> object:
    """Fill in the table of the responses where the file leaves it out, as the provider does from 0.5 on."""
    responses = get(config, "persistence", "responses")
    if not isinstance(config, Mapping) or not isinstance(responses, Mapping):
        return config
    if version < changes.RESPONSES_TABLE_COUNTS or "backend" not in responses:
        return config
    filled = {"table_name": "openai_responses", **responses}
    return {**config, "persistence": {**config["persistence"], "responses": filled}}


def _fills_in_interactions(version: Version, api: str, type_: str, config: object) -> bool:
    is_builtin = (
        api == "interactions" and type_ == "inline::builtin" and version >= changes.BUILTIN_INTERACTIONS
    )
    return is_builtin and (config is None or (isinstance(config, Mapping) and "store" not in config))


def find_references(data: object, path: Path = ()) -> Iterator[tuple[Path, Mapping[object, object]]]:
    """Yield every reference to a backend in plain data: a mapping with a backend, and a namespace or a table."""
    if isinstance(data, Mapping):
        if "backend" in data and ("namespace" in data or "table_name" in data):
            yield path, data
            return
        for key, value in data.items():
            yield from find_references(value, (*path, key if isinstance(key, int) else str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from find_references(value, (*path, index))


def _server(context: Context, backends: Mapping[str, Backend]) -> Iterator[Reference]:
    for steps, mapping in find_references(context.data.get("server")):
        is_quota = steps == ("quota", "kvstore") and context.version < changes.QUOTA_REMOVED
        yield _reference(
            context,
            mapping,
            ("server", *steps),
            kind=ReferenceKind.SERVER,
            name=str(steps[0]) if steps else "server",
            layout=Layout(keys=QUOTA_KEYS) if is_quota else None,
            backends=backends,
        )


def _implicit(
    context: Context, backends: Mapping[str, Backend], found: list[Reference]
) -> Iterator[Reference]:
    metadata = next((reference for reference in found if reference.path == "storage.stores.metadata"), None)
    if context.version < changes.PROMPTS_STORE and metadata is not None and metadata.backend is not None:
        entry: dict[object, object] = {"backend": metadata.backend, "namespace": "prompts"}
        yield replace(
            _reference(
                context,
                entry,
                ("implicit", "prompts"),
                kind=ReferenceKind.IMPLICIT,
                name="prompts",
                layout=Layout(keys=PROMPT_KEYS),
                backends=backends,
            ),
            is_defaulted=True,
            note="servers before 0.4 keep prompts on the metadata store's backend",
        )
    if context.version >= changes.JOBS_READ_AT_START:
        sql = [backend.name for backend in backends.values() if backend.family is Family.SQL]
        name = "sql_default" if "sql_default" in sql else sql[0] if sql else None
        if name is not None:
            yield replace(
                _reference(
                    context,
                    {"backend": name, "table_name": "jobs"},
                    ("implicit", "jobs"),
                    kind=ReferenceKind.IMPLICIT,
                    name="jobs",
                    layout=Layout(tables=("jobs",)),
                    backends=backends,
                ),
                is_defaulted=True,
                note="the job queue uses sql_default, else the first SQL backend",
            )


def _reference(
    context: Context,
    entry: Mapping[object, object],
    path: Path,
    *,
    kind: ReferenceKind,
    name: str,
    layout: Layout | None,
    backends: Mapping[str, Backend],
    family: Family | None = None,
) -> Reference:
    backend = _text(entry.get("backend"))
    if backend is not None:
        # A name may be a URI: it is known, and told, without its password.
        backend = mask_userinfo(backend)
    namespace, table = _text(entry.get("namespace")), _text(entry.get("table_name"))
    if family is None:
        family = Family.SQL if "table_name" in entry else Family.KV
    reference = Reference(
        show_path(path),
        kind,
        mask_userinfo(name),
        family,
        backend,
        namespace if family is Family.KV else None,
        table if family is Family.SQL else None,
        is_read=layout is not None,
        line=context.line(path) if kind is not ReferenceKind.IMPLICIT else None,
    )
    target = backends.get(backend) if backend is not None else None
    if layout is None or target is None or target.family is not family:
        return reference
    return replace(reference, physical=physical_place(context.version, target, reference, layout))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _with_queue(
    reference: Reference, entry: Mapping[object, object], backends: Mapping[str, Backend], *, is_used: bool
) -> Reference:
    queue = tuple(
        (field, value if isinstance(value, str | int | float | bool) else None)
        for field in QUEUE_FIELDS
        for value in [entry.get(field, QUEUE_DEFAULTS[field])]
    )
    backend = backends.get(reference.backend or "")
    # Inference writes go through the queue on PostgreSQL only; SQLite writes directly.
    return replace(
        reference,
        queue=queue,
        queue_is_used=is_used and backend is not None and backend.type == "sql_postgres",
    )
