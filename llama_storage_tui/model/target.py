"""What an engine connects to: parameters, never URLs, with secrets masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from llama_storage_tui.secrets import Secret


@dataclass(frozen=True, slots=True)
class SqliteTarget:
    """A SQLite file; `table` is the key-value table, None for a SQL backend. A path of `:memory:` has no file to open."""

    path: Path
    table: str | None = None
    is_memory: bool = False
    makes_folders: bool = True
    """Whether a server makes the file's folder, too, where that is missing."""


@dataclass(frozen=True, slots=True)
class ServerNeeds:
    """What the servers of a config do on a PostgreSQL database as soon as they use it: what a role must be allowed to do.

    `tables` are made where they are missing. `always_creates`: CREATE TABLE IF NOT EXISTS runs at every start, for which
    PostgreSQL wants CREATE on the schema even where the table is there. `indexes`: so does CREATE INDEX IF NOT EXISTS, which
    only the table's owner may run. The numbers of connections are for all backends of the config that log in as the same role,
    or to the same database, for all workers and replicas; `eager` of this backend's are opened at once.
    """

    tables: tuple[str, ...] = ()
    always_creates: bool = False
    indexes: bool = False
    extension: str | None = None
    creates_extension: bool = False
    as_role: int = 0
    to_database: int = 0
    eager: int = 0
    servers: str = "one server"
    """Who opens them, in words: `one server`, `2 replicas × 4 workers`."""


@dataclass(frozen=True, slots=True)
class PostgresTarget:
    """A PostgreSQL database; `table` is the key-value table, None for a SQL backend.

    `ssl_mode` is libpq's word (disable, allow, prefer, require, verify-ca, verify-full), None for the driver's default,
    `prefer`. `password` None means that the config has none: an empty one is sent and nothing else is consulted.
    """

    host: str
    port: int
    database: str
    user: str
    password: Secret | None = None
    table: str | None = None
    ssl_mode: str | None = None
    ca_cert_path: Path | None = None
    pool_budget: int | None = None
    """The most connections that one server process opens with this backend's settings, for the comparison with max_connections."""
    needs: ServerNeeds | None = None
    """What those servers must be allowed to do; None where that cannot be told."""

    @property
    def role(self) -> str:
        """Who logs in, as an operator names it."""
        return self.user

    @property
    def principal(self) -> tuple[str, ...]:
        """Who logs in, as the server tells one from another."""
        return (self.user,)

    @property
    def seeds(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports that are tried."""
        return ((self.host, self.port),)

    @property
    def door(self) -> tuple[object, ...]:
        """What a login depends on besides user and password."""
        return self.host, self.port, self.database, self.ssl_mode

    @property
    def location(self) -> str:
        """Where this is, without its credentials."""
        return f"postgresql://{self.place}/{self.database}"

    @property
    def place(self) -> str:
        """The server alone."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MongoTarget:
    """A MongoDB collection, or a login alone; `host` is a name, a list of seeds or a URI, without a login in any case.

    `seeds` are its hosts and ports; port 0 marks a name whose DNS lists them (mongodb+srv). The user belongs to the database
    `auth_source`. `user` is empty where servers connect without a login.
    """

    host: str = field(repr=False)
    port: int
    database: str
    user: str
    password: Secret | None = None
    collection: str | None = None
    seeds: tuple[tuple[str, int], ...] = ()
    auth_source: str = "admin"
    mechanism: str | None = None
    uses_tls: bool = False

    @property
    def role(self) -> str:
        """Who logs in, as an operator names it."""
        return f"{self.user}@{self.auth_source}"

    @property
    def principal(self) -> tuple[str, ...]:
        """Who logs in, as the server tells one from another."""
        return self.user, self.auth_source

    @property
    def door(self) -> tuple[object, ...]:
        """What a login depends on besides user and password."""
        return self.host, self.port

    @property
    def location(self) -> str:
        """Where this is, without its credentials and further options."""
        scheme = "mongodb+srv" if any(port == 0 for _, port in self.seeds) else "mongodb"
        return f"{scheme}://{self.place}/?authSource={self.auth_source}"

    @property
    def place(self) -> str:
        """The server alone."""
        names = ((f"[{host}]" if ":" in host else host, port) for host, port in self.seeds)
        return ",".join(f"{host}:{port}" if port else host for host, port in names)


@dataclass(frozen=True, slots=True)
class UnsupportedTarget:
    """A backend whose engine this program does not speak (yet): shown, checked, never contacted."""

    engine: str
    reason: str


LoginTarget = PostgresTarget | MongoTarget
"""What a password logs in to."""
Target = SqliteTarget | PostgresTarget | MongoTarget | UnsupportedTarget
