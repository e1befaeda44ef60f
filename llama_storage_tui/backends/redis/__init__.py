"""Redis, and what speaks its protocol: keys read without a trace, and brought in a move. The only room that imports redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends.redis.place import host_fault
from llama_storage_tui.backends.redis.target import (
    RedisTarget,
    container,
    location,
    redis_target,
    unlike_config,
)
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter, Reader


def _reader(target: RedisTarget, timeouts: Timeouts) -> Reader:
    from llama_storage_tui.backends.redis.reader import redis_reader

    return redis_reader(target, timeouts=timeouts)


def _source(target: RedisTarget, timeouts: Timeouts) -> ItemSource:
    from llama_storage_tui.backends.redis.source import RedisSource

    return RedisSource(target, timeouts=timeouts)


def _writer(target: RedisTarget, timeouts: Timeouts) -> ItemWriter:
    from llama_storage_tui.backends.redis.writer import RedisWriter

    return RedisWriter(target, timeouts=timeouts)


ENGINE: Final = EngineSpec(
    name="Redis",
    types=("kv_redis",),
    target=RedisTarget,
    read_target=redis_target,
    location=location,
    container=container,
    reader=_reader,
    size_details=("memory bytes",),
    bulk_copy=BulkCopy(
        _source,
        _writer,
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
