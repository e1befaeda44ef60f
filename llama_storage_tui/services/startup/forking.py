"""Children of this program that read configs: forked before there are threads, they send what they read through an anonymous pipe.

Why secrets may go through one, `prefetch.py` says. A child contacts nothing, writes nothing else, and ends when it has sent all.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
from collections.abc import Iterable
from typing import Any, BinaryIO, NoReturn

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.secrets import Secret

_ends: list[int] = []
"""In a child, the end of the pipe that it answers through."""


class SecretSender(pickle.Pickler):
    """Writes what was read of a config, with what its secrets hide: into an anonymous pipe to another process of this program."""

    def persistent_id(self, obj: object) -> str | None:
        """Return what a secret hides, in its place."""
        return obj.reveal() if isinstance(obj, Secret) else None


class SecretReceiver(pickle.Unpickler):
    """Reads what a `SecretSender` wrote, of which each read from one pipe takes one."""

    def persistent_load(self, pid: Any) -> Secret:  # noqa: ANN401 - pickle's own
        """Return the secret again."""
        return Secret(pid)


@dataclass(frozen=True, slots=True)
class Child:
    """A process that answers through a pipe."""

    pid: int
    answers: BinaryIO

    def end(self) -> None:
        """End it, whatever it does; a thread that waits for an answer gets none, and may then close `answers`."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            # Without waiting for long: one that hangs in a dead mount cannot be killed, and goes with this process.
            os.waitpid(self.pid, os.WNOHANG)


def can_fork() -> bool:
    """Tell whether a child may be forked: on Linux, and not beside threads."""
    return sys.platform == "linux" and threading.active_count() == 1


def receive(answers: BinaryIO) -> object:
    """Return the next answer of a child; None where there is none."""
    try:
        found: object = SecretReceiver(answers).load()
    except (EOFError, OSError, ValueError, TypeError, pickle.UnpicklingError):
        return None
    return found


def fork(found: Iterable[object]) -> Child | None:
    """Start a child that sends what an iterator yields in it; None where none can be had."""
    answers, answer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(answers)
        os.close(answer)
        return None
    if pid == 0:
        os.close(answers)
        # A child of a child must not keep the pipe open that its parent answers through.
        while _ends:
            os.close(_ends.pop())
        _send(found, answer)
    os.close(answer)
    return Child(pid, os.fdopen(answers, "rb"))


def _send(found: Iterable[object], answer: int) -> NoReturn:
    """Be the child: send, and end without anything that the parent would do at its end."""
    try:
        _leave_terminal()
        _ends.append(answer)
        with os.fdopen(answer, "wb") as answers:
            for each in found:
                SecretSender(answers).dump(each)
                answers.flush()
    finally:
        os._exit(0)


def _leave_terminal() -> None:
    """In a child: end on signals as any process does, and leave the terminal to the parent."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
