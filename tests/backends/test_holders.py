"""Who has a SQLite file open: one look at all processes serves everybody who asks meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from llama_storage_tui.backends.sqlite import holders

HOLD = "import sys, time; files = [open(name) for name in sys.argv[1:]]; print('open', flush=True); time.sleep(3600)"
NUMBER = 300


def _hold(paths: list[Path]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, *map(str, paths)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


async def test_each_of_many_files_that_are_asked_for_at_once_gets_its_own_holder(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(NUMBER)]
    for path in paths:
        path.touch()
    process = _hold(paths[1:])
    try:
        found = await asyncio.gather(*(holders.of_path(path) for path in paths))
    finally:
        process.kill()
        process.communicate()
    assert process.pid not in [pid for pid, _ in found[0].processes]
    assert all(process.pid in [pid for pid, _ in each.processes] for each in found[1:])


async def test_a_file_that_was_opened_after_a_look_began_is_seen_by_who_asks_then(tmp_path: Path) -> None:
    path = tmp_path / "late.db"
    path.touch()
    early = asyncio.create_task(holders.of_path(path))
    await asyncio.sleep(0)
    process = _hold([path])
    try:
        late = await holders.of_path(path)
    finally:
        process.kill()
        process.communicate()
    await early
    assert [pid for pid, _ in late.processes] == [process.pid]


async def test_who_stops_waiting_leaves_the_look_to_the_others(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    path.touch()
    first, second = (asyncio.create_task(holders.of_path(path)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).is_known
    assert (await holders.of_path(path)).processes == ()


async def test_a_name_that_the_kernel_cuts_is_whole_and_this_program_is_known_by_its_module(
    tmp_path: Path,
) -> None:
    path = tmp_path / "held.db"
    path.touch()
    source = f"held = open({str(path)!r})\nprint(flush=True)\ninput()\n"
    (tmp_path / "llama_storage_tui").mkdir()
    (tmp_path / "llama_storage_tui" / "__init__.py").touch()
    (tmp_path / "llama_storage_tui" / "__main__.py").write_text(source)
    script = tmp_path / "a-server-of-a-long-name"
    script.write_text(f"#!{sys.executable}\n{source}")
    script.chmod(0o700)
    calls = [[str(script), "--password=a"], [sys.executable, "-S", "-m", "llama_storage_tui"]]
    names = ["a-server-of-a-long-name", "llama-storage-tui"]
    for call, name in zip(calls, names, strict=True):
        with subprocess.Popen(
            call,
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            found = await holders.of_path(path)
            process.kill()
        assert found.processes == ((process.pid, name),)
