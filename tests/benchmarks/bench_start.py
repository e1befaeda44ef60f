"""How long until something is to be seen, beside an empty Textual app; and what a command costs.

    python tests/benchmarks/bench_start.py [RUNS]

Each time is from the start of the process until the text is on a pseudo-terminal. The runs take turns, so that what else the
machine does meets them alike; a ratio is of medians, and the least time of each stands beside it. Bytecode is cached in a
temporary folder, for ours and for Textual alike, as pip leaves it: without, every start would compile this program.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.demo.deployment import make_deployment

RUNS = 15
EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first paint")
Empty().run()
"""
MARKS = {"first frame": b"config.yaml", "catalog rows": b"kv_default"}
"""Both the opening screen and the main one name the file; only the main one names backends."""


def paints(command: list[str], marks: Sequence[bytes], environment: dict[str, str]) -> list[float]:
    """Return milliseconds until each of the marks is on the screen."""
    master, slave = pty.openpty()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    times: dict[bytes, float] = {}
    while len(times) < len(marks):
        ready, _, _ = select.select([master], [], [], 20)
        if not ready:
            sys.exit(f"no first paint of {command}: {seen[-300:]!r}")
        seen += os.read(master, 65536)
        now = (time.perf_counter() - started) * 1000
        times |= {mark: now for mark in marks if mark in seen and mark not in times}
    process.kill()
    process.wait()
    os.close(master)
    return [times[mark] for mark in marks]


def run(command: list[str], environment: dict[str, str]) -> float:
    """Return milliseconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env=environment)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    times: dict[str, list[float]] = {
        name: [] for name in ("empty Textual app", *MARKS, "imports", "check --json")
    }
    with tempfile.TemporaryDirectory() as name:
        request = make_deployment(Path(name))
        environment = {
            key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
        } | {
            "TERM": "xterm-256color",
            "COLUMNS": "140",
            "LINES": "42",
            "PYTHONPYCACHEPREFIX": f"{name}/bytecode",
        }
        ours = [sys.executable, "-m", "llama_storage_tui"]
        arguments = [request.config, "--env-file", request.env_files[0], "--no-environ"]
        for turn in range(runs + 1):
            found = [
                *paints([sys.executable, "-c", EMPTY_APP], [b"first paint"], environment),
                *paints([*ours, *arguments], [*MARKS.values()], environment),
                run([sys.executable, "-c", "import yaml, pydantic, click"], environment),
                run([*ours, "check", *arguments, "--json"], environment),
            ]
            if turn:  # the first one compiled
                for measured, value in zip(times.values(), found, strict=True):
                    measured.append(value)
    empty = statistics.median(times["empty Textual app"])
    for what, measured in times.items():
        median = statistics.median(measured)
        ratio = f"ratio {median / empty:.2f}" if what in MARKS else ""
        print(f"{what:18} {median:6.0f} ms  (least {min(measured):4.0f} ms)  {ratio}")


if __name__ == "__main__":
    main()
