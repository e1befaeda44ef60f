"""Reads a run config in a process of its own while this one imports the terminal's library: together they fit the first paint.

A thread would not do, since imports and reading share one interpreter. The child is forked before there are threads, from a
program that has opened nothing; it reads, and when it is asked to, which is after the first paint, judges; then it ends, as it does
when its parent is gone. It contacts nothing and writes nothing but its two answers. With one processor alone a child would only
take turns with this process, and import twice what both need: this one reads when it has imported the rest.

The answers hold the config's secrets. They go through an anonymous pipe between two processes of the same user, one the
child of the other, which no third can open by a name: what was in this process's memory comes back into it. `Secret` itself
refuses to be pickled; only two classes of `forking.py` can do it, and only into such a pipe.

Whatever goes wrong in the child, an error in the config included, is no answer: the caller reads for itself and learns why.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.secrets import conceal
from llama_storage_tui.services.loaded_config import Opened
from llama_storage_tui.services.startup.forking import Child, can_fork, fork, receive

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.requests import LoadRequest


class Ahead:
    """A config that another process is reading. Close it at the end."""

    def __init__(self, request: LoadRequest, child: Child, question: int) -> None:
        self._request = request
        self._child: int | None = child.pid
        self._answers = child.answers
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
        return cast("Catalog | None", receive(self._answers))

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
    if not can_fork() or request.config == "-":
        return None
    if len(os.sched_getaffinity(0)) == 1:
        return InTurn(request)
    asked, question = os.pipe()
    child = fork(_answers(request, asked, question))
    os.close(asked)
    if child is None:
        os.close(question)
        return None
    return Ahead(request, child, question)


def _answers(request: LoadRequest, asked: int, question: int) -> Iterator[Catalog]:
    """In the child: yield the catalog, and when asked the judged one."""
    os.close(question)
    from llama_storage_tui.services.catalog import open_at_once

    opened = open_at_once(request)
    yield opened.catalog
    if os.read(asked, 1) and opened.judge is not None:
        yield opened.judge()


def _learned(catalog: Catalog) -> Catalog:
    learn_secrets(catalog.secrets)
    conceal(catalog.concealed)
    return catalog
