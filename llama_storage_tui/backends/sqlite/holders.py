"""Who has a file open, as far as /proc lets this user see: process ids and command names, nothing else of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from llama_storage_tui.backends.sqlite.access import FileStamp

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holders:
    """The processes found; `is_known` False where this system does not tell at all."""

    processes: tuple[tuple[int, str], ...]
    is_known: bool

    def described(self) -> str | None:
        """Return `python (1234), sqlite3 (77)`; None where it cannot be told, `nobody seen` for none."""
        if not self.is_known:
            return None
        return ", ".join(f"{name} ({pid})" for pid, name in self.processes) or "nobody seen"


def of_path(path: Path) -> Holders:
    """Return the other processes that have a file open; blocking."""
    try:
        status = path.stat()
    except OSError:
        return Holders((), is_known=False)
    return of(path, FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


def of(path: Path, stamp: FileStamp) -> Holders:
    """Return the other processes that have the file of that stamp open; blocking, some 10 ms on a busy machine."""
    del path
    if not _PROC.is_dir():
        return Holders((), is_known=False)
    others = (entry for entry in _PROC.iterdir() if entry.name.isdecimal() and int(entry.name) != os.getpid())
    found = sorted((int(entry.name), _name(entry)) for entry in others if _has_open(entry, stamp))
    return Holders(tuple(found), is_known=True)


def _has_open(process: Path, stamp: FileStamp) -> bool:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # another user's process, or gone
        return False
    return any(_is_file(descriptor, stamp) for descriptor in descriptors)


def _is_file(descriptor: Path, stamp: FileStamp) -> bool:
    try:
        status = descriptor.stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (stamp.device, stamp.inode)


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"
