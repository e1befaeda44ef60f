"""SIGKILL after every step of a transfer, and at any moment: finished, it is an undisturbed one; taken back, none at all.

LLAMA_STORAGE_TUI_KILLS sets how many moments are tried of each engine (300 by hand).
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Final

import pytest

from tests import fork_server
from tests.stores import SqliteStore, Store
from tests.transfer_runner import KEYS, RESPONSES, Scene, run
from tests.transfers import read

MOMENTS: Final = int(os.environ.get("LLAMA_STORAGE_TUI_KILLS", "6"))
STEPS: Final = (
    "journaled",
    "begun",
    "copied",
    "copied",
    "copied",
    "recorded",
    "committed",
    "marked",
    "closed",
)
REMOVING: Final = (*STEPS[:-1], "removing", "removed", "removing", "removed", "removing", "removed", "closed")
UNDOING: Final = ("undoing", "taken", "closed")


@pytest.fixture
def scene(store: Store, tmp_path: Path) -> Scene:
    made = Scene(tmp_path, store if not isinstance(store, SqliteStore) else SqliteStore(tmp_path / "new.db"))
    made.fill()
    return made


def call(
    scene: Scene, do: str, *, die_at: int | None = None, die_after: float | None = None, removes: bool = False
) -> tuple[int, tuple[str, ...]]:
    """Run a process; return its code and the steps that it told."""
    done = fork_server.call(
        run,
        scene,
        do,
        die_at,
        die_after,
        removes,
        folder=scene.folder,
        environ={"PATH": os.environ["PATH"], "HOME": "/nowhere"},
    )
    assert "Traceback" not in done.err, done.err
    return done.code, tuple(done.out.split("\n")[:-1])


def sources(scene: Scene) -> tuple[bytes, ...]:
    return tuple(store.path.read_bytes() for store in scene.old)


def check_brought(scene: Scene) -> None:
    """Assert that the new store is what an undisturbed transfer leaves."""
    content = scene.content()
    keys = {str(row[0]): row[1] for row in content["kvstore"]}
    assert keys == {f"new:k{at:05}": f'{{"n": {at}}}' for at in range(KEYS)}
    assert len(content["responses"]) == RESPONSES
    assert {row[1] for row in content["openai_files"]} == {"", "alice"}
    assert not list((scene.folder / "state").rglob("*.part"))


def test_what_nothing_ends_goes_through_all_steps(scene: Scene) -> None:
    before, untouched = scene.content(), sources(scene)
    assert call(scene, "apply") == (0, STEPS)
    check_brought(scene)
    assert sources(scene) == untouched
    assert call(scene, "undo") == (0, UNDOING)
    assert scene.content() == before


@pytest.mark.parametrize("at", range(1, len(STEPS) + 1))
def test_killed_after_a_step_it_is_finished_or_taken_back(scene: Scene, at: int) -> None:
    before, untouched = scene.content(), sources(scene)
    code, steps = call(scene, "apply", die_at=at)
    assert (code, steps) == (-9, STEPS[:at])
    call(scene, "undo")
    assert scene.content() == before
    assert call(scene, "apply", die_at=at) == (-9, STEPS[:at])
    call(scene, "resume")
    check_brought(scene)
    assert sources(scene) == untouched
    code, steps = call(scene, "undo")
    assert steps == UNDOING
    assert scene.content() == before


@pytest.mark.parametrize("at", range(STEPS.index("marked") + 1, len(REMOVING) + 1))
def test_killed_while_it_removes_it_is_finished(scene: Scene, at: int) -> None:
    code, steps = call(scene, "apply", die_at=at, removes=True)
    assert (code, steps) == (-9, REMOVING[:at])
    call(scene, "resume")
    check_brought(scene)
    kv, sql = scene.old
    assert [path.stat().st_size > 0 for path in (kv.path, sql.path)] == [True, True]
    assert (read(kv, "kvstore"), read(sql, "openai_responses")) == ([], [])


@pytest.mark.parametrize("at", range(1, len(UNDOING) + 1))
def test_killed_while_it_takes_back_it_is_taken_back(scene: Scene, at: int) -> None:
    before = scene.content()
    call(scene, "apply")
    code, steps = call(scene, "undo", die_at=at)
    assert (code, steps) == (-9, UNDOING[:at])
    call(scene, "resume" if at < len(UNDOING) else "undo")
    assert scene.content() == before


def test_killed_at_any_moment_it_is_finished_or_taken_back(scene: Scene) -> None:
    before, untouched = scene.content(), sources(scene)
    lasts = random.Random(os.urandom(8))  # noqa: S311 - moments
    for number in range(MOMENTS):
        call(scene, "apply", die_after=lasts.uniform(0, 0.8))
        if number % 3 == 2:
            call(scene, "resume", die_after=lasts.uniform(0, 0.8))
        if number % 2:
            call(scene, "resume")
            check_brought(scene)
        call(scene, "undo")
        assert scene.content() == before, number
        assert sources(scene) == untouched
