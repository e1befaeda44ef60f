"""Folders and files that nobody else may read: what changes keep while they are pending."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from llama_storage_tui.errors import RefusedError

STATE_VARIABLE: Final = "LLAMA_STORAGE_TUI_STATE_DIR"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where one user's changes are journaled; it need not exist."""
    if named := environ.get(STATE_VARIABLE):
        return Path(named)
    from platformdirs import user_state_path

    return user_state_path("llama-storage-tui", appauthor=False)


def make_private(folder: Path, holds: str) -> None:
    """Make a state folder, or refuse one that others could read or write; `holds` says what is in it. Raises RefusedError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(
            f"The state folder {folder} cannot be made: {error.strerror}",
            where=str(folder),
            help=f"Name another with ${STATE_VARIABLE}.",
        ) from None
    check_private(folder, holds, is_folder=True)


@contextmanager
def alone_in(folder: Path, *, waits: bool = True) -> Iterator[int]:
    """Keep other processes from writing there, and remove what one left that was killed while it wrote: it may hold secrets.

    Yields the folder's descriptor. Raises BlockingIOError where it does not wait for another process that is at it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        for leftover in folder.glob("*.part"):
            leftover.unlink(missing_ok=True)
        yield descriptor
    finally:
        os.close(descriptor)


def check_private(path: Path, holds: str, *, is_folder: bool) -> None:
    """Raise RefusedError where others could read or write a folder or file, or where it is no such thing itself."""
    found = path.lstat()
    kind = stat.S_ISDIR(found.st_mode) if is_folder else stat.S_ISREG(found.st_mode)
    if not kind:
        raise RefusedError(
            f"{path} is a link or not a regular file",
            where=str(path),
            help="Find out who put it there. Move it to another place rather than remove it: behind it may be the"
            f" {holds} of a change that is pending.",
        )
    if found.st_mode & 0o077 or found.st_uid != os.geteuid():
        raise RefusedError(
            f"{path} can be read by others or is not yours; it would hold {holds}",
            where=str(path),
            help=f"chmod {'700' if is_folder else '600'} {path}",
        )
