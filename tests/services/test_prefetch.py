"""A config that a process of its own reads while the terminal's library is imported."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from llama_storage_tui.demo.deployment import make_deployment
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.catalog import load

# In interpreters of their own: nothing is forked beside the threads of a test runner.
ONE = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
"""What a program begins with that has one processor."""
PROLOGUE = """
import os.path, sys
from llama_storage_tui.demo.deployment import SERVER_FOLDER
from llama_storage_tui.services.startup.prefetch import read_ahead
from llama_storage_tui.services.requests import LoadRequest
paths = ((SERVER_FOLDER, os.path.dirname(sys.argv[1])),)
request = LoadRequest(sys.argv[1], env_files=tuple(sys.argv[2:]), environ={}, path_map=paths)
ahead = read_ahead(request)
assert ahead is not None
"""


two_processors = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) == 1, reason="with one processor no second process is made"
)


def run(program: str, *arguments: str, before: str = "") -> str:
    """Run a program that has begun to read a config ahead, and return what it printed."""
    whole = before + PROLOGUE + program
    done = subprocess.run(
        [sys.executable, "-c", whole, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_it_is_the_catalog_that_reading_here_gives_secrets_included(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    expected = load(request)
    program = """
opened = ahead.opened(20)
assert not opened.catalog.is_judged
catalog = opened.judge()
print(repr(catalog))
print(sorted(secret.reveal() for secret in catalog.secrets))
ahead.close()
"""
    shown, secrets = run(program, request.config, *request.env_files).splitlines()
    assert shown == repr(expected)
    assert secrets == repr(sorted(secret.reveal() for secret in expected.secrets))
    assert "not-a-real-password" in secrets
    assert "not-a-real-password" not in shown


@two_processors
def test_neither_reading_nor_judging_imports_the_room_that_reads() -> None:
    program = "ahead.close(); print('yaml' in sys.modules, 'pydantic' in sys.modules)"
    assert run(program, "/nowhere") == "False False\n"


def test_a_config_that_cannot_be_read_is_no_answer() -> None:
    assert run("print(ahead.opened(20)); ahead.close()", "/nowhere/config.yaml") == "None\n"


@two_processors
def test_a_child_that_is_lost_before_it_has_judged_costs_time_and_no_findings(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    program = """
import os, signal
opened = ahead.opened(20)
os.kill(ahead._child, signal.SIGKILL)
print(repr(opened.judge()))
"""
    assert run(program, request.config, *request.env_files) == f"{load(request)!r}\n"


@two_processors
def test_no_process_is_left_and_no_file_made(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    program = """
import os
child = ahead._child
opened = ahead.opened(20)
opened.judge()
try:
    os.kill(child, 0)
except ProcessLookupError:
    print("gone")
print(len(os.listdir("/proc/self/fd")))
ahead.close()
"""
    gone, descriptors = run(program, request.config, *request.env_files).splitlines()
    assert gone == "gone"
    assert int(descriptors) == 4  # three, and the listing's own
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_with_one_processor_this_process_reads_the_same_when_it_is_asked(tmp_path: Path) -> None:
    request = make_deployment(tmp_path)
    program = """
print("yaml" in sys.modules)
opened = ahead.opened(20)
assert not opened.catalog.is_judged
print(repr(opened.judge()))
ahead.close()
print([*open(f"/proc/self/task/{os.getpid()}/children")])
"""
    before, shown, children = run(program, request.config, *request.env_files, before=ONE).splitlines()
    assert before == "False"
    assert shown == repr(load(request))
    assert children == "[]"


def test_with_one_processor_a_config_that_takes_long_holds_neither_the_screen_nor_the_end_up(
    tmp_path: Path,
) -> None:
    request = make_deployment(tmp_path)
    assert run("print(ahead.opened(0))", request.config, *request.env_files, before=ONE) == "None\n"


def test_a_secret_is_still_pickled_by_nobody_else() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(Secret("x"))
