"""Who has a file open, as far as /proc lets this user see: process ids and command names, nothing else of them.

One look at all processes costs some 10 ms on a busy machine, so those who ask together share it: five hundred backends that
are tested at once are no five hundred looks. One that has begun may have passed a process by that opened the file since; who asks
meanwhile gets the next.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Final
from weakref import WeakKeyDictionary

from llama_storage_tui.backends.program_name import PROGRAM
from llama_storage_tui.backends.sqlite.access import FileStamp
from llama_storage_tui.deferred import dataclass

_PROC: Final = Path("/proc")
LONGEST_NAME: Final = 15
"""Letters of a command's name that the kernel keeps."""

_FileId = tuple[int, int]
"""Device and inode."""


@dataclass(frozen=True, slots=True)
class _OpenFiles:
    """Which processes have which files open; `is_complete` False where some could not be looked into."""

    processes: Mapping[_FileId, tuple[tuple[int, str], ...]]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Holders:
    """The processes found; `is_known` False where this system does not tell at all.

    `is_complete` is False where there are processes that this user may not look into: one of them may have the file open.
    """

    processes: tuple[tuple[int, str], ...]
    is_known: bool
    is_complete: bool = True

    def described(self) -> str | None:
        """Return `python (1234), sqlite3 (77)`; None where it cannot be told, `no process seen` for none."""
        if not self.is_known:
            return None
        return ", ".join(f"{name} ({pid})" for pid, name in self.processes) or "no process seen"


async def of_path(path: Path) -> Holders:
    """Return the other processes that have a file open."""
    try:
        status = await asyncio.to_thread(path.stat)
    except OSError:
        return Holders((), is_known=False)
    return await of(FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


async def of(stamp: FileStamp) -> Holders:
    """Return the other processes that have the file of that stamp open. When nobody waits any more, looking ends."""
    if not _PROC.is_dir():
        return Holders((), is_known=False)
    looks = _LOOKS.setdefault(asyncio.get_running_loop(), _Looks())
    found = await looks.join()
    processes = found.processes.get((stamp.device, stamp.inode), ())
    return Holders(processes, is_known=True, is_complete=found.is_complete)


@dataclass(eq=False, slots=True)
class _Look:
    """One look at all processes, and how many wait for it."""

    task: asyncio.Task[_OpenFiles]
    stop: threading.Event
    waiting: int = 0


@dataclass(eq=False, slots=True)
class _Looks:
    """The looks of one event loop: one at a time, and the next for all who ask meanwhile."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: _Look | None = None

    async def join(self) -> _OpenFiles:
        look = self.next
        if look is None:
            stop = threading.Event()
            look = self.next = _Look(asyncio.create_task(self._look(stop)), stop)
        look.waiting += 1
        try:
            return await asyncio.shield(look.task)
        finally:
            look.waiting -= 1
            if not look.waiting:
                look.stop.set()
                look.task.cancel()
                if self.next is look:
                    self.next = None

    async def _look(self, stop: threading.Event) -> _OpenFiles:
        async with self.turn:
            self.next = None
            return await asyncio.to_thread(_open_files, stop)


_LOOKS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Looks]] = WeakKeyDictionary()


def _open_files(stop: threading.Event) -> _OpenFiles:
    found: defaultdict[_FileId, list[tuple[int, str]]] = defaultdict(list)
    processes = sorted(int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())
    is_complete = True
    for pid in processes:
        if stop.is_set():
            break
        if pid == os.getpid():
            continue
        files = _files_of(pid)
        is_complete = is_complete and files is not None
        name = _name(pid) if files else ""
        for file in files or ():
            found[file].append((pid, name))
    return _OpenFiles({file: tuple(processes) for file, processes in found.items()}, is_complete)


def _program(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""


def _files_of(pid: int) -> set[_FileId] | None:
    """Return the files that a process has open; None where it is another user's, which has a memory of its own."""
    try:
        with os.scandir(_PROC / str(pid) / "fd") as descriptors:
            return {file for descriptor in descriptors if (file := _file_id(descriptor.path)) is not None}
    except PermissionError:
        return None if _program(pid) else set()  # a thread of the kernel has no command line
    except OSError:  # gone
        return set()


def _file_id(descriptor: str) -> _FileId | None:
    try:
        status = Path(descriptor).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _name(pid: int) -> str:
    """Return a process's command name: whole, though the kernel cuts it, and this program's own however it was started."""
    try:
        name = (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"
    if len(name) < LONGEST_NAME and not name.startswith("python"):
        return name
    words = _program(pid).decode(errors="replace").split("\0")
    if ("-m", __package__.partition(".")[0]) in pairwise(words):
        return PROGRAM
    if len(name) < LONGEST_NAME:
        return name
    # A script's interpreter is its first word. What follows the second are arguments, which may hold secrets.
    whole = (PurePath(word).name for word in words[:2])
    known = PROGRAM if PROGRAM[:LONGEST_NAME] == name else name
    return next((word for word in whole if word.startswith(name)), known)
