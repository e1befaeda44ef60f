"""What an engine connects to: parameters, never URLs, with secrets masked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llama_storage_tui.secrets import Secret


@dataclass(frozen=True, slots=True)
class SqliteTarget:
    """A SQLite file; `table` is the key-value table, None for a SQL backend. A path of `:memory:` has no file to open."""

    path: Path
    table: str | None = None
    is_memory: bool = False


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
        return f"postgresql://{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class UnsupportedTarget:
    """A backend whose engine this program does not speak (yet): shown, checked, never contacted."""

    engine: str
    reason: str


LoginTarget = PostgresTarget
"""What a password logs in to."""
Target = SqliteTarget | PostgresTarget | UnsupportedTarget
