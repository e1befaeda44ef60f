"""What another user may not read or write, seen as that user: a superuser's own eyes would see everything."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

LOOK = """
import asyncio, json, os, sys
from pathlib import Path
from llama_storage_tui.backends.registry import open_reader
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.backends.sqlite.target import SqliteTarget

async def look(path):
    reader = open_reader(SqliteTarget(Path(path), table="kvstore"))
    try:
        probe = await reader.probe()
        count = (await reader.key_values.count(KeySelection())).value
        return {"writable": probe.is_writable, "count": count, "warnings": probe.warnings}
    except BackendError as error:
        return {"failure": error.failure}
    finally:
        await reader.close()

asyncio.run(look(sys.argv[2]))  # imports all it needs while it may
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps(asyncio.run(look(sys.argv[1]))))
"""

WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=wal")
connection.executescript("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP);"
    "INSERT INTO kvstore VALUES ('a', '1', NULL)")
import os
os._exit(0)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that another user can reach, which pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="lst-permissions-"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


def seen(path: Path) -> dict[str, object]:
    """Look as an ordinary user: nobody where the tests run as root, else the user of the tests."""
    with tempfile.TemporaryDirectory() as other:
        make(Path(other) / "other.db", is_hot=False)
        command = [sys.executable, "-c", LOOK, str(path), f"{other}/other.db"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def make(path: Path, *, is_hot: bool) -> None:
    subprocess.run([sys.executable, "-c", WRITER, str(path)], check=True)
    if not is_hot:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT * FROM kvstore")


def test_a_file_that_may_not_be_read_is_a_matter_of_permission(folder: Path) -> None:
    make(folder / "x.db", is_hot=False)
    (folder / "x.db").chmod(0)
    assert seen(folder / "x.db") == {"failure": "permission"}
    folder.chmod(0)
    assert seen(folder / "x.db") == {"failure": "permission"}


@pytest.mark.parametrize("is_hot", [False, True])
def test_a_read_only_folder_is_read_and_said_to_be_so(folder: Path, *, is_hot: bool) -> None:
    make(folder / "x.db", is_hot=is_hot)
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    before = sorted(file.name for file in folder.iterdir())
    found = seen(folder / "x.db")
    assert found["count"] == 1
    assert found["writable"] is False
    assert "may not write" in str(found["warnings"])
    assert sorted(file.name for file in folder.iterdir()) == before


def test_a_wal_index_that_may_not_be_read_is_done_without(folder: Path) -> None:
    make(folder / "x.db", is_hot=True)
    for file in folder.iterdir():
        file.chmod(0o444)
    (folder / "x.db-shm").chmod(0)
    assert seen(folder / "x.db")["count"] == 1


def test_a_wal_that_may_not_be_read_is_a_matter_of_permission(folder: Path) -> None:
    make(folder / "x.db", is_hot=True)
    (folder / "x.db-wal").chmod(0)
    assert seen(folder / "x.db") == {"failure": "permission"}
    (folder / "x.db-shm").unlink()
    assert seen(folder / "x.db") == {"failure": "permission"}
