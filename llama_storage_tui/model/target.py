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


@dataclass(frozen=True, slots=True)
class UnsupportedTarget:
    """A backend whose engine this program does not speak (yet): shown, checked, never contacted."""

    engine: str
    reason: str


Target = SqliteTarget | PostgresTarget | UnsupportedTarget
