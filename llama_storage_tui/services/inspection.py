"""What only the data shows: rows that a server of this version does not read, cannot show, or has not made yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Final

from llama_storage_tui.backends.postgres.identifiers import quoted_identifier
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.protocols import TableReader
from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Backend, Catalog, Family
from llama_storage_tui.model.data import Filter, KeySelection
from llama_storage_tui.model.finding import Finding, Severity, Stage, informs, warns
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services import accumulation, browse, upgrade_inspection
from llama_storage_tui.services.default_names import other_default
from llama_storage_tui.services.responses.categories import MAKE_PUBLIC
from llama_storage_tui.services.responses.item_tables import CopyComparison, said_of, upgrade_report
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import CONSUMERS, keeps_namespaces, store_layouts
from llama_storage_tui.upstream.item_upgrade import EARLIER_ITEMS, ITEMS, STOPS_A_START, ItemUpgrade

NOT_CREATED: Final = informs(
    id="not-created",
    title="A store does not exist yet",
    advice="The server creates it on first use; if it should be there, the path or the name is wrong.",
)
RAW_KEYS: Final = warns(
    id="raw-keys",
    title="Keys have no namespace, as servers before 1.0 wrote them, and are not read",
    advice="Stop the servers, copy the file with its -wal, and rename these keys to NAMESPACE:KEY before the first"
    " start of this version: the "
    "copy of vector stores to tables happens once, at that start, and passes over what is renamed later. Leave a key "
    "as it is where the new name exists already, since a newer server wrote that one.",
    step=Step.MIGRATE_DATA,
    since=changes.NAMESPACES_IN_SQLITE,
)
UNNAMED_KEYS: Final = informs(
    id="unnamed-keys",
    title="Keys are outside of every namespace that the config names",
    advice="Another stack may share the store, or a reference had another namespace before.",
)
ROWS_LEFT_BEHIND: Final = warns(
    id="rows-left-behind",
    title="Rows are under a name that the release does not read",
    advice="Name the old table in the config to keep using its rows: what is in the new table is then not read.",
    step=Step.MIGRATE_DATA,
    also=((Severity.INFO, Stage.NEVER),),
)
ZONELESS_EXPIRY: Final = warns(
    id="zoneless-expiry",
    title="A column was made by a server before 1.0.3, and keys with an expiry cannot be written",
    advice="Change the column's type as the finding's help says.",
    since=changes.KV_POSTGRES_POOLED,
)
ITEMS_UPGRADE_UNFINISHED: Final = warns(
    id="items-upgrade-unfinished",
    title="The upgrade of conversation_items was not finished",
    also=((Severity.ERROR, Stage.START),),
    advice="The message says how far the upgrade got, and how to finish it.",
)
ITEMS_MISSING: Final = warns(
    id="items-missing",
    title="The table conversation_items lacks items that the table before the upgrade to ogx 1.5 has",
    advice="The message says how many, and how to bring them back.",
)
ROWS_WITHOUT_OWNER: Final = warns(
    id="rows-without-owner",
    title="Rows have no owner, and the default filter hides them from everybody",
    advice=MAKE_PUBLIC,
    since=changes.OWNERLESS_HIDDEN,
)


LEFT_BEHIND: Final = {
    "chat_completions": (changes.INFERENCE_TABLE_COUNTS, "the inference store used this table before 0.3.5"),
    "openai_responses": (changes.RESPONSES_TABLE_COUNTS, "responses were kept here before 0.5"),
}
OWNER: Final = "owner_principal"
DEFAULT_KEY_TABLES: Final = frozenset({"llamastack_kvstore", "ogx_kvstore"})
"""What kv_postgres calls its table where the file does not say: the name changed at 0.8.0."""
ZONELESS: Final = "timestamp without time zone"

Check = Callable[[Session, Backend], AsyncIterator[Finding]]


async def _raw_keys(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Raw keys of older servers in a store whose server reads prefixed ones: invisible."""
    version = session.catalog.version.chosen
    reader = (await session.reader(backend.name)).key_values
    if backend.type == "kv_sqlite" and keeps_namespaces(backend.type, version):
        raw = tuple(sorted(_raw_families()))
        count = await reader.count(KeySelection(raw, _unnamed(session, backend).exclude))
        if count.value:
            yield RAW_KEYS.found_on(
                backend,
                f"{backend.name} has {plural(count.value, 'key')} without a namespace, as servers before 1.0 wrote them: "
                f"{version.product} {version} does not see such keys",
            )


def _unnamed(session: Session, backend: Backend) -> KeySelection:
    """Select the keys outside of all namespaces that the config names on a backend."""
    return browse.unassigned_selection(browse.known_namespaces(session.catalog, backend))


async def _unnamed_keys(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Keys of a namespace that no reference names: nobody's here, on the engines that have had namespaces from the start."""
    # An inline store of 0.2 has no namespace: whatever lies there is its own.
    if backend.is_inline or not keeps_namespaces(backend.type, changes.CATALOG):
        return
    reader = (await session.reader(backend.name)).key_values
    count = await reader.count(_unnamed(session, backend))
    if count.value:
        yield UNNAMED_KEYS.found_on(
            backend,
            f"{backend.name} has {plural(count.value, 'key')} outside of every namespace that this config names",
            Advice(
                "Another stack may share the store, or a reference had another namespace before.",
                Step.LIST_NAMESPACES,
                backend.name,
            ),
        )


async def _other_default(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Keys under the table name that was the default in other versions, where the file leaves it to the server."""
    chosen = next((found for found in backend.settings if found.name == "table_name"), None)
    if backend.type != "kv_postgres" or chosen is None or not chosen.is_default:
        return
    version = session.catalog.version.chosen
    used = {
        found.target.table
        for found in session.catalog.backends
        if isinstance(found.target, PostgresTarget) and _database(found) == _database(backend)
    }
    reader = (await session.reader(backend.name)).tables
    for name in sorted(DEFAULT_KEY_TABLES - used):
        number = await _rows(reader, name)
        if number:
            yield ROWS_LEFT_BEHIND.found_on(
                backend,
                f"{name} on {backend.name} has {plural(number, 'key')} that {version.product} {version} does not read: "
                f"the default name of the table changed at 0.8, and is {chosen.value} for this version",
                f"Set table_name: {name} to keep using these keys. A server reads one of the two tables: what {chosen.value}"
                " holds by"
                " now is then out of sight, and stays where it is.",
            )


async def _rows(reader: TableReader, name: str) -> int:
    """Count the rows of a table; of one that is not there, none."""
    return (await reader.count(name)).value if await reader.table(name) is not None else 0


def _database(backend: Backend) -> tuple[str, int, str] | None:
    target = backend.target
    return (target.host, target.port, target.database) if isinstance(target, PostgresTarget) else None


async def _zoneless_expiry(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of a column as servers before 1.0.3 made it: ogx writes times with a zone, and asyncpg refuses those for it."""
    version = session.catalog.version.chosen
    target = backend.target
    if not isinstance(target, PostgresTarget) or target.table is None or version < changes.KV_POSTGRES_POOLED:
        return
    table = await (await session.reader(backend.name)).tables.table(target.table)
    column = table.column("expiration") if table is not None else None
    if column is not None and column.type == ZONELESS:
        yield ZONELESS_EXPIRY.found_on(
            backend,
            f"The column expiration of {target.table} on {backend.name} has no time zone, as servers before 1.0.3 made it: a key "
            f"with an expiry cannot be written by {version.product} {version}",
            f"Stop every server that uses the table, back it up, and run as the servers' role: ALTER TABLE"
            f" {quoted_identifier(target.table)}"
            " ALTER COLUMN expiration TYPE timestamptz. Times are then read in the time zone of that session, the one that older"
            " servers wrote them in.",
        )


KEY_CHECKS: Final[tuple[Check, ...]] = (
    other_default,
    _other_default,
    _zoneless_expiry,
    _raw_keys,
    _unnamed_keys,
    *upgrade_inspection.KEY_CHECKS,
    accumulation.expired_keys,
)
"""What does not need the backend's own table comes first: where that is missing, the rest is not asked."""


def _raw_families() -> set[str]:
    families = {key for consumer in CONSUMERS for key in consumer.keys}
    return families | {key for layout in store_layouts(changes.OGX).values() for key in layout.keys}


async def _left_behind(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tables of older versions that still have rows."""
    version = session.catalog.version.chosen
    reader = (await session.reader(backend.name)).tables
    for name, (since, reason) in LEFT_BEHIND.items():
        if version < since or browse.referenced_by(session.catalog, backend.name, name):
            continue
        number = await _rows(reader, name)
        if number:
            yield ROWS_LEFT_BEHIND.found_on(
                backend,
                f"{name} on {backend.name} has {plural(number, 'row')} that {version.product} {version} does not read: "
                f"{reason}",
            )


async def _earlier_items(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of the table that the upgrade to ogx 1.5 renames: the only copy of the items until its rows were copied."""
    version = session.catalog.version.chosen
    reader = await session.reader(backend.name)
    report = await upgrade_report(reader)
    if report.state is ItemUpgrade.NOT_NEEDED:
        return
    if report.state is not ItemUpgrade.COPIED:
        said = said_of(report, backend.name)
        stops = report.state in STOPS_A_START and version >= changes.ITEMS_KEYED_BY_CONVERSATION
        severity, stage = (Severity.ERROR, Stage.START) if stops else (Severity.WARNING, Stage.NEVER)
        is_partial = report.state is ItemUpgrade.COPIED_IN_PART
        yield (ITEMS_MISSING if is_partial else ITEMS_UPGRADE_UNFINISHED).found_on(
            backend, said.state, said.advice, severity=severity, stage=stage
        )
        return
    count = await reader.tables.count(EARLIER_ITEMS)
    if count.value:
        yield ROWS_LEFT_BEHIND.found_on(
            backend,
            f"{EARLIER_ITEMS} on {backend.name} has {plural(count.value, 'row')} that {version.product} {version} does not read"
            + (f": ogx 1.5 copied them to {ITEMS}" if report.comparison is not None else ""),
            f"{_compared(report.comparison)} Keep it at least until you have a backup of the database.",
            severity=Severity.WARNING if version >= changes.ITEMS_KEYED_BY_CONVERSATION else Severity.INFO,
        )


def _compared(comparison: CopyComparison | None) -> str:
    if comparison is None:
        return "The two tables were not compared."
    if comparison.is_whole:
        return f"All were compared by their keys: {ITEMS} has each one whose conversation is there."
    return (
        f"The last {comparison.compared:,} were compared by their keys, the others were not: {ITEMS} has each of those whose"
        " conversation is there."
    )


async def _ownerless(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Rows without an owner: from 0.4 on the default filter hides them from everybody."""
    if session.catalog.version.chosen < changes.OWNERLESS_HIDDEN:
        return
    reader = (await session.reader(backend.name)).tables
    for name in session.catalog.tables_on(backend.name):
        table = await reader.table(name)
        if table is None or table.column(OWNER) is None:
            continue
        count = await reader.count(name, (Filter(OWNER, None),))
        if count.value:
            yield ROWS_WITHOUT_OWNER.found_on(
                backend,
                f"{name} on {backend.name} has {plural(count.value, 'row')} without an owner (NULL): "
                "the default filter hides such rows",
            )


TABLE_CHECKS: Final[tuple[Check, ...]] = (
    other_default,
    _left_behind,
    _earlier_items,
    _ownerless,
    *upgrade_inspection.TABLE_CHECKS,
    accumulation.unreferenced_tables,
    accumulation.orphaned_items,
)


async def inspect_data(session: Session) -> tuple[Finding, ...]:
    """Look into every backend; one that cannot be reached is a finding, not an error."""
    found: list[Finding] = []
    for backend in session.catalog.backends:
        checks: tuple[Check, ...] = KEY_CHECKS if backend.family is Family.KV else TABLE_CHECKS
        try:
            for check in checks:
                found += [finding async for finding in check(session, backend)]
        except NotFoundError as error:
            found.append(NOT_CREATED.found_on(backend, error.message, error.help))
        except BackendError as error:
            found.append(
                upgrade_inspection.DATA_NOT_CHECKED.found_on(
                    backend, f"Not checked: {error.message}", error.help
                )
            )
    return tuple(found)


def with_data(catalog: Catalog, found: Sequence[Finding]) -> Catalog:
    """Return the catalog with a verdict that also counts what the stores hold: some rows stop a start."""
    stops = any(each.severity is Severity.ERROR and each.stage is Stage.START for each in found)
    if not stops or not catalog.verdict.loads:
        return catalog
    return replace(catalog, verdict=replace(catalog.verdict, starts=False))
