"""How long something took: by the clock, and of all processors that worked for it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers import Server


@dataclass
class Took:
    """Seconds by the clock, and of the processors: this process, those that it waited for, and a server; from when it was made."""

    server: Server | None = None
    wall: float = 0.0
    processor: float = 0.0

    def __post_init__(self) -> None:
        self.wall, self.processor = -time.perf_counter(), -self._processor()

    def end(self) -> Took:
        """Stop both clocks."""
        self.wall += time.perf_counter()
        self.processor += self._processor()
        return self

    def __str__(self) -> str:
        return f"{self.wall:7.2f} s ({self.processor:6.2f} s)"

    def _processor(self) -> float:
        return sum(os.times()[:4]) + (0 if self.server is None else server_seconds(self.server))


def server_seconds(server: Server) -> float:
    """Return the processors' seconds of a server: the postmaster, its children that have ended, and those that run."""
    postmaster = (server.pgdata / "postmaster.pid").read_text().split()[0]
    found = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if path.parent.name == postmaster:
                found += sum(map(int, fields[11:15]))
            elif fields[1] == postmaster:
                found += sum(map(int, fields[11:13]))
    return found / os.sysconf("SC_CLK_TCK")
