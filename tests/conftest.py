"""Servers and stores that any test may ask for."""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.compiled import share_compiled
from tests.servers import Server, postgres
from tests.stores import LEAVES_SOCKETS, KeyStore, MongoStore, PostgresStore, RedisStore, SqliteStore, Store

if TYPE_CHECKING:
    from tests.mongo_servers import MongoDeployment, MongoServer
    from tests.redis_servers import RedisServer
    from tests.rotation_setup import Deployment

_NUMBERS = itertools.count(1)

for _name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
    # A CI server sets these for itself; a test says what it wants.
    os.environ.pop(_name, None)

# A busy machine makes examples slowly, which says nothing about the program.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")

# Compiled once: tests start the program some hundred times.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A screen of this process is drawn when a test looks at it, and not 60 times a second for nobody; programs that tests start draw
# as they always do.
os.environ["TEXTUAL_FPS"] = "1"
importlib.import_module("textual.constants")
del os.environ["TEXTUAL_FPS"]

share_compiled()

# Nearly all that is made before the first test lives to the end: there is nothing to collect in it.
gc.disable()

# Under nohup, or in the background of a script, this process ignores what a test sends to the programs that it starts, and they
# would ignore it too.
for _number, _handler in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


def pytest_collection_finish() -> None:
    """Have the collector leave alone what lives to the end, all tests and modules, and look less often at what dies young."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Start a PostgreSQL server of this test process."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[MongoServer]:
    """Start a MongoDB-compatible server of this test process."""
    pytest.importorskip("secantus", reason="SecantusDB has no wheel for this Python")
    from tests.mongo_servers import mongodb

    with mongodb() as server:
        yield server


@pytest.fixture
def postgres_store(postgres_server: Server) -> Iterator[PostgresStore]:
    """Lend this test an empty PostgreSQL database, owned by the ordinary role."""
    with postgres_server.database() as name:
        yield PostgresStore(postgres_server, name)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> SqliteStore:
    """Name a SQLite file of this test, not there until something is written."""
    return SqliteStore(tmp_path / "store.db")


@pytest.fixture
def empty_deployment(postgres_server: Server, tmp_path: Path) -> Iterator[Deployment]:
    """Make a role of this test, and an empty folder for a config that holds its password."""
    from tests.rotation_setup import deployment

    with deployment(postgres_server, tmp_path) as made:
        yield made


@pytest.fixture
def deployed(empty_deployment: Deployment) -> Deployment:
    """Make a role of this test, and a config and an env file that hold its password in four places."""
    from tests.rotation_config import CONFIG

    empty_deployment.write(CONFIG, "PW=<old>\n")
    return empty_deployment


@pytest.fixture
def mongo_deployed(mongo_server: MongoServer, tmp_path: Path) -> Iterator[MongoDeployment]:
    """Make a user of this test, and a config and an env file that hold its password in four places."""
    from tests.mongo_servers import CONFIG, mongo_deployment

    with mongo_deployment(mongo_server, tmp_path) as made:
        made.write(CONFIG, "PW=<old>\n")
        yield made


@pytest.fixture
def userlist() -> Iterator[Path]:
    """Name a list in a folder that PgBouncer's own user may read."""
    folder = Path(tempfile.mkdtemp(prefix="lst-userlist-"))
    folder.chmod(0o755)
    yield folder / "userlist.txt"
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Start a Redis server of this test process."""
    from tests.redis_servers import needed, redis_process

    needed()
    with redis_process() as server:
        yield server


@pytest.fixture
def redis_store(redis_server: RedisServer) -> RedisStore:
    """Empty the database of the test server."""
    redis_server.client.flushall()
    return RedisStore(redis_server)


@pytest.fixture
def mongo_store(mongo_server: MongoServer) -> MongoStore:
    """Name a collection of this test."""
    store = MongoStore(mongo_server, f"test_{next(_NUMBERS)}")
    store.fill({})
    return store


KEY_VALUE_STORES = (
    "sqlite",
    "postgres",
    "redis",
    pytest.param("mongo", marks=LEAVES_SOCKETS),
)


@pytest.fixture(params=KEY_VALUE_STORES)
def key_store(request: pytest.FixtureRequest) -> KeyStore:
    """Make an empty key-value store of each engine."""
    found: KeyStore = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Make an empty store of each engine."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
