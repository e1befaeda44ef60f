"""A PostgreSQL database as the config names it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from llama_storage_tui.backends.postgres.server_login import server_login
from llama_storage_tui.backends.postgres.uri import ANY, UnreadableUriError, read_uri
from llama_storage_tui.backends.settings import BackendSettings, NoTarget
from llama_storage_tui.deferred import dataclass, replace
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
class PostgresSession:
    """What a connection string asks for besides the login: each empty or None where it says nothing.

    `kind` is its target_session_attrs, `settings` what a session is begun with (`options`, `search_path`, `application_name` …).
    """

    kind: str = ANY
    settings: tuple[tuple[str, str], ...] = ()
    crl_path: Path | None = None
    certificate_path: Path | None = None
    key_path: Path | None = None
    key_password: Secret | None = None


PLAIN_SESSION: Final = PostgresSession()


@dataclass(frozen=True, slots=True)
class PostgresTarget(LoginTarget):
    """A PostgreSQL database; `table` is the key-value table, None for a SQL backend.

    `ssl_mode` is libpq's word (disable, allow, prefer, require, verify-ca, verify-full), None for the driver's default,
    `prefer`. `password` None means that the config has none: an empty one is sent and nothing else is consulted. `more_hosts` are
    tried in their order where the first cannot be reached.
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
    more_hosts: tuple[tuple[str, int], ...] = ()
    session: PostgresSession = PLAIN_SESSION

    @property
    def seeds(self) -> tuple[tuple[str, int], ...]:
        """The hosts and ports that are tried."""
        return ((self.host, self.port), *self.more_hosts)

    @property
    def each_host(self) -> tuple[PostgresTarget, ...]:
        """The same database on each of the hosts alone, in the order in which they are tried."""
        if not self.more_hosts:
            return (self,)
        return tuple(replace(self, host=host, port=port, more_hosts=()) for host, port in self.seeds)

    @property
    def each_server(self) -> tuple[PostgresTarget, ...]:
        """Each of the hosts alone with a plain session: a primary and its standbys, or one server by several names."""
        return tuple(replace(one, session=PLAIN_SESSION) for one in self.each_host)

    @property
    def endpoint(self) -> tuple[object, ...]:
        """What a login depends on besides user and password."""
        return self.host, self.port, self.database, self.ssl_mode

    @property
    def location(self) -> str:
        """Where this is, without its credentials."""
        return f"postgresql://{self.place}/{self.database}"

    @property
    def place(self) -> str:
        """The server alone; all of them where there are several."""
        return ",".join(f"{_bracketed(host)}:{port}" for host, port in self.seeds)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


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
        uri = read_uri(text)
    except UnreadableUriError:
        raise NoTarget("its connection_string cannot be parsed") from None
    if not uri.hosts or not all(host for host, _ in uri.hosts) or not uri.database or not uri.user:
        raise NoTarget(
            "its connection_string lacks the scheme, host, user or database that a connection needs"
        )
    if uri.password:
        settings.secret(uri.password)
    written = settings.optional_text("ssl_mode")
    login = server_login(settings.type, settings.version, uri.user, uri.password, written)
    mode, ca = login.ssl_mode, settings.get("ca_cert_path") if login.uses_ca else None
    if "sslmode" in uri.options:
        mode, ca = uri.options["sslmode"], uri.options.get("sslrootcert")
    (host, port), *more = uri.hosts
    key_password = uri.options.get("sslpassword")
    return PostgresTarget(
        host,
        port,
        uri.database,
        uri.user,
        None if uri.password is None else Secret(uri.password),
        table,
        mode,
        _certificate(settings, ca),
        more_hosts=tuple(more),
        session=PostgresSession(
            uri.session,
            uri.settings,
            _certificate(settings, uri.options.get("sslcrl")),
            _certificate(settings, uri.options.get("sslcert")),
            _certificate(settings, uri.options.get("sslkey")),
            settings.secret(key_password) if key_password else None,
        ),
    )


def _certificate(settings: BackendSettings, value: object) -> Path | None:
    return settings.path(value) if isinstance(value, str) and value else None


def location(settings: BackendSettings, target: PostgresTarget | None) -> str:
    """Say where the database is."""
    if target is not None:
        return f"postgresql://{target.place}/{settings.masked(target.database)}"
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
