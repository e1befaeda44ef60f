"""SIGKILL after every step of a move, and at any moment: finished, it is an undisturbed one; taken back, none at all.

LLAMA_STORAGE_TUI_KILLS sets how many moments are tried of each way (60 by hand, which is 300).
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from llama_storage_tui.model.move import MoveChange
from tests import fork_server
from tests.move_runner import run
from tests.moves import ENVIRON, add_hard_values, content, made, on_postgres
from tests.stores import PostgresStore, RedisStore

MOMENTS: Final = int(os.environ.get("LLAMA_STORAGE_TUI_KILLS", "1"))
BEGINNING: Final = ("journaled", "begun")
END: Final = ("recorded", "committed", "marked", "switched", "closed")
ITEMS: Final = 6
STEPS: Final = (*BEGINNING, *["copied"] * ITEMS, *END)
UNDOING: Final = ("undoing", "reverted", "taken", "closed")


@dataclass
class Deployment:
    """A config on SQLite one of whose backends moves: to another file, a database or a Redis. Or one that has moved, on its way back."""

    folder: Path
    change: MoveChange
    postgres: PostgresStore | None = None
    redis: RedisStore | None = None
    is_back: bool = False

    @property
    def config(self) -> Path:
        return self.folder / "old" / "config.yaml"

    def call(
        self, do: str, *, die_at: int | None = None, die_after: float | None = None
    ) -> tuple[int, tuple[str, ...]]:
        """Run a process; return its code and the steps that it told."""
        environ = {"HOME": "/nowhere", "LLAMA_STORAGE_TUI_STATE_DIR": str(self.folder / "state"), **ENVIRON}
        done = fork_server.call(
            run,
            self.config,
            self.change,
            do,
            die_at,
            die_after,
            environ,
            folder=self.folder,
            environ={"PATH": os.environ["PATH"], **environ},
        )
        assert "Traceback" not in done.err, done.err
        return done.code, tuple(done.out.split("\n")[:-1])

    def files(self) -> dict[str, bytes]:
        """Return the source: the config, its stores, whatever was left beside them, and the rows of a database."""
        found = {path.name: path.read_bytes() for path in sorted(self.config.parent.iterdir())}
        if self.is_back:
            found["database"] = str(self._database()).encode()
        return found

    def target(self) -> object:
        """Return what the target holds: the rows of a file or of a database, or keys."""
        if self.redis is not None:
            client: Any = self.redis.server.client
            keys = {key: client.get(key) for key in client.scan_iter()}
            client.connection_pool.disconnect()
            return keys
        if self.postgres is None or self.is_back:
            path = self.folder / "new.db"
            return content(path) if path.exists() else {}
        return self._database()

    def _database(self) -> object:
        assert self.postgres is not None
        if self.postgres.ask("SELECT to_regclass('responses')") == "":
            return {}
        return self.postgres.ask("SELECT string_agg(r::text, '|' ORDER BY id) FROM responses r")


@pytest.fixture(params=["sqlite", "postgres"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    """Make a deployment of 0.7.3 that moves to each engine."""
    add_hard_values(made("llama-stack-0.7.3", tmp_path / "old").parent)
    if request.param == "sqlite":
        return Deployment(tmp_path, MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")}))
    return on_database(request, tmp_path)


def on_database(request: pytest.FixtureRequest, folder: Path) -> Deployment:
    store: PostgresStore = request.getfixturevalue("postgres_store")
    type_, *words = on_postgres(store)
    fields = dict(word.split("=", 1) for word in words if word != "--set")
    return Deployment(folder, MoveChange("sql", type_, fields), store)


@pytest.fixture(params=["sqlite", "postgres", "redis", "back from postgres", "back from redis"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    """Make a deployment of 0.7.3 that moves to each engine, or back from it."""
    add_hard_values(made("llama-stack-0.7.3", tmp_path / "old").parent)
    back = {"db_path": str(tmp_path / "new.db")}
    if request.param == "sqlite":
        return Deployment(tmp_path, MoveChange("sql", "sqlite", back))
    if request.param.endswith("postgres"):
        found = on_database(request, tmp_path)
    else:
        with closing(sqlite3.connect(tmp_path / "old" / "kvstore.db")) as connection, connection:
            connection.execute("DELETE FROM kvstore WHERE value IS NULL")  # which Redis does not have
        store: RedisStore = request.getfixturevalue("redis_store")
        store.server.client.connection_pool.disconnect()  # or it would be a server's
        target = {"host": "127.0.0.1", "port": str(store.server.port)}
        found = Deployment(tmp_path, MoveChange("kv", "redis", target), redis=store)
    if request.param.startswith("back"):
        found.call("apply")
        shutil.rmtree(tmp_path / "state")
        for kept in found.config.parent.glob("*.before-move-*"):
            kept.unlink()
        found = replace(
            found,
            change=MoveChange(found.change.backend, "sqlite", back),
            redis=None,
            is_back=found.postgres is not None,
        )
    return found


def test_killed_after_a_step_it_is_finished_or_taken_back(deployment: Deployment) -> None:
    before = deployment.files()
    assert deployment.call("apply") == (0, STEPS)
    moved = deployment.target()
    assert moved
    assert deployment.call("undo")[1] == UNDOING
    assert (deployment.files(), deployment.target()) == (before, {})
    for at in range(1, len(STEPS) + 1):
        if STEPS[at - 1] == "copied" and at > len(BEGINNING) + 1:
            continue  # as after the first one
        assert deployment.call("apply", die_at=at) == (-9, STEPS[:at])
        deployment.call("undo")
        assert (deployment.files(), deployment.target()) == (before, {}), STEPS[at - 1]
        deployment.call("apply", die_at=at)
        deployment.call("resume")
        assert deployment.target() == moved, STEPS[at - 1]
        after = deployment.files()
        assert {name: after[name] for name in before if name != "config.yaml"} == {
            name: before[name] for name in before if name != "config.yaml"
        }
        assert after["config.yaml"] != before["config.yaml"]
        deployment.call("undo")
        assert (deployment.files(), deployment.target()) == (before, {})


def test_killed_while_it_is_taken_back_it_is_taken_back(deployment: Deployment) -> None:
    before = deployment.files()
    for at in range(1, len(UNDOING) + 1):
        deployment.call("apply")
        assert deployment.call("undo", die_at=at) == (-9, UNDOING[:at])
        deployment.call("resume")
        assert (deployment.files(), deployment.target()) == (before, {}), UNDOING[at - 1]


@pytest.mark.parametrize("after", ["marked", "switched"])
@pytest.mark.parametrize("do", ["undo", "resume"])
def test_what_a_killed_write_of_the_config_left_is_removed_and_a_copy_made_once(
    tmp_path: Path, do: str, after: str
) -> None:
    add_hard_values(made("llama-stack-0.7.3", tmp_path / "old").parent)
    deployment = Deployment(tmp_path, MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")}))
    before = deployment.files()
    deployment.call("apply", die_at=STEPS.index(after) + 1)
    (journal,) = (tmp_path / "state").rglob("*.json")
    kept = f"config.yaml.before-move-{journal.stem}"
    content = before["config.yaml"]
    staged = f".config.yaml.llama-storage-tui.{journal.stem}"
    for name, left in (
        (f"{kept}.part", content[:9]),
        (kept, content),
        (f"{staged}.part", b""),
        (staged, content),
    ):
        deployment.config.with_name(name).write_bytes(left)
    deployment.call(do)
    assert deployment.files().keys() - before.keys() == ({kept} if do == "resume" else set())
    deployment.call("undo")
    assert (deployment.files(), deployment.target()) == (before, {})


def test_what_somebody_saved_while_the_config_was_exchanged_stays_beside_it(tmp_path: Path) -> None:
    add_hard_values(made("llama-stack-0.7.3", tmp_path / "old").parent)
    deployment = Deployment(tmp_path, MoveChange("sql", "sqlite", {"db_path": str(tmp_path / "new.db")}))
    deployment.call("apply", die_at=STEPS.index("switched"))
    (journal,) = (tmp_path / "state").rglob("*.json")
    theirs = deployment.config.with_name(f".config.yaml.llama-storage-tui.{journal.stem}")
    theirs.write_text("theirs\n")
    deployment.call("undo")
    assert theirs.read_text() == "theirs\n"


@pytest.mark.timeout(300 + 20 * MOMENTS)
def test_killed_at_any_moment_it_is_finished_or_taken_back(anywhere: Deployment) -> None:
    deployment = anywhere
    before = deployment.files()
    lasts = random.Random(os.urandom(8))  # noqa: S311 - moments
    first = lasts.randrange(2)
    for number in range(first, first + MOMENTS):
        deployment.call("apply", die_after=lasts.uniform(0, 1.2))
        if number % 2:
            deployment.call("resume")
            if deployment.files()["config.yaml"] == before["config.yaml"]:
                deployment.call("apply")
            assert deployment.files()["config.yaml"] != before["config.yaml"]
            assert deployment.target()
        deployment.call("undo")
        assert (deployment.files(), deployment.target()) == (before, {})
