"""What every server accepts without a word, and does otherwise than the operator thinks."""

from __future__ import annotations

from collections.abc import Iterator

from llama_storage_tui.config import schema
from llama_storage_tui.config.document import get
from llama_storage_tui.config.rewrites import REWRITTEN_FROM, REWRITTEN_STORES, is_rewritten
from llama_storage_tui.config.rules.view import View, nearest
from llama_storage_tui.model.catalog import Reference, ReferenceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.consumers import VECTOR_STORE_TABLES


def unused_backends(view: View) -> Iterator[Finding]:
    """Backends that nothing refers to: never contacted, never tested by a start."""
    used = {reference.backend for reference in view.enabled}
    named = {reference.backend for reference in view.references}
    for backend in view.backends:
        if backend.name not in used and not backend.is_implied and not backend.is_inline:
            who = "Only disabled providers refer" if backend.name in named else "Nothing refers"
            yield view.on(
                backend,
                "unused-backend",
                Severity.INFO,
                Stage.NEVER,
                f"{who} to the backend {backend.name}: a server never contacts it",
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
    unread_references,
    decorative_tables,
    duplicate_keys,
    rewritten_references,
)
