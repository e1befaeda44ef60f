"""Redis, and what speaks its protocol: keys read without a trace, and brought in a move. The only room that imports redis."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.redis.place import host_fault
from llama_storage_tui.backends.redis.target import (
    RedisTarget,
    container,
    location,
    redis_target,
    unlike_config,
)
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, later

ENGINE: Final = EngineSpec(
    name="Redis",
    types=("kv_redis",),
    target=RedisTarget,
    read_target=redis_target,
    location=location,
    container=container,
    reader=later(f"{__name__}.reader", "redis_reader"),
    size_details=("memory bytes",),
    bulk_copy=BulkCopy(
        later(f"{__name__}.source", "RedisSource"),
        later(f"{__name__}.writer", "RedisWriter"),
        note="Redis keeps expiry times to the millisecond. Keys that have already expired are not moved.",
        only_moves=True,
    ),
    why_no_roles="kv_redis has no field for a password in any version, so there is none to change",
    fields_note="kv_redis has host and port only: no password, TLS or database number in any version. A host can bring a login"
    " (':PASSWORD@HOST') and a database ('HOST:PORT/2#'), since servers write it into a redis:// URL; TLS it cannot bring.",
    unlike_config=unlike_config,
    host_fault=host_fault,
    driver="redis (8 or newer)",
    extra="redis",
    instead={"db": "it uses database 0"},
)
