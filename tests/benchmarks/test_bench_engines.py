"""The benchmark of the engines still runs, with few keys: its numbers are for an operator to compare and not for a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.redis_servers import needed


def test_the_benchmark_prints_its_whole_table() -> None:
    needed()
    pytest.importorskip("secantus", reason="SecantusDB has no wheel for this Python")
    script = Path(__file__).parent / "bench_engines.py"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), "3000"], capture_output=True, text=True, check=True
    )
    for words in ("sparse namespace", "namespaces counted", "page by page", "memory", "p99", "MongoDB"):
        assert words in done.stdout
