"""A PostgreSQL database as the config names it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from llama_storage_tui.backends.postgres.server_login import server_login
from llama_storage_tui.backends.settings import BackendSettings, NoTarget
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret


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
class PostgresTarget(LoginTarget):
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
    def endpoint(self) -> tuple[object, ...]:
        """What a login depends on besides user and password."""
        return self.host, self.port, self.database, self.ssl_mode

    @property
    def location(self) -> str:
        """Where this is, without its credentials."""
        return f"postgresql://{self.place}/{self.database}"

    @property
    def database_name(self) -> str:
        """The database in the server."""
        return self.database

    @property
    def place(self) -> str:
        """The server alone."""
        return f"{self.host}:{self.port}"


def postgres_target(settings: BackendSettings) -> PostgresTarget:
    """Return the database of a PostgreSQL backend; raises NoTarget."""
    table = settings.text("table_name") if settings.type == "kv_postgres" else None
    if settings.is_written("connection_string"):
        return target_of_uri(settings.text("connection_string"), settings, table)
    if settings.is_unknown("password"):
        raise settings.unknown("password")
    password = settings.get("password")
    if password is not None and not isinstance(password, str):
        raise NoTarget("its password is not text")
    host = settings.text("host")
    if "@" in host:
        # A password in front of a host would end up in messages, and no driver looks for one there.
        raise NoTarget("its host holds a user name or password")
    mode = settings.optional_text("ssl_mode")
    login = server_login(settings.type, settings.version, settings.text("user"), password, mode)
    if password and login.password:
        # Not the word that stands for a missing one: that is no secret, and would be masked in every text.
        settings.secret(login.password)
    return PostgresTarget(
        host,
        settings.port(),
        settings.text("db"),
        login.user,
        None if login.password is None else Secret(login.password),
        table,
        login.ssl_mode,
        _certificate(settings, settings.get("ca_cert_path")) if login.uses_ca else None,
    )


def target_of_uri(text: str, settings: BackendSettings, table: str | None = None) -> PostgresTarget:
    """Return what a `connection_string` connects to; raises NoTarget where it does not say."""
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
        host = parts.hostname
    except ValueError:
        raise NoTarget("its connection_string cannot be parsed") from None
    query = dict(parse_qsl(parts.query))
    database = unquote(parts.path.lstrip("/")) or query.get("dbname", "")
    host = query.get("host", unquote(host) if host else "")
    user = unquote(parts.username or "") or query.get("user", "")
    if parts.scheme not in ("postgres", "postgresql") or not host or not database or not user:
        raise NoTarget(
            "its connection_string lacks the scheme, host, user or database that a connection needs"
        )
    password = unquote(parts.password) if parts.password is not None else query.get("password")
    secret = None if password is None else Secret(password)
    if password:
        settings.secret(password)
    return PostgresTarget(
        host,
        int(query["port"]) if query.get("port", "").isdecimal() else port,
        database,
        user,
        secret,
        table,
        query.get("sslmode", query.get("ssl")) or settings.optional_text("ssl_mode"),
        _certificate(settings, query.get("sslrootcert") or settings.get("ca_cert_path")),
    )


def _certificate(settings: BackendSettings, value: object) -> Path | None:
    return settings.path(value) if isinstance(value, str) and value else None


def location(settings: BackendSettings, target: PostgresTarget | None) -> str:
    """Say where the database is."""
    if target is not None:
        host = f"[{target.host}]" if ":" in target.host else target.host
        return f"postgresql://{host}:{target.port}/{settings.masked(target.database)}"
    if settings.get("connection_string") is not None:
        return ""
    return f"postgresql://{settings.shown('host')}:{settings.shown('port')}/{settings.shown('db')}"


def container(backend: Backend) -> str:
    """Name the key-value table, or the database."""
    if backend.type == "kv_postgres":
        return str(backend.value_of("table_name") or "")
    if isinstance(backend.target, PostgresTarget):
        return backend.target.database
    return backend.location
