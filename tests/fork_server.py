"""Processes that need not import the program again: each is forked from one that has, and is as real as any other.

The standard library's fork server is started once by each process of the tests, and nothing of a test is in it (what is, see
tests/forked_from.py): a call gets its folder, its variables and its streams as a new interpreter would.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Final, NamedTuple, Self, TextIO

_CHUNK: Final = 1 << 16
_ROOT: Final = Path(__file__).parent.parent
_FORKED_FROM: Final = "tests.forked_from"


class Done(NamedTuple):
    """What an ended process did; its code is negative where a signal ended it."""

    code: int
    out: str
    err: str


@cache
def _fork_server() -> ForkServerContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([_FORKED_FROM])
    before = os.environ.get("PYTHONPATH")
    # Where the server finds the tests; what is forked from it gets the variables of its own call.
    os.environ["PYTHONPATH"] = str(_ROOT)
    try:
        ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return found


Stream = str | Connection
"""A file by its path, or an end of a pipe."""


class Forked:
    """A process, by the words of the standard library's `Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative where a signal ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; raises TimeoutError."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutError(f"not ended after {timeout} s")
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it, where it still runs."""
        self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


class Told(Forked):
    """A process whose stdout is read here while it runs; it is killed at the end of a `with`."""

    def __init__(self, process: ForkServerProcess, stdout: TextIO) -> None:
        super().__init__(process)
        self.stdout = stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        self.stdout.close()

    def rest(self) -> str:
        """Wait for the end; return what was written since the last line that was read."""
        text = self.stdout.read()
        self.wait()
        return text


def start(
    function: Callable[..., object],
    *arguments: object,
    folder: Path,
    environ: Mapping[str, str],
    streams: tuple[Stream, Stream, Stream],
) -> Forked:
    """Run a function of a module in a process and session of its own; what it returns or exits with is the code.

    A terminal among the streams becomes the controlling one.
    """
    order = (function, arguments, folder, {**environ}, streams)
    process = _fork_server().Process(target=_run, args=order)
    process.start()
    return Forked(process)


def listen(
    function: Callable[..., object], *arguments: object, folder: Path, environ: Mapping[str, str]
) -> Told:
    """Run a function without waiting for it; its stdin is empty, and its stderr that of the tests."""
    out, out_end = Pipe(duplex=False)
    with out, out_end, Connection(os.dup(2), readable=False) as err:
        streams = (os.devnull, out_end, err)
        process = start(function, *arguments, folder=folder, environ=environ, streams=streams)
        return Told(process._process, os.fdopen(os.dup(out.fileno())))


def call(
    function: Callable[..., object],
    *arguments: object,
    folder: Path,
    environ: Mapping[str, str],
    typed: str = "",
    seconds: float = 100,
) -> Done:
    """Run a function to its end, with a text as its stdin; raises TimeoutError."""
    out, out_end = Pipe(duplex=False)
    err, err_end = Pipe(duplex=False)
    with out, err, tempfile.NamedTemporaryFile() as stdin:
        stdin.write(typed.encode())
        stdin.flush()
        with out_end, err_end:
            streams = (stdin.name, out_end, err_end)
            process = start(function, *arguments, folder=folder, environ=environ, streams=streams)
        try:
            said, complained = _read(out, err)
            return Done(process.wait(seconds), said, complained)
        finally:
            process.kill()
            process.wait()


def _read(*ends: Connection) -> list[str]:
    read: dict[Connection, bytes] = dict.fromkeys(ends, b"")
    left = [*ends]
    while left:
        for end in wait(left):
            assert isinstance(end, Connection)
            chunk = os.read(end.fileno(), _CHUNK)
            read[end] += chunk
            if not chunk:
                left.remove(end)
    return [text.decode() for text in read.values()]


def _run(
    function: Callable[..., object],
    arguments: tuple[object, ...],
    folder: Path,
    environ: dict[str, str],
    streams: tuple[Stream, Stream, Stream],
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, stream in enumerate(streams):
        source = os.open(stream, os.O_RDWR) if isinstance(stream, str) else stream.fileno()
        os.dup2(source, number)
        if source != number:
            os.close(source) if isinstance(stream, str) else stream.close()
    # A new interpreter makes these of the numbers above, and so must this process, which was forked with others.
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False, errors="backslashreplace")  # type: ignore[misc]  # noqa: SIM115
    sys.exit(function(*arguments))  # type: ignore[arg-type]
