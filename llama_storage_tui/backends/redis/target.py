"""A Redis server as the config names it.

kv_redis has a host and a port in every release from 0.3.0 to 1.5.0, which servers paste into `redis://HOST:PORT` for redis-py. So a
host may bring a login with it (`:PASSWORD@HOST`), and another database (`HOST:6379/2?client_name=x`). It cannot bring TLS.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from llama_storage_tui.backends.settings import BackendSettings, NoTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import Target
from llama_storage_tui.secrets import Secret

_DEFAULT_HOST = "localhost"
_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class RedisTarget(Target):
    """One database of a Redis server; `user` and `password` only where the host holds them."""

    host: str
    port: int
    database: int = 0
    user: str | None = None
    password: Secret | None = None

    @property
    def location(self) -> str:
        """Where this is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis://{host}:{self.port}/{self.database}"

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The host and port of the server."""
        return ((self.host, self.port),)

    @property
    def database_name(self) -> str:
        """The number of the database."""
        return str(self.database)


def redis_target(settings: BackendSettings) -> RedisTarget:
    """Return the server of a kv_redis backend, read as redis-py reads the URL that servers make; raises NoTarget."""
    try:
        parts = urlsplit(f"redis://{settings.text('host')}:{settings.port()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise NoTarget("its host and port make no URL: an IPv6 address needs brackets") from None
    path = unquote(parts.path).replace("/", "")
    password = unquote(parts.password) if parts.password else None
    return RedisTarget(
        unquote(host) if host else _DEFAULT_HOST,
        port or _DEFAULT_PORT,
        # redis-py leaves a path alone that is no number.
        int(path) if path.isdecimal() else 0,
        unquote(parts.username) if parts.username else None,
        None if password is None else settings.secret(password),
    )


def location(settings: BackendSettings, target: RedisTarget | None) -> str:
    """Say where the database is."""
    if target is not None and target.database:
        return target.location
    return f"redis://{settings.shown('host')}:{settings.shown('port')}/0"


def container(backend: Backend) -> str:
    """Name the database."""
    target = backend.target
    return f"db {target.database if isinstance(target, RedisTarget) else 0}"
