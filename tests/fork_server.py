"""Processes that need not import the program again: each is forked from one that has, and is as real as any other.

The standard library's fork server is started once by each process of the tests, and nothing of a test is in it: a call gets its
folder, its variables and its streams as a new interpreter would.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final, NamedTuple

_ALL: Final = 1 << 16
_IMPORTED: Final = (
    "llama_storage_tui.__main__",
    "llama_storage_tui.cli.rotation",
    "llama_storage_tui.services.rotation.apply",
    "llama_storage_tui.services.rotation.plan",
    "llama_storage_tui.services.rotation.recover",
    "llama_storage_tui.backends.postgres.role",
    "llama_storage_tui.backends.mongodb.role",
)
"""Only what is installed: the server knows no test's path. What is left out, each call imports for itself."""


class Done(NamedTuple):
    """What an ended process did; its code is negative where a signal ended it."""

    code: int
    out: str
    err: str


@cache
def _fork_server() -> ForkServerContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload([*_IMPORTED])
    return found


def call(
    function: Callable[..., object],
    *arguments: object,
    folder: Path,
    environ: Mapping[str, str],
    typed: str = "",
    seconds: float = 100,
) -> Done:
    """Run a function of a module in a process of its own, to its end. What it returns or exits with is the code.

    Raises AssertionError where that takes longer than the seconds.
    """
    out, out_end = Pipe(duplex=False)
    err, err_end = Pipe(duplex=False)
    with tempfile.NamedTemporaryFile() as stdin:
        stdin.write(typed.encode())
        stdin.flush()
        process = _fork_server().Process(
            target=_run, args=(function, arguments, folder, {**environ}, stdin.name, out_end, err_end)
        )
        process.start()
        out_end.close()
        err_end.close()
        try:
            texts = _read(out, err)
            process.join(seconds)
            assert process.exitcode is not None, f"not ended after {seconds} s"
            return Done(process.exitcode, *texts)
        finally:
            process.kill()
            process.join()
            process.close()
            out.close()
            err.close()


def _read(*ends: Connection) -> list[str]:
    read: dict[Connection, bytes] = dict.fromkeys(ends, b"")
    left = [*ends]
    while left:
        for end in wait(left):
            assert isinstance(end, Connection)
            chunk = os.read(end.fileno(), _ALL)
            read[end] += chunk
            if not chunk:
                left.remove(end)
    return [text.decode() for text in read.values()]


def _run(
    function: Callable[..., object],
    arguments: tuple[object, ...],
    folder: Path,
    environ: dict[str, str],
    stdin: str,
    out: Connection,
    err: Connection,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    given = os.open(stdin, os.O_RDONLY)
    for number, source in ((0, given), (1, out.fileno()), (2, err.fileno())):
        os.dup2(source, number)
    os.close(given)
    out.close()
    err.close()
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the process's own
    sys.exit(function(*arguments))  # type: ignore[arg-type]
