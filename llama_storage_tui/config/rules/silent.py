"""What every server accepts without a word, and does otherwise than the operator thinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config import schema
from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.masking import is_secret_name, secrets_in_userinfo
from llama_storage_tui.config.rewrites import REWRITTEN_FROM, REWRITTEN_STORES, is_rewritten
from llama_storage_tui.config.rules.view import View, nearest, setting
from llama_storage_tui.model.catalog import Family, Reference, ReferenceKind, SourceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.target import SqliteTarget
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.consumers import VECTOR_STORE_TABLES

REFERENCE_FIELDS: Final = (
    "backend",
    "namespace",
    "table_name",
    "max_write_queue_size",
    "num_writers",
    "enabled",
)


def unused_backends(view: View) -> Iterator[Finding]:
    """Backends that nothing refers to: never contacted, never tested by a start."""
    used = {reference.backend for reference in view.references}
    for backend in view.backends:
        if backend.name not in used and not backend.is_implied and not backend.is_inline:
            yield view.on(
                backend,
                "unused-backend",
                Severity.INFO,
                Stage.NEVER,
                f"Nothing refers to the backend {backend.name}: a server never contacts it",
            )


def unknown_fields(view: View) -> Iterator[Finding]:
    """Fields of backends that the version does not read."""
    for backend in view.backends:
        fields = schema.backend_fields(backend.type, view.version) if not backend.is_inline else None
        if fields is None:
            continue
        known = [field.name for field in fields]
        for found in backend.settings:
            if found.is_known or found.is_default:
                continue
            meant = nearest(found.name, known)
            since = _known_from(backend.type, found.name, view.version)
            if since is not None:
                help_ = f"Servers read it from {since} on."
            elif meant is not None:
                help_ = f"Did you mean {meant}?"
            else:
                help_ = f"{backend.type} has: {', '.join(known)}."
            if backend.type == "kv_redis":
                help_ = "kv_redis has host and port only: no password, TLS or database number in any version."
            yield view.on_setting(
                backend,
                found.name,
                "ignored-field",
                Severity.INFO,
                Stage.NEVER,
                f"{view.version.product} {view.version} ignores the field {found.name} of {backend.name}",
                help=help_,
            )


def _known_from(type_: str, name: str, version: Version) -> Version | None:
    for candidate in (Version(0, 7), Version(1, 0), Version(1, 0, 3), Version(1, 4), Version(1, 4, 1)):
        if candidate > version and any(
            field.name == name for field in schema.backend_fields(type_, candidate) or ()
        ):
            return candidate
    return None


def ignored_namespace(view: View) -> Iterator[Finding]:
    """A `namespace` on a backend is overwritten by each reference's own."""
    for backend in view.backends:
        found = setting(backend, "namespace")
        if (
            backend.family is Family.KV
            and found is not None
            and not found.is_default
            and found.value
            and not backend.is_inline
        ):
            yield view.on_setting(
                backend,
                "namespace",
                "ignored-namespace",
                Severity.INFO,
                Stage.NEVER,
                f"The namespace on the backend {backend.name} has no effect: each reference brings its own",
            )


def unknown_reference_fields(view: View) -> Iterator[Finding]:
    """Fields of references that no server reads."""
    if view.is_legacy:
        return
    stores = get(view.context.raw, "storage", "stores")
    for name, entry in stores.items() if isinstance(stores, Mapping) else ():
        fields = schema.store_fields(str(name), view.version)
        if fields is None or not isinstance(entry, Mapping):
            continue
        known = [field.name for field in fields]
        for key in entry:
            if str(key) in known or (key == "namespace" and name in ("prompts", "connectors")):
                continue
            meant = nearest(str(key), known)
            yield view.finding(
                "ignored-field",
                Severity.INFO,
                Stage.NEVER,
                ("storage", "stores", str(name), str(key)),
                f"{view.version.product} {view.version} ignores the field {key} of the store {name}",
                help=f"Did you mean {meant}?" if meant else None,
            )


def unread_references(view: View) -> Iterator[Finding]:
    """Stores and provider references that no code of that version reads."""
    stores = schema.default_stores(view.version)
    for reference in view.enabled:
        if reference.physical is not None or reference.kind is ReferenceKind.IMPLICIT or view.is_legacy:
            continue
        backend = view.backend(reference.backend)
        if backend is None or backend.family is not reference.family:
            continue
        if reference.kind is ReferenceKind.STORE and reference.name not in stores:
            meant = nearest(reference.name, stores)
            yield view.on(
                reference,
                "unknown-store",
                Severity.INFO,
                Stage.NEVER,
                f"{view.version.product} {view.version} has no store {reference.name}: the entry is ignored",
                help=f"Did you mean {meant}?" if meant else None,
            )
        elif reference.kind is ReferenceKind.STORE and reference.name == "responses":
            yield view.on(
                reference,
                "unread-store",
                Severity.INFO,
                Stage.NEVER,
                "No server of any version reads storage.stores.responses",
                help="Responses are kept where the provider's config.persistence.responses says.",
            )
        elif reference.namespace is not None or reference.table is not None:
            yield view.on(
                reference,
                "unread-reference",
                Severity.INFO,
                Stage.NEVER,
                f"No code of {view.version.product} {view.version} reads this reference of {reference.name}",
            )


def decorative_tables(view: View) -> Iterator[Finding]:
    """Table names that the reader does not honour."""
    for reference in view.enabled:
        if reference.table is None or reference.physical is None or view.is_legacy:
            continue
        tables = reference.physical.tables
        if reference.table in tables or reference.kind is ReferenceKind.IMPLICIT:
            continue
        is_shared_by_design = tables == VECTOR_STORE_TABLES
        yield view.on(
            reference,
            "decorative-table-name",
            Severity.INFO if is_shared_by_design or _is_shipped_name(reference) else Severity.WARNING,
            Stage.NEVER,
            f"The table name {reference.table!r} of {reference.path} has no effect: the rows are in {', '.join(tables)}",
            help=_decorative_help(view, reference),
        )


def _is_shipped_name(reference: Reference) -> bool:
    """The names of the shipped configs mislead nobody's rows: only the name is wrong."""
    return reference.table in (
        "files_metadata",
        "s3_files_metadata",
        "openai_files_metadata",
        "vector_store_metadata",
    )


def _decorative_help(view: View, reference: Reference) -> str | None:
    if reference.name == "inference" and view.version < Version(0, 3, 5):
        return "From 0.3.5 on the name counts, and rows under the old name stay behind."
    if reference.path.endswith("persistence.responses") and view.version < Version(0, 5):
        return "From 0.5.0 on the name counts, and rows under the old name stay behind."
    return None


def literal_tilde(view: View) -> Iterator[Finding]:
    """A literal `~` in a kv_sqlite path names a directory called ~."""
    for backend in view.backends:
        path = setting(backend, "db_path")
        if (
            backend.type != "kv_sqlite"
            or path is None
            or path.source.kind is not SourceKind.LITERAL
            or backend.is_inline
        ):
            continue
        if isinstance(path.value, str) and path.value.startswith("~"):
            yield view.on_setting(
                backend,
                "db_path",
                "literal-tilde",
                Severity.WARNING,
                Stage.NEVER,
                f"kv_sqlite does not expand ~: the server creates a directory named ~ for {backend.name}",
                help="Write the path out, or ${env.SQLITE_STORE_DIR:=~/…}, which is expanded.",
            )


def fleeting_paths(view: View) -> Iterator[Finding]:
    """Databases in memory, and paths that depend on where the server is started."""
    for backend in view.backends_of("kv_sqlite", "sql_sqlite"):
        path = setting(backend, "db_path")
        if not isinstance(backend.target, SqliteTarget) or path is None or not isinstance(path.value, str):
            continue
        if backend.target.is_memory:
            yield view.on_setting(
                backend,
                "db_path",
                "memory-database",
                Severity.WARNING,
                Stage.NEVER,
                f"{backend.name} is in memory: every restart loses its rows",
            )
        elif not path.value.startswith(("/", "~", "file:")):
            yield view.on_setting(
                backend,
                "db_path",
                "relative-path",
                Severity.INFO,
                Stage.NEVER,
                f"The path of {backend.name} is relative: it depends on the folder that the server is started in",
            )


def duplicate_keys(view: View) -> Iterator[Finding]:
    """Keys that a mapping has twice: the last one counts."""
    for duplicate in view.context.document.duplicates:
        in_storage = duplicate.path[:1] == ("storage",)
        offset = view.context.document.line_offset
        yield view.finding(
            "duplicate-key",
            Severity.WARNING if in_storage else Severity.INFO,
            Stage.NEVER,
            duplicate.path,
            f"The key {duplicate.path[-1]} stands twice (first on line {duplicate.first_line + (offset or 0)}): "
            "the server takes the last one",
            line=None if offset is None else duplicate.line + offset,
        )


def literal_secrets(view: View) -> Iterator[Finding]:
    """Secrets that stand in the file itself."""
    for path, name in _secret_places(view.context.raw, ()):
        if view.context.resolution.uses.get(path):
            continue
        yield view.finding(
            "literal-secret",
            Severity.INFO,
            Stage.NEVER,
            path,
            f"The {name} stands in the file as plain text",
            help="Write ${env.NAME} and keep the value in the environment or an env file.",
        )
    for path, uses in view.context.resolution.uses.items():
        raw = get(view.context.document.data, *path)
        is_secret = is_secret_name(str(path[-1])) and path[:2] == ("storage", "backends")
        if is_secret and isinstance(raw, str) and any(use.operator == "=" and not use.is_set for use in uses):
            default = raw.partition(":=")[2].rstrip("}")
            if default:
                yield view.finding(
                    "default-secret",
                    Severity.INFO,
                    Stage.NEVER,
                    path,
                    f"The {path[-1]} is the default that stands in the file, since {uses[0].variable} is not set",
                )


def _secret_places(data: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            step = key if isinstance(key, int) else str(key)
            if isinstance(value, str) and value and is_secret_name(str(key)) and "${env." not in value:
                yield (*path, step), str(key)
            elif (
                isinstance(value, str)
                and any(True for _ in secrets_in_userinfo(value))
                and "${env." not in value
            ):
                yield (*path, step), f"password in {key}"
            else:
                yield from _secret_places(value, (*path, step))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _secret_places(value, (*path, index))


def rewritten_references(view: View) -> Iterator[Finding]:
    """Prompts and connectors written as key-value references are rewritten in memory by 1.0 and later; no row is copied."""
    if view.version < REWRITTEN_FROM:
        return
    for name in REWRITTEN_STORES:
        if is_rewritten(get(view.context.raw, "storage", "stores", name)):
            yield view.finding(
                "rewritten-reference",
                Severity.WARNING,
                Stage.NEVER,
                ("storage", "stores", name),
                f"{name} is written as a key-value reference; from 1.0 on the server reads a SQL table instead, and the rows under "
                "the old keys are not visible",
                help="Write backend: sql_… and table_name, and copy the old rows if they are needed.",
            )


RULES = (
    unused_backends,
    unknown_fields,
    ignored_namespace,
    unknown_reference_fields,
    unread_references,
    decorative_tables,
    literal_tilde,
    fleeting_paths,
    duplicate_keys,
    literal_secrets,
    rewritten_references,
)
