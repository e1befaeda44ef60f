"""Redis. The only room that imports redis, an optional driver."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.protocols import Reader
from llama_storage_tui.backends.redis.target import RedisTarget, container, location, redis_target
from llama_storage_tui.backends.spec import EngineSpec
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.limits import Timeouts


def _reader(target: RedisTarget, timeouts: Timeouts) -> Reader:
    del timeouts
    raise BackendError(
        "Connecting to Redis is not built in yet.",
        failure=FailureKind.UNSUPPORTED,
        where=target.location,
    )


ENGINE: Final = EngineSpec(
    name="Redis",
    types=("kv_redis",),
    target=RedisTarget,
    read_target=redis_target,
    location=location,
    container=container,
    reader=_reader,
    why_no_roles="servers of every version connect to Redis without a password",
    fields_note="kv_redis has host and port only: no password, TLS or database number in any version.",
    instead={"db": "it uses database 0"},
)
