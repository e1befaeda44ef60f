"""A made-up catalog with readers in memory that satisfy the protocols: the same on every machine, at every hour."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from textual.worker import Worker, active_worker

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.protocols import RecordReader
from llama_storage_tui.backends.redis.probe import RedisAnswer
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError, FailureKind, UsageError
from llama_storage_tui.model.catalog import (
    Backend,
    Catalog,
    Credential,
    Family,
    Physical,
    Reference,
    ReferenceKind,
    Setting,
    SourceKind,
    ValueSource,
)
from llama_storage_tui.model.data import (
    Cell,
    Column,
    Count,
    Cursor,
    KeyEntry,
    KeyPage,
    KeySelection,
    Probe,
    RowPage,
    RowQuery,
    StoredValue,
    Table,
)
from llama_storage_tui.model.finding import Finding, Severity, Stage, Verdict
from llama_storage_tui.model.following import Mark, RowsSince
from llama_storage_tui.model.version import Version, VersionGuess
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.browse import belongs
from llama_storage_tui.services.session import Session

PASSWORD = Secret("tr0ub4dor-and-3")
EPOCH = 1_767_225_600
"""1 January 2026, 00:00 UTC."""


class Gate:
    """Holds answers back until it is opened; knows whose work waits and how many were cancelled while waiting."""

    def __init__(self, *, is_open: bool = True) -> None:
        self._event = asyncio.Event()
        self.waiting: list[Worker[object] | None] = []
        """The workers that wait; None for what is none of a worker."""
        self.cancelled = 0
        if is_open:
            self._event.set()

    def open(self) -> None:
        """Let everyone through from now on."""
        self._event.set()

    def close(self) -> None:
        """Hold everyone back from now on."""
        self._event.clear()

    async def pass_through(self) -> None:
        """Wait until the gate is open."""
        who = active_worker.get(None)
        self.waiting.append(who)
        try:
            await self._event.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting.remove(who)


@dataclass
class MemoryKeys:
    """Keys and values in a list."""

    values: Sequence[StoredValue]
    gate: Gate

    def _selected(self, selection: KeySelection, prefix: str = "") -> list[StoredValue]:
        return [
            stored
            for stored in self.values
            if (
                not selection.include and not selection.exclude and not prefix
                if not isinstance(stored.entry.key, str)
                else belongs(selection, stored.entry.key) and stored.entry.key.startswith(prefix)
            )
        ]

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        await self.gate.pass_through()
        found = len(self._selected(selection))
        return Count(found, is_exact=not fast or found < 100)

    async def counts(self, selections: Sequence[KeySelection], *, fast: bool = False) -> tuple[Count, ...]:
        return tuple([await self.count(selection, fast=fast) for selection in selections])

    async def level(self, selection: KeySelection, prefix: str = "", *, separator: str) -> None:
        del selection, prefix, separator

    async def page(
        self,
        selection: KeySelection,
        *,
        prefix: str = "",
        limit: int = 100,
        after: Cursor | None = None,
        exact: bool = False,
    ) -> KeyPage:
        del exact
        await self.gate.pass_through()
        found, start = self._selected(selection, prefix), int(after or 0)
        more = str(start + limit) if len(found) > start + limit else None
        return KeyPage(
            tuple(stored.entry for stored in found[start : start + limit]), more, scanned=len(found)
        )

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        await self.gate.pass_through()
        for stored in self.values:
            if stored.entry.key == key:
                whole = stored.value
                if limit is not None and isinstance(whole, str | bytes) and len(whole) > limit:
                    return StoredValue(stored.entry, whole[:limit], is_cut=True)
                return stored
        return None

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        found = [await self.value(key, limit=limit) for key in keys]
        return tuple(stored for stored in found if stored is not None)

    async def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        found = self._selected(selection)
        for start in range(0, len(found), 100):
            await self.gate.pass_through()
            yield found[start : start + 100]


@dataclass
class MemoryTable:
    """A table in a list; its first column is the key."""

    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]


@dataclass
class MemoryTables:
    """Tables in a dict."""

    by_name: dict[str, MemoryTable]
    gate: Gate
    queries: list[RowQuery] = field(default_factory=list)

    async def tables(self, *, counts: bool = True, fast: bool = True) -> tuple[Table, ...]:
        await self.gate.pass_through()
        return tuple(
            Table(
                name,
                found.columns,
                Count(len(found.rows), is_exact=not fast or len(found.rows) < 100) if counts else None,
            )
            for name, found in self.by_name.items()
        )

    async def table(self, name: str) -> Table | None:
        found = self.by_name.get(name)
        return None if found is None else Table(name, found.columns, None)

    async def count(self, name: str, filters: Sequence[object] = ()) -> Count:  # noqa: ARG002 - the protocol's words
        await self.gate.pass_through()
        return Count(len(self.by_name[name].rows), is_exact=True)

    async def page(self, query: RowQuery) -> RowPage:
        self.queries.append(query)
        await self.gate.pass_through()
        table = self.by_name[query.table]
        names = [column.name for column in table.columns]
        for wanted in (
            *(found.column for found in query.filters),
            *([query.order.column] if query.order else []),
        ):
            if wanted not in names:
                raise UsageError(
                    f"Table {query.table} has no column {wanted!r}", help=f"It has: {', '.join(names)}."
                )
        rows = [
            row
            for row in table.rows
            if all(_matches(row[names.index(found.column)], found.text) for found in query.filters)
        ]
        if query.order is not None:
            place = names.index(query.order.column)
            rows.sort(key=lambda row: (row[place] is not None, row[place]), reverse=query.order.is_descending)
        start = int(query.after or 0)
        chosen = rows[start : start + query.limit]
        more = str(start + query.limit) if len(rows) > start + query.limit else None
        cut = {
            (i, j)
            for i, row in enumerate(chosen)
            for j, cell in enumerate(row)
            if query.cell_limit and isinstance(cell, str | bytes) and len(cell) > query.cell_limit
        }
        return RowPage(
            table.columns,
            tuple(
                tuple(
                    cell[: query.cell_limit] if (i, j) in cut and isinstance(cell, str | bytes) else cell
                    for j, cell in enumerate(row)
                )
                for i, row in enumerate(chosen)
            ),
            more,
            row_cursors=tuple(f"row:{table.rows.index(row)}" for row in chosen),
            cut_cells=frozenset(cut),
        )

    async def rows_since(self, query: RowQuery, mark: Mark | None, *, limit: int) -> RowsSince:  # noqa: ARG002 - see above
        raise BackendError("Rows in memory have no position", failure=FailureKind.UNSUPPORTED)

    async def row(self, table: str, cursor: Cursor) -> dict[str, Cell] | None:
        await self.gate.pass_through()
        found = self.by_name[table]
        index = int(cursor.removeprefix("row:"))
        if index >= len(found.rows):
            return None
        return dict(zip((column.name for column in found.columns), found.rows[index], strict=True))

    async def stream(self, query: RowQuery) -> AsyncGenerator[Sequence[tuple[Cell, ...]], None]:
        rows = self.by_name[query.table].rows
        for start in range(0, len(rows), 50):
            await self.gate.pass_through()
            yield rows[start : start + 50]


def _matches(cell: Cell, text: str | None) -> bool:
    return cell is None if text is None else cell is not None and str(cell) == text


class MemoryReader:
    """A backend in memory: what its test answers, its keys and its tables."""

    def __init__(
        self,
        answer: Probe | BackendError,
        *,
        keys: Iterable[StoredValue] = (),
        tables: dict[str, MemoryTable] | None = None,
    ) -> None:
        self.gate = Gate()
        self.answer = answer
        self.is_closed = False
        self.probes = 0
        self._keys = MemoryKeys(list(keys), self.gate)
        self._tables = MemoryTables(tables or {}, self.gate)

    async def probe(self, *, thorough: bool = False) -> Probe:  # noqa: ARG002 - the protocol's word
        self.probes += 1
        await self.gate.pass_through()
        return self._or_raise()

    def _or_raise(self) -> Probe:
        if isinstance(self.answer, BackendError):
            raise self.answer
        return self.answer

    @property
    def tables(self) -> MemoryTables:
        self._or_raise()
        return self._tables

    @property
    def records(self) -> RecordReader:
        self._or_raise()
        raise BackendError(
            "Made-up readers keep no documents: use a real store", failure=FailureKind.UNSUPPORTED
        )

    @property
    def key_values(self) -> MemoryKeys:
        self._or_raise()
        return self._keys

    def load(self) -> None:
        pass  # everything is there

    async def close(self) -> None:
        self.is_closed = True


class MemorySession(Session):
    """A session whose readers were made beforehand."""

    def __init__(self, catalog: Catalog, readers: dict[str, MemoryReader]) -> None:
        super().__init__(catalog)
        self.made = readers

    async def reader(self, name: str) -> MemoryReader:
        self.backend(name)
        return self.made[name]

    async def prober(self, name: str) -> MemoryReader:
        return await self.reader(name)

    async def key_values(self, name: str) -> MemoryKeys:
        return (await self.reader(name)).key_values

    async def close(self) -> None:
        for reader in self.made.values():
            await reader.close()


def stored(
    key: str | bytes | None, value: Cell, expires: datetime | None = None, *, expired: bool = False
) -> StoredValue:
    """Make one entry of a key-value store."""
    size = (
        None
        if value is None
        else len(
            value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(str(value), "ascii")
        )
    )
    if isinstance(value, bytes):
        size = len(value)
    return StoredValue(KeyEntry(key, size, expires, is_expired=expired), value)


def _line(number: int) -> ValueSource:
    return ValueSource(SourceKind.LITERAL, line=number)


def _backends() -> tuple[Backend, ...]:
    return (
        Backend(
            "kv_default",
            "kv_sqlite",
            Family.KV,
            "/var/lib/ogx/kvstore.db",
            (
                Setting(
                    "db_path",
                    "/var/lib/ogx/kvstore.db",
                    ValueSource(SourceKind.VARIABLE, "SQLITE_STORE_DIR", "prod.env", 3),
                    expression="${env.SQLITE_STORE_DIR:=~/.ogx}/kvstore.db",
                ),
            ),
            Credential(),
            SqliteTarget(Path("/var/lib/ogx/kvstore.db"), "kvstore"),
            path="storage.backends.kv_default",
            line=88,
        ),
        Backend(
            "sql_default",
            "sql_postgres",
            Family.SQL,
            "postgresql://db.internal:5432/ogx",
            (
                Setting(
                    "host",
                    "db.internal",
                    ValueSource(SourceKind.VARIABLE, "PG_HOST"),
                    expression="${env.PG_HOST}",
                ),
                Setting(
                    "port",
                    5432,
                    ValueSource(SourceKind.DEFAULT, "PG_PORT", line=94),
                    expression="${env.PG_PORT:=5432}",
                ),
                Setting("db", "ogx", _line(95)),
                Setting("user", "ogx_app", _line(96)),
                Setting(
                    "password",
                    PASSWORD,
                    ValueSource(SourceKind.VARIABLE, "PG_PASSWORD", "prod.env", 7),
                    expression="${env.PG_PASSWORD}",
                ),
                Setting("sslmode", "require", _line(98), is_known=False),
                Setting("pool_size", 10, ValueSource(SourceKind.NONE), is_default=True),
            ),
            Credential("ogx_app", "password", ValueSource(SourceKind.VARIABLE, "PG_PASSWORD", "prod.env", 7)),
            PostgresTarget("db.internal", 5432, "ogx", "ogx_app", PASSWORD),
            path="storage.backends.sql_default",
            line=91,
        ),
        Backend(
            "kv_cache",
            "kv_redis",
            Family.KV,
            "redis://cache.internal:6379/0",
            (Setting("host", "cache.internal", _line(102)), Setting("port", 6379, _line(103))),
            Credential(),
            RedisTarget("cache.internal", 6379),
            path="storage.backends.kv_cache",
            line=100,
        ),
        Backend(
            "sql_archive",
            "sql_postgres",
            Family.SQL,
            "postgresql://archive.eu-central-1.internal:5432/archive",
            (
                Setting("host", "archive.eu-central-1.internal", _line(106)),
                Setting(
                    "password", None, _line(110), expression="${env.ARCHIVE_PASSWORD}", is_resolved=False
                ),
            ),
            Credential("archivist", "password"),
            PostgresTarget("archive.eu-central-1.internal", 5432, "archive", "archivist"),
            path="storage.backends.sql_archive",
            line=105,
        ),
    )


def _kv(
    path: str,
    kind: ReferenceKind,
    name: str,
    namespace: str,
    line: int,
    *,
    backend: str = "kv_default",
    enabled: bool = True,
) -> Reference:
    return Reference(
        path,
        kind,
        name,
        Family.KV,
        backend,
        namespace=namespace,
        is_enabled=enabled,
        physical=Physical("kvstore", prefixes=(f"{namespace}:",)),
        line=line,
    )


def _sql(
    path: str, kind: ReferenceKind, name: str, table: str, tables: tuple[str, ...], line: int | None
) -> Reference:
    is_queued = name == "inference"
    return Reference(
        path,
        kind,
        name,
        Family.SQL,
        "sql_default",
        table=table,
        is_defaulted=line is None,
        physical=Physical("ogx", tables) if tables else None,
        queue=(("max_write_queue_size", 10000), ("num_writers", 4)) if is_queued else (),
        queue_is_used=is_queued,
        note="the job queue uses sql_default, else the first SQL backend" if line is None else None,
        line=line,
    )


def _references() -> tuple[Reference, ...]:
    store, provider = ReferenceKind.STORE, ReferenceKind.PROVIDER
    return (
        _kv("storage.stores.metadata", store, "metadata", "registry", 113),
        _sql("storage.stores.inference", store, "inference", "inference_store", ("inference_store",), 116),
        _sql(
            "storage.stores.conversations",
            store,
            "conversations",
            "openai_conversations",
            ("openai_conversations", "conversation_items"),
            121,
        ),
        _sql("storage.stores.responses", store, "responses", "old_responses", (), 124),
        _kv("providers.vector_io[0].config.persistence", provider, "faiss", "vector_io::faiss", 31),
        _kv(
            "providers.vector_io[1].config.persistence",
            provider,
            "pgvector",
            "vector_io::pgvector",
            38,
            enabled=False,
        ),
        _kv(
            "providers.inference[2].config.cache", provider, "vertexai", "signatures", 24, backend="kv_cache"
        ),
        _sql(
            "providers.files[0].config.metadata_store",
            provider,
            "files",
            "files_metadata",
            ("openai_files",),
            52,
        ),
        _kv("providers.skills[0].config.persistence", provider, "skills", "skills", 64, backend="kv_missing"),
        _sql("implicit.jobs", ReferenceKind.IMPLICIT, "jobs", "jobs", ("jobs",), None),
    )


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            "unknown-backend",
            Severity.ERROR,
            Stage.START,
            "providers.skills[0].config.persistence",
            "providers.skills[0].config.persistence names the backend 'kv_missing', and storage.backends has no such entry",
            "Name one of kv_default, kv_cache, or add kv_missing to storage.backends.",
            64,
        ),
        Finding(
            "unresolved-variable",
            Severity.ERROR,
            Stage.LOAD,
            "storage.backends.sql_archive.password",
            "The environment variable ARCHIVE_PASSWORD is not set and has no default",
            "Set it, or give an env file with --env-file.",
            110,
        ),
        Finding(
            "ignored-field",
            Severity.WARNING,
            Stage.NEVER,
            "storage.backends.sql_default.sslmode",
            "No server reads the field 'sslmode': the connection may be unencrypted",
            "Did you mean ssl_mode?",
            98,
        ),
        Finding(
            "unused-backend",
            Severity.INFO,
            Stage.NEVER,
            "storage.backends.sql_archive",
            "Nothing refers to the backend sql_archive",
            None,
            105,
        ),
        Finding(
            "decorative-table-name",
            Severity.INFO,
            Stage.NEVER,
            "providers.files[0].config.metadata_store",
            "The table name 'files_metadata' has no effect: the rows are in openai_files",
            None,
            52,
        ),
    )


def made_up_catalog() -> Catalog:
    """Return a catalog with something of everything."""
    return Catalog(
        "/etc/ogx/config.yaml",
        "support-desk",
        VersionGuess(
            Version(1, 5),
            Version(1, 4),
            None,
            ("storage.stores.inference.enabled exists since 1.4", "the skills API exists since 1.1"),
            Version(1, 5),
        ),
        _backends(),
        _references(),
        _findings(),
        Verdict(loads=False, starts=None),
        secrets=(PASSWORD,),
    )


def _probe_sqlite() -> Probe:
    details: dict[str, Cell] = {"file_bytes": 1_409_024, "wal_bytes": 0, "journal_mode": "wal", "tables": 1}
    return Probe("SQLite 3.45.1", None, None, is_writable=True, latency_ms=1.4, details=details)


def _probe_postgres() -> Probe:
    details: dict[str, Cell] = {
        "database_size": "412 MB",
        "connections": "37 of 100",
        "pool_budget": 30,
        "is_replica": False,
        "schema": "public",
    }
    warnings = ("With 37 connections in use, this config's pool of 30 leaves 33 for everyone else",)
    return Probe(
        "PostgreSQL 18.1",
        "ogx_app",
        "TLSv1.3",
        is_writable=True,
        latency_ms=12.6,
        details=details,
        warnings=warnings,
    )


def _probe_redis() -> Probe:
    info = {
        "redis_version": "7.2.5",
        "role": "master",
        "connected_slaves": 1,
        "redis_mode": "standalone",
        "used_memory": 412_316_860,
        "maxmemory": 1_073_741_824,
        "maxmemory_policy": "allkeys-lru",
        "connected_clients": 24,
        "aof_enabled": 1,
    }
    answer = RedisAnswer(info, keys=812, save_points="3600 1 300 100")
    return Probe(
        answer.server,
        None,
        None,
        is_writable=answer.is_writable,
        latency_ms=1.8,
        details=dict(answer.details(0)),
        warnings=tuple(answer.warnings()),
    )


def made_up_signatures() -> list[StoredValue]:
    """Return what a provider keeps in its cache, with the time when it goes."""
    return [*_signatures()]


@cache
def _signatures() -> tuple[StoredValue, ...]:
    later = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return tuple(
        stored(f"signatures:call_{index:05d}", json.dumps({"signature": f"sig-{index}"}), later)
        for index in range(812)
    )


def made_up_keys() -> list[StoredValue]:
    """Return keys of two namespaces, and some of none."""
    return [*_keys()]


@cache
def _keys() -> tuple[StoredValue, ...]:
    later, past = datetime(2027, 3, 1, 12, tzinfo=UTC), datetime(2025, 11, 2, 8, 30, tzinfo=UTC)
    models = ("embed-small", "llama-3.3-70b", "llama-4-scout", "rerank-v2")
    found = [
        stored(
            f"registry:v9::model:{name}",
            json.dumps({"identifier": name, "provider_id": "vllm", "type": "model"}),
        )
        for name in models
    ]
    found += [
        stored(
            f"vector_io::faiss:vector_stores:v3::vs_{index:04d}",
            json.dumps(
                {"id": f"vs_{index:04d}", "dimension": 768, "metadata": json.dumps({"owner": "support"})}
            ),
            later if index % 3 else past,
            expired=not index % 3,
        )
        for index in range(450)
    ]
    found.append(stored("lost+found:index", b"\x00\x01faiss\xff\xfe" * 20))
    return tuple(sorted(found, key=lambda entry: str(entry.entry.key)))


def made_up_tables() -> dict[str, MemoryTable]:
    """Return a few tables as a server keeps them."""
    return {name: replace(table, rows=[*table.rows]) for name, table in _tables().items()}


@cache
def _tables() -> dict[str, MemoryTable]:
    said = (
        "How do I reset my password?",
        "Where is my invoice?",
        "The export is empty.",
        "Danke, das hat geholfen!",
    )
    inference = [
        (
            f"chatcmpl-{index:04d}",
            EPOCH + index * 61,
            "llama-3.3-70b" if index % 4 else "llama-4-scout",
            json.dumps({"messages": [{"role": "user", "content": said[index % 4]}], "temperature": 0.2}),
            None if index % 5 == 0 else "alice" if index % 2 else "bob",
        )
        for index in range(620)
    ]
    return {
        "conversation_items": MemoryTable(
            (Column("id", "TEXT", is_primary_key=True), Column("item", "JSON", is_json=True)),
            [
                (f"item_{index}", json.dumps({"type": "message", "text": said[index % 4]}))
                for index in range(84)
            ],
        ),
        "inference_store": MemoryTable(
            (
                Column("id", "VARCHAR", is_primary_key=True, is_nullable=False),
                Column("created_at", "BIGINT"),
                Column("model", "VARCHAR"),
                Column("input_messages", "JSON", is_json=True),
                Column("owner", "VARCHAR"),
            ),
            inference,
        ),
        "openai_conversations": MemoryTable(
            (Column("id", "TEXT", is_primary_key=True), Column("created_at", "BIGINT")),
            [(f"conv_{index}", EPOCH + index) for index in range(21)],
        ),
        "openai_files": MemoryTable(
            (Column("id", "TEXT", is_primary_key=True), Column("bytes", "BIGINT")), []
        ),
    }


def made_up_readers() -> dict[str, MemoryReader]:
    """Return a reader for each backend of the catalog: three answer, one does not."""
    return {
        "kv_default": MemoryReader(_probe_sqlite(), keys=made_up_keys()),
        "sql_default": MemoryReader(_probe_postgres(), tables=made_up_tables()),
        "kv_cache": MemoryReader(_probe_redis(), keys=made_up_signatures()),
        "sql_archive": MemoryReader(
            BackendError(
                "archive.eu-central-1.internal:5432 refused the password of archivist",
                failure=FailureKind.AUTHENTICATION,
                help="Check ARCHIVE_PASSWORD (line 110).",
            )
        ),
    }
