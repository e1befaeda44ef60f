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
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from llama_storage_tui.backends.sqlite.access import FileStamp
from llama_storage_tui.deferred import dataclass

_PROC: Final = Path("/proc")

_FileId = tuple[int, int]
"""Device and inode."""
_OpenFiles = Mapping[_FileId, tuple[tuple[int, str], ...]]


@dataclass(frozen=True, slots=True)
class Holders:
    """The processes found; `is_known` False where this system does not tell at all."""

    processes: tuple[tuple[int, str], ...]
    is_known: bool

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
    return Holders(found.get((stamp.device, stamp.inode), ()), is_known=True)


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
    for pid in processes:
        if stop.is_set():
            break
        if pid == os.getpid():
            continue
        files = _files_of(pid)
        name = _name(pid) if files else ""
        for file in files:
            found[file].append((pid, name))
    return {file: tuple(processes) for file, processes in found.items()}


def _files_of(pid: int) -> set[_FileId]:
    try:
        with os.scandir(_PROC / str(pid) / "fd") as descriptors:
            return {file for descriptor in descriptors if (file := _file_id(descriptor.path)) is not None}
    except OSError:  # another user's process, or gone
        return set()


def _file_id(descriptor: str) -> _FileId | None:
    try:
        status = Path(descriptor).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"
