"""Reads a run config in a process of its own while this one imports the terminal's library: together they fit the first paint.

A thread would not do, since imports and reading share one interpreter. The child is forked before there are threads, from a
program that has opened nothing; it reads, and when it is asked to, which is after the first paint, judges; then it ends, as it does
when its parent is gone. It contacts nothing and writes nothing but its two answers. With one processor alone a child would only
take turns with this process, and import twice what both need: this one reads when it has imported the rest.

The answers hold the config's secrets. They go through an anonymous pipe between two processes of the same user, one the
child of the other, which no third can open by a name: what was in this process's memory comes back into it. `Secret` itself
refuses to be pickled; only the two classes here can do it, and only into such a pipe.

Whatever goes wrong in the child, an error in the config included, is no answer: the caller reads for itself and learns why.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.secrets import Secret, conceal
from llama_storage_tui.services.loaded_config import Opened

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.requests import LoadRequest


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


class Ahead:
    """A config that another process is reading. Close it at the end."""

    def __init__(self, request: LoadRequest, child: int, answers: BinaryIO, question: int) -> None:
        self._request = request
        self._child: int | None = child
        self._answers = answers
        self._question = question

    def opened(self, seconds: float) -> Opened | None:
        """Return the config as it was read; None where that failed, or took longer. To be asked once."""
        ready, _, _ = select.select([self._answers], [], [], seconds)
        catalog = self._next() if ready else None
        if catalog is None:
            self.close()
            return None
        return Opened(_learned(catalog), self._judged)

    def _judged(self) -> Catalog:
        with contextlib.suppress(OSError):
            os.write(self._question, b"?")
        catalog = self._next()
        child, self._child = self._child, None
        if child is not None:
            os.waitpid(child, 0)
            self._hang_up()
        if catalog is not None:
            return _learned(catalog)
        from llama_storage_tui.services.catalog import load

        return load(self._request)

    def _next(self) -> Catalog | None:
        try:
            found: Catalog = SecretReceiver(self._answers).load()
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            return None
        return found

    def close(self) -> None:
        """End the child, whatever it does."""
        child, self._child = self._child, None
        if child is not None:
            os.kill(child, signal.SIGKILL)
            # Without waiting: one that hangs in a dead mount cannot be killed, and then goes with this process.
            os.waitpid(child, os.WNOHANG)
            self._hang_up()

    def _hang_up(self) -> None:
        self._answers.close()
        os.close(self._question)


class InTurn:
    """A config that this process reads when it is asked for: in a thread, so that a file that hangs holds nothing up."""

    def __init__(self, request: LoadRequest) -> None:
        self._request = request

    def opened(self, seconds: float) -> Opened | None:
        """Return the config as it was read; None where that failed, or took longer. To be asked once."""
        found: list[Opened] = []
        reader = threading.Thread(target=self._read, args=(found,), name="reading the config", daemon=True)
        reader.start()
        reader.join(seconds)
        return found[0] if found else None

    def _read(self, found: list[Opened]) -> None:
        from llama_storage_tui.services.catalog import open_at_once

        with contextlib.suppress(Exception):  # the caller reads for itself and learns why
            found.append(open_at_once(self._request))

    def close(self) -> None:
        """Leave the thread: it holds nothing."""


def read_ahead(request: LoadRequest) -> Ahead | InTurn | None:
    """Begin to read a config; None where that is not to be done: not on Linux, not beside threads, not from stdin."""
    if sys.platform != "linux" or threading.active_count() > 1 or request.config == "-":
        return None
    if len(os.sched_getaffinity(0)) == 1:
        return InTurn(request)
    answers, question = os.pipe(), os.pipe()
    try:
        child = os.fork()
    except OSError:
        for end in (*answers, *question):
            os.close(end)
        return None
    if child == 0:
        os.close(answers[0])
        os.close(question[1])
        _answer(request, question[0], answers[1])
    os.close(answers[1])
    os.close(question[0])
    return Ahead(request, child, os.fdopen(answers[0], "rb"), question[1])


def _answer(request: LoadRequest, question: int, answer: int) -> NoReturn:
    """Be the child: send the catalog, when asked the judged one, and end without anything that the parent would do at its end."""
    try:
        leave_terminal()
        with os.fdopen(answer, "wb") as answers:
            from llama_storage_tui.services.catalog import open_at_once

            opened = open_at_once(request)
            SecretSender(answers).dump(opened.catalog)
            answers.flush()
            if os.read(question, 1) and opened.judge is not None:
                SecretSender(answers).dump(opened.judge())
    finally:
        os._exit(0)


def leave_terminal() -> None:
    """In a child: end on signals as any process does, and leave the terminal to the parent."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)


def _learned(catalog: Catalog) -> Catalog:
    learn_secrets(catalog.secrets)
    conceal(catalog.concealed)
    return catalog
