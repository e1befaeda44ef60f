"""Processes under measurement: what they draw on a pseudo-terminal, and the processor time and memory that they took."""

from __future__ import annotations

import json
import os
import pty
import resource
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from typing import Self

WIDTH, HEIGHT = 140, 42
PATIENCE = 60.0
"""Seconds after which what should have been drawn is said to be missing."""


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of the processors, and MiB that were held at most."""

    wall: float
    cpu: float
    memory: float = 0.0


def best(found: Sequence[Spent]) -> Spent:
    """Return the least of each: what else the machine does only adds to them."""
    return Spent(*(min(getattr(each, name) for each in found) for name in ("wall", "cpu", "memory")))


def median(found: Sequence[Spent]) -> Spent:
    """Return the median of each."""
    return Spent(
        *(statistics.median(getattr(each, name) for each in found) for name in ("wall", "cpu", "memory"))
    )


def in_turn(runs: int, *works: Callable[[], Spent]) -> list[Spent]:
    """Return the median of each of several works, which take turns; their first run, which compiles, does not count."""
    found: list[list[Spent]] = [[] for _ in works]
    for turn in range(runs + 1):
        for work, spent in zip(works, found, strict=True):
            one = work()
            if turn:
                spent.append(one)
    return [median(each) for each in found]


_LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
pid = os.fork()
if pid == 0:
    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
spent = (time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
print(json.dumps([os.waitstatus_to_exitcode(status), *spent]))
"""
"""Starts a command from a small process: what the system says of a process's memory begins with that of the one it came from."""


def run(command: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """Run a command to its end; what it writes is read by nobody."""
    launched = [sys.executable, "-S", "-c", _LAUNCHER, *command]
    done = subprocess.run(launched, stdout=subprocess.PIPE, check=True, env=dict(environment))
    code, *spent = json.loads(done.stdout)
    if code not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {code}")
    return Spent(*spent)


class Drawn:
    """A program on a pseudo-terminal of its own."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, processors: set[int] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        all_ = os.sched_getaffinity(0)
        # A child has the processors of its parent.
        os.sched_setaffinity(0, processors or all_)
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), start_new_session=True
        )
        os.sched_setaffinity(0, all_)
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def until(self, mark: bytes) -> bytes:
        """Read until something is drawn, and return all of it."""
        seen = b""
        while mark not in seen:
            if not (more := self._read(PATIENCE)):
                sys.exit(f"{mark!r} was not drawn: {seen[-300:]!r}")
            seen += more
        return seen

    def press_until(self, keys: bytes, mark: bytes) -> None:
        """Press keys, wait until something is drawn, and then until nothing more comes."""
        os.write(self._master, keys)
        self.until(mark)
        self.press(b"", quiet=2.0)

    def press(self, keys: bytes, *, quiet: float = 1.0) -> bytes:
        """Press keys; return what is drawn until nothing more comes for a while."""
        os.write(self._master, keys)
        drawn = b""
        while more := self._read(quiet):
            drawn += more
        return drawn

    @property
    def spent(self) -> Spent:
        """What the program and its children took until now."""
        wall = time.perf_counter() - self.started
        pid = self._process.pid
        return Spent(wall, _processor_time(pid), _resident(pid))

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], seconds)
        with suppress(OSError):
            return os.read(self._master, 65536) if ready else b""
        return b""


def _processor_time(pid: int) -> float:
    tasks = Path(f"/proc/{pid}/task")
    children: list[int] = []
    own = 0.0
    for task in tasks.iterdir():
        with suppress(OSError):
            own += int((task / "schedstat").read_text().split()[0]) / 1e9
            children += map(int, (task / "children").read_text().split())
    ended = [int(number) for number in (tasks.parent / "stat").read_text().rpartition(")")[2].split()[13:15]]
    return own + sum(ended) / os.sysconf("SC_CLK_TCK") + sum(map(_processor_time, children))


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def processor_time() -> float:
    """Return the processor time of this process and of its children that ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
