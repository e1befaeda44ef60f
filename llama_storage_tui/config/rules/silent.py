"""What every server accepts without a word, and does otherwise than the operator thinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import get
from llama_storage_tui.config.rewrites import REWRITTEN_STORES, is_rewritten
from llama_storage_tui.config.rules.view import View, nearest
from llama_storage_tui.model.catalog import Reference, ReferenceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage, informs, warns
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.consumers import VECTOR_STORE_TABLES

UNUSED_BACKEND: Final = informs(
    id="unused-backend",
    title="No enabled reference uses a backend",
    advice="It may be there for another release, or be left over; its rows stay where they are.",
    since=changes.CATALOG,
)
UNKNOWN_STORE: Final = informs(
    id="unknown-store",
    title="storage.stores has an entry that the release does not know",
    advice="The entry has no effect. With the right name it takes effect, and its store looks for its rows there.",
    since=changes.CATALOG,
)
UNREAD_STORE: Final = informs(
    id="unread-store",
    title="storage.stores.responses is read by no release",
    advice="Responses are kept where the provider's config.persistence.responses says.",
    since=changes.CATALOG,
)
UNREAD_REFERENCE: Final = informs(
    id="unread-reference",
    title="A provider's reference is not read by the release",
    advice="No rows of this release are kept there; another release may have kept some.",
    since=changes.CATALOG,
)
DECORATIVE_TABLE_NAME: Final = warns(
    id="decorative-table-name",
    title="A table name has no effect: the rows are in another table",
    advice="Look for the rows in the table that the message names.",
    also=((Severity.INFO, Stage.NEVER),),
    since=changes.CATALOG,
)
DUPLICATE_KEY: Final = warns(
    id="duplicate-key",
    title="A mapping has one key twice, and the last one counts",
    advice="Remove the one that does not count.",
    also=((Severity.INFO, Stage.NEVER),),
)
REWRITTEN_REFERENCE: Final = warns(
    id="rewritten-reference",
    title="Prompts or connectors refer to a key-value backend, and the server reads a SQL table",
    advice="Write backend: sql_… and table_name, and copy the old rows if they are needed.",
    since=changes.SQL_PROMPTS,
)


def unused_backends(view: View) -> Iterator[Finding]:
    """Backends that nothing refers to: never contacted, never tested by a start."""
    used = {reference.backend for reference in view.enabled}
    named = {reference.backend for reference in view.references}
    for backend in view.backends:
        if backend.name not in used and not backend.is_implied and not backend.is_inline:
            who = "Only disabled providers refer" if backend.name in named else "Nothing refers"
            yield UNUSED_BACKEND.found_on(
                backend,
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
            yield UNKNOWN_STORE.found_on(
                reference,
                f"{view.version.product} {view.version} has no store {reference.name}: the entry is ignored",
                help=f"Did you mean {meant}?" if meant else None,
            )
        elif reference.kind is ReferenceKind.STORE and reference.name == "responses":
            yield UNREAD_STORE.found_on(
                reference,
                "No server of any version reads storage.stores.responses",
            )
        elif reference.namespace is not None or reference.table is not None:
            yield UNREAD_REFERENCE.found_on(
                reference,
                f"{view.version.product} {view.version} does not read this reference of the {reference.label}",
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
        yield DECORATIVE_TABLE_NAME.found_on(
            reference,
            f"The table name {reference.table!r} of {reference.path} has no effect: the rows are in {', '.join(tables)}",
            help=_decorative_help(view, reference),
            severity=Severity.INFO
            if is_shared_by_design or _is_shipped_name(reference)
            else Severity.WARNING,
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
    if reference.name == "inference" and view.version < changes.INFERENCE_TABLE_COUNTS:
        return "From 0.3.5 on the name is used, and rows under the old name stay behind."
    if reference.path.endswith("persistence.responses") and view.version < changes.RESPONSES_TABLE_COUNTS:
        return "From 0.5.0 on the name is used, and rows under the old name stay behind."
    return None


def duplicate_keys(view: View) -> Iterator[Finding]:
    """Keys that a mapping has twice: the last one counts."""
    for duplicate in view.context.document.duplicates:
        in_storage = duplicate.path[:1] == ("storage",)
        offset = view.context.document.line_offset
        yield view.finding(
            DUPLICATE_KEY,
            duplicate.path,
            f"The key {duplicate.path[-1]} appears twice (first on line {duplicate.first_line + (offset or 0)}): "
            "the server takes the last one",
            line=None if offset is None else duplicate.line + offset,
            severity=Severity.WARNING if in_storage else Severity.INFO,
        )


def rewritten_references(view: View) -> Iterator[Finding]:
    """Prompts and connectors written as key-value references are rewritten in memory by 1.0 and later; no row is copied."""
    if view.version < changes.SQL_PROMPTS:
        return
    for name in REWRITTEN_STORES:
        if is_rewritten(get(view.context.raw, "storage", "stores", name)):
            yield view.finding(
                REWRITTEN_REFERENCE,
                ("storage", "stores", name),
                f"{name} is written as a key-value reference; from 1.0 on the server reads a SQL table instead, and the rows under "
                "the old keys are not visible",
            )


CHECKS = (
    unused_backends,
    unread_references,
    decorative_tables,
    duplicate_keys,
    rewritten_references,
)
