"""The table of what is promised still runs, with little of everything: its numbers are for an operator to compare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_table_prints_a_line_for_each_figure_that_was_asked_for() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.benchmarks",
            "--small",
            "newest_page",
            "large_value",
            "cursor",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    for words in ("newest page", "event loop", "cursor down", "<= 2"):
        assert words in done.stdout


def test_each_bounded_read_is_measured_at_both_sizes_on_both_engines() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "tests/benchmarks/bench_bounded.py", "300", "100", "1"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    for engine in ("SQLite", "PostgreSQL"):
        for read in ("look of a followed list", "key tree, first level", "goto, a whole id"):
            assert f"{engine:10} {read}" in done.stdout
