"""How long until something is to be seen, beside an empty Textual app; and what a command costs.

    python tests/benchmarks/bench_start.py

Each time is from the start of the process to the first frame on a pseudo-terminal, the median of some runs.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from llama_storage_tui.demo.deployment import make_deployment

RUNS = 7
EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first paint")
Empty().run()
"""


def first_paint(command: list[str], mark: bytes) -> float:
    """Return milliseconds until `mark` is on the screen."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "140", "LINES": "42"}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    while mark not in seen:
        ready, _, _ = select.select([master], [], [], 20)
        if not ready:
            sys.exit(f"no first paint of {command}: {seen[-300:]!r}")
        seen += os.read(master, 65536)
    spent = (time.perf_counter() - started) * 1000
    process.kill()
    process.wait()
    os.close(master)
    return spent


def run(command: list[str]) -> float:
    """Return milliseconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        request = make_deployment(Path(name))
        ours = [sys.executable, "-m", "llama_storage_tui"]
        arguments = [request.config, "--env-file", request.env_files[0], "--no-environ"]
        empty = statistics.median(
            first_paint([sys.executable, "-c", EMPTY_APP], b"first paint") for _ in range(RUNS)
        )
        first = statistics.median(first_paint([*ours, *arguments], b"Reading") for _ in range(RUNS))
        catalog = statistics.median(first_paint([*ours, *arguments], b"kv_default") for _ in range(RUNS))
        print(
            f"first paint: empty Textual app {empty:.0f} ms, ours {first:.0f} ms (ratio {first / empty:.2f})"
        )
        print(f"the catalog's rows: {catalog:.0f} ms (ratio {catalog / empty:.2f})")
        bare = statistics.median(
            run([sys.executable, "-c", "import yaml, pydantic, click"]) for _ in range(RUNS)
        )
        check = statistics.median(run([*ours, "check", *arguments, "--json"]) for _ in range(RUNS))
        print(
            f"check --json: {check:.0f} ms, of which imports of yaml, pydantic and click alone {bare:.0f} ms"
        )


if __name__ == "__main__":
    main()
