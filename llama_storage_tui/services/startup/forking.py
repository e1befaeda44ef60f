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
from typing import BinaryIO, NoReturn

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.services.startup.prefetch import SecretReceiver, SecretSender, leave_terminal

_ends: list[int] = []
"""In a child, the end of the pipe that it answers through."""


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
        leave_terminal()
        _ends.append(answer)
        with os.fdopen(answer, "wb") as answers:
            for each in found:
                SecretSender(answers).dump(each)
                answers.flush()
    finally:
        os._exit(0)
