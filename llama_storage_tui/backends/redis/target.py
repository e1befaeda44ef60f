"""A Redis server as the config names it.

kv_redis has a host and a port in every release from 0.3.0 to 1.5.0; what a host can bring besides is in `place.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from llama_storage_tui.backends.redis.place import ENDS_ADDRESS, parse_place
from llama_storage_tui.backends.settings import BackendSettings, NoTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import Target
from llama_storage_tui.secrets import Secret


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
        place = parse_place(settings.text("host"), settings.port())
    except ValueError as reason:
        raise NoTarget(f"its host {reason}") from None
    password = None if place.password is None else settings.secret(place.password)
    return RedisTarget(place.host, place.port, place.database, place.user, password)


def unlike_config(settings: BackendSettings) -> Iterator[str]:
    """Yield where servers connect to, if that is not what host and port say."""
    host, port = settings.text("host"), settings.port()
    place = parse_place(host, port)
    name = host.rpartition("@")[2].lower().removeprefix("[").removesuffix("]")
    if (place.host, place.port, place.database) != (name, port, 0):
        yield (
            f"Servers write the host into redis://HOST:PORT, and so connect to {place.host}, port {place.port}, database"
            f" {place.database}, without TLS. So does this test."
        )


def location(settings: BackendSettings, target: RedisTarget | None) -> str:
    """Say where the database is."""
    if target is not None and any(sign in settings.shown("host") for sign in ENDS_ADDRESS):
        return target.location
    return f"redis://{settings.shown('host')}:{settings.shown('port')}/0"


def container(backend: Backend) -> str:
    """Name the database."""
    target = backend.target
    return f"db {target.database if isinstance(target, RedisTarget) else 0}"
