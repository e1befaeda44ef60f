"""Throw-away stores of each engine, filled with SQL that both understand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from llama_storage_tui.backends.mongodb.target import MongoTarget, mongo_login
from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.model.data import Cell, Cursor, KeyEntry, KeySelection, RowQuery
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import Target
from llama_storage_tui.secrets import Secret
from tests.patience import PATIENCE
from tests.servers import Server

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from tests.mongo_servers import MongoServer
    from tests.redis_servers import RedisServer

ADMINISTRATOR, MONGO_PASSWORD = "root", "made-up-root"
"""Of the MongoDB-compatible server: tests/mongo_daemon.py, which needs its package."""

LEAVES_SOCKETS = pytest.mark.filterwarnings(
    r"ignore:.*socket\.socket:pytest.PytestUnraisableExceptionWarning"
)
"""PyMongo leaves the socket of a monitor that is connecting to the collector when a client is closed in that moment.

A test of something else may be running when that is told: there pyproject.toml ignores a socket that never had a peer.
"""

KEY_VALUE_TABLE = "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)"


class Store(Protocol):
    """What a test does with a store before it reads it."""

    engine: str

    def execute(self, sql: str) -> None:
        """Run statements as the owner."""
        ...

    def target(self, *, table: str | None = None) -> Target:
        """Return what a reader opens."""
        ...


class KeyStore(Protocol):
    """A store of keys and values, whatever its engine."""

    engine: str

    def fill(self, rows: Mapping[str, str]) -> None:
        """Have these keys and values and no others."""
        ...

    def key_target(self) -> Target:
        """Return what a reader of the keys opens."""
        ...


def filling(rows: Mapping[str, str]) -> str:
    """Return SQL that makes the key-value table anew with these rows."""
    values = ", ".join(f"({literal(key)}, {literal(value)}, NULL)" for key, value in rows.items())
    return f"DROP TABLE IF EXISTS kvstore; {KEY_VALUE_TABLE};" + (
        f"INSERT INTO kvstore VALUES {values}" if rows else ""
    )


@dataclass
class SqliteStore:
    """A SQLite file, written with the standard library."""

    path: Path
    engine: str = "sqlite"

    def execute(self, sql: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(sql)

    def insert(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row of parameters."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany(sql, rows)

    def target(self, *, table: str | None = None) -> SqliteTarget:
        return SqliteTarget(self.path, table=table)

    def fill(self, rows: Mapping[str, str]) -> None:
        self.execute(filling(rows))

    def key_target(self) -> Target:
        return self.target(table="kvstore")


@dataclass
class PostgresStore:
    """A database of the test server."""

    server: Server
    database: str
    engine: str = "postgres"

    def create(self) -> None:
        self.server.execute(
            f"CREATE DATABASE {self.database} OWNER operator STRATEGY FILE_COPY", database="postgres"
        )

    def drop(self) -> None:
        self.server.execute(f"DROP DATABASE {self.database} WITH (FORCE)", database="postgres")

    def execute(self, sql: str) -> None:
        self.server.execute(f"SET ROLE operator; {sql}", database=self.database)

    def ask(self, sql: str) -> str:
        """Return what a query of the superuser prints."""
        return self.server.execute(sql, database=self.database)

    def target(self, *, table: str | None = None) -> Target:
        return replace(self.server.target(database=self.database), table=table)

    def fill(self, rows: Mapping[str, str]) -> None:
        self.execute(filling(rows))

    def key_target(self) -> Target:
        return self.target(table="kvstore")


@dataclass
class RedisStore:
    """Database 0 of the test server, empty when a test begins."""

    server: RedisServer
    engine: str = "redis"

    def fill(self, rows: Mapping[str, str]) -> None:
        self.server.client.flushdb()
        if rows:
            self.server.client.mset(dict(rows))

    def key_target(self) -> Target:
        return self.server.target()


@dataclass
class MongoStore:
    """A collection of the test server, empty when a test begins."""

    server: MongoServer
    collection: str
    engine: str = "mongodb"

    @contextmanager
    def documents(self) -> Iterator[Collection[dict[str, Any]]]:
        """Give the collection to a test, as the administrator."""
        with self.server.client(ADMINISTRATOR, MONGO_PASSWORD) as client:
            yield client["stack"][self.collection]

    def fill(self, rows: Mapping[str, str]) -> None:
        with self.documents() as collection:
            collection.delete_many({})
            for key, value in rows.items():
                collection.insert_one({"key": key, "value": value, "expiration": None})

    def key_target(self) -> MongoTarget:
        login = mongo_login("127.0.0.1", self.server.port, ADMINISTRATOR, Secret(MONGO_PASSWORD))
        return replace(login, database="stack", collection=self.collection)


@asynccontextmanager
async def reading(
    target: Target, *, connect: float = PATIENCE, query: float | None = PATIENCE
) -> AsyncIterator[Reader]:
    """Open a reader and close it."""
    reader = open_reader(target, timeouts=Timeouts(connect=connect, query=query))
    try:
        yield reader
    finally:
        await reader.close()


async def all_rows(reader: Reader, query: RowQuery) -> list[tuple[Cell, ...]]:
    """Walk every page of a query; fails where pages do not end or overlap with the end."""
    rows: list[tuple[Cell, ...]] = []
    after: Cursor | None = None
    while True:
        page = await reader.tables.page(replace(query, after=after))
        rows += page.rows
        if page.next is None:
            return rows
        assert len(page.rows) == query.limit
        after = page.next


async def all_keys(
    reader: Reader, selection: KeySelection, *, prefix: str = "", limit: int = 7
) -> list[KeyEntry]:
    """Walk every page of a selection."""
    keys: list[KeyEntry] = []
    after: Cursor | None = None
    while True:
        page = await reader.key_values.page(selection, prefix=prefix, limit=limit, after=after)
        keys += page.keys
        if page.next is None:
            return keys
        after = page.next


def literal(value: Cell) -> str:
    """Return a value as SQL that both engines read."""
    match value:
        case None:
            return "NULL"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bytes():
            raise TypeError("the engines spell binary differently")
        case _:
            return str(value)
