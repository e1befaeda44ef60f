"""The reader of a Redis database: a connection test, and its keys."""

from __future__ import annotations

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.reader import OpenReader
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.keys import RedisKeyValueReader
from llama_storage_tui.backends.redis.probe import RedisProber
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.model.limits import Timeouts


def redis_reader(target: RedisTarget, timeouts: Timeouts) -> Reader:
    """Return the reader; nothing is connected yet."""
    connection = RedisConnection(target, timeouts)
    return OpenReader(
        where=connection.where,
        prober=RedisProber(connection, target, timeouts),
        key_value_reader=lambda: RedisKeyValueReader(connection, timeouts),
        closing=connection.close,
    )
