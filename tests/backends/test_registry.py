"""Whatever a target is, opening it gives a reader; a driver is imported for the first backend of its kind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from llama_storage_tui.backends.registry import ENGINES, open_reader
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.upstream.run_config.storage import BACKENDS

LOADED = """
import asyncio, sys
from pathlib import Path
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.errors import BackendError

drivers = ("sqlalchemy", "aiosqlite", "asyncpg", "pymongo", "redis", "textual")
def loaded():
    print(*(name for name in drivers if name in sys.modules), sep=",")
loaded()
open_reader(RedisTarget("h", 1))
loaded()
open_reader(SqliteTarget(Path("x.db")))
loaded()
reader = open_reader(PostgresTarget("localhost", 1, "d", "u"))
try:
    asyncio.run(reader.probe())
except BackendError:
    loaded()
open_reader(MongoTarget("h", 1, "d", "u"))
loaded()
reader.load()
loaded()
"""


def test_a_driver_is_imported_when_the_first_backend_of_its_kind_is_opened_and_sqlalchemy_when_rows_are_read() -> (
    None
):
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "",
        "redis",
        "aiosqlite,redis",
        "aiosqlite,asyncpg,redis",
        "aiosqlite,asyncpg,pymongo,redis",
        "sqlalchemy,aiosqlite,asyncpg,pymongo,redis",
    ]


def test_a_database_in_memory_cannot_be_opened() -> None:
    with pytest.raises(BackendError, match="in memory") as caught:
        open_reader(SqliteTarget(Path(":memory:"), is_memory=True))
    assert caught.value.failure is FailureKind.UNSUPPORTED


def test_every_backend_type_of_the_servers_has_exactly_one_engine() -> None:
    known = sorted(type_ for engine in ENGINES for type_ in engine.types)
    assert known == sorted(BACKENDS)
    assert len({engine.name for engine in ENGINES}) == len(ENGINES)


async def test_a_reader_that_was_never_asked_anything_closes(tmp_path: Path) -> None:
    await open_reader(SqliteTarget(tmp_path / "x.db")).close()


WITHOUT_PYMONGO = """
import sys
sys.modules["pymongo"] = None
from llama_storage_tui.backends.registry import open_reader, open_role, open_role_server
from llama_storage_tui.backends.mongodb.target import mongo_login
from llama_storage_tui.errors import BackendError, RefusedError
for opens in (open_role, open_role_server):
    try:
        opens(mongo_login("h", 1, "u"))
    except RefusedError as refused:
        print(refused.message, "|", refused.help, "|", refused.__cause__)
try:
    open_reader(mongo_login("h", 1, "u"))
except BackendError as error:
    print(error.failure)
"""


def test_without_the_optional_driver_a_mongodb_user_is_refused_with_the_next_step() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_PYMONGO], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines.pop() == "driver-missing"
    assert len(lines) == 2
    for line in lines:
        assert "optional driver pymongo" in line
        assert line.endswith("| pip install 'llama-storage-tui[mongo]' | None")


WITHOUT_REDIS = """
import sys
sys.modules["redis"] = None
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.errors import BackendError
try:
    open_reader(RedisTarget("h", 1))
except BackendError as error:
    print(error.failure, "|", error.message, "|", error.help)
"""


def test_without_its_optional_driver_redis_is_refused_with_the_next_step() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_REDIS], capture_output=True, text=True, check=True)
    failure, message, advice = done.stdout.strip().split(" | ")
    assert failure == "driver-missing"
    assert "optional driver redis" in message
    assert advice == "pip install 'llama-storage-tui[redis]'"
