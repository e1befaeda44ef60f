"""What only the data shows: rows that a server of this version does not read, cannot show, or has not made yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Backend, Family
from llama_storage_tui.model.data import Filter, KeySelection
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.consumers import CONSUMERS, keeps_namespaces, store_layouts

LEFT_BEHIND: Final = {
    "chat_completions": (Version(0, 3, 5), "the inference store used this table before 0.3.5"),
    "openai_responses": (Version(0, 5), "responses were kept here before 0.5"),
    "conversation_items_v1": (
        Version(1, 5),
        "1.5 keeps the old conversation items here after its upgrade; drop it by hand",
    ),
}
OWNER: Final = "owner_principal"

Check = Callable[[Session, Backend], AsyncIterator[Finding]]


async def inspect_data(session: Session) -> tuple[Finding, ...]:
    """Look into every backend; one that cannot be reached is a finding, not an error."""
    found: list[Finding] = []
    for backend in session.catalog.backends:
        checks: tuple[Check, ...] = (_keys,) if backend.family is Family.KV else (_left_behind, _ownerless)
        try:
            for check in checks:
                found += [finding async for finding in check(session, backend)]
        except NotFoundError as error:
            found.append(_finding(backend, "not-created", Severity.INFO, error.message, error.help))
        except BackendError as error:
            found.append(
                _finding(
                    backend,
                    "data-not-checked",
                    Severity.INFO,
                    f"Not looked into: {error.message}",
                    error.help,
                )
            )
    return tuple(found)


def _finding(
    backend: Backend, rule: str, severity: Severity, message: str, help_: str | None = None
) -> Finding:
    return Finding(rule, severity, Stage.NEVER, backend.path, message, help_, backend.line)


async def _keys(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Raw keys of older servers in a store whose server reads prefixed ones: invisible."""
    version = session.catalog.version.chosen
    reader = (await session.reader(backend.name)).key_values
    if backend.type == "kv_sqlite" and keeps_namespaces(backend.type, version):
        known = browse.known_namespaces(session.catalog, backend)
        owned = tuple(sorted({prefix for namespace in known for prefix in namespace.selection.include}))
        raw = tuple(sorted(_raw_families()))
        count = await reader.count(KeySelection(raw, owned))
        if count.value:
            yield _finding(
                backend,
                "raw-keys",
                Severity.WARNING,
                f"{count.value:,} keys of {backend.name} have no namespace, as servers before 1.0 wrote them: "
                f"{version.product} {version} does not see them",
                "They must be renamed to NAMESPACE:KEY before the server can read them.",
            )


def _raw_families() -> set[str]:
    families = {key for consumer in CONSUMERS for key in consumer.keys}
    return families | {key for layout in store_layouts(Version(0, 8)).values() for key in layout.keys}


async def _left_behind(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tables of older versions that still have rows."""
    version = session.catalog.version.chosen
    reader = (await session.reader(backend.name)).tables
    for name, (since, reason) in LEFT_BEHIND.items():
        if version < since or browse.referenced_by(session.catalog, backend.name, name):
            continue
        if await reader.table(name) is None:
            continue
        count = await reader.count(name)
        if count.value:
            yield _finding(
                backend,
                "rows-left-behind",
                Severity.WARNING,
                f"{name} on {backend.name} has {count.value:,} rows that {version.product} {version} does not read: {reason}",
            )


async def _ownerless(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows without an owner: from 0.4 on the default filter hides them from everybody."""
    if session.catalog.version.chosen < Version(0, 4):
        return
    reader = (await session.reader(backend.name)).tables
    tables = {
        table
        for found in session.catalog.references_to(backend.name)
        if found.physical
        for table in found.physical.tables
    }
    for name in sorted(tables):
        table = await reader.table(name)
        if table is None or table.column(OWNER) is None:
            continue
        count = await reader.count(name, (Filter(OWNER, None),))
        if count.value:
            yield _finding(
                backend,
                "rows-without-owner",
                Severity.WARNING,
                f"{count.value:,} rows of {name} on {backend.name} have no owner (NULL): the default filter hides them",
                "Set owner_principal to '' where they should be public.",
            )
