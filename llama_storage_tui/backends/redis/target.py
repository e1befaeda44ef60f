"""A Redis server as the config names it: a host and a port are all that servers of any version take."""

from __future__ import annotations

from dataclasses import dataclass

from llama_storage_tui.backends.settings import Settings
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import Target


@dataclass(frozen=True, slots=True)
class RedisTarget(Target):
    """Database 0 of a Redis server."""

    host: str
    port: int

    @property
    def location(self) -> str:
        """Where this is."""
        return f"redis://{self.host}:{self.port}/0"


def redis_target(settings: Settings) -> RedisTarget:
    """Return the server of a kv_redis backend; raises NoTarget."""
    return RedisTarget(settings.text("host"), settings.port())


def location(settings: Settings, _: RedisTarget | None) -> str:
    """Say where the server is."""
    return f"redis://{settings.shown('host')}:{settings.shown('port')}/0"


def container(_: Backend) -> str:
    """Name the database, which cannot be chosen."""
    return "db 0"
