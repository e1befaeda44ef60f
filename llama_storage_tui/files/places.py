"""Can a file be replaced by another of its name? Looks only, before anything is touched.

The new file is made beside the real one and renamed over it: that needs the folder, keeps links, and must keep mode, owner and
group. What would fail at the rename must be known before the server has changed its mind.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from llama_storage_tui.errors import RefusedError

MOUNTS: Final = Path("/proc/self/mountinfo")
_ESCAPED_BLANKS: Final = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


def real_path(path: Path) -> Path:
    """Follow every link to the file itself; raises RefusedError for a dangling one and for what is no file."""
    try:
        found = path.resolve(strict=True)
    except FileNotFoundError:
        words = "is a link that leads nowhere" if path.is_symlink() else "is not there"
        raise RefusedError(f"{path} {words}", where=str(path)) from None
    except (OSError, RuntimeError):
        raise RefusedError(f"{path} does not lead to a file", where=str(path)) from None
    if not found.is_file():
        raise RefusedError(f"{path} is not a regular file", where=str(path))
    return found


def check_replaceable(path: Path, *, mounts: Path = MOUNTS) -> None:
    """Raise RefusedError with the reason where the file at a real path cannot be replaced without loss.

    `mounts` is the system's list of what is mounted where.
    """
    found = path.stat()
    folder = path.parent
    if found.st_nlink > 1:
        raise RefusedError(
            f"{path} has {found.st_nlink} hard links; the other names would keep the old content",
            where=str(path),
            help="Find them with: find FOLDER -samefile FILE. Make them symbolic links.",
        )
    if _is_mount_point(path, mounts):
        raise RefusedError(
            f"{path} is a mount point of its own and cannot be renamed over",
            where=str(path),
            help="Run this where the file really is, outside of the container.",
        )
    if not os.access(path, os.R_OK):
        raise RefusedError(f"{path} cannot be read", where=str(path))
    if not os.access(path, os.W_OK):
        raise RefusedError(
            f"{path} is read-only",
            where=str(path),
            help="Run this as a user who may write it, or change its mode.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusedError(
            f"{folder} cannot be written: the new file is made beside the old one",
            where=str(folder),
            help="Run this as a user who may write there.",
        )
    _check_owner(path, found)


def _check_owner(path: Path, found: os.stat_result) -> None:
    user = os.geteuid()
    if user == 0:
        return
    if found.st_uid != user:
        raise RefusedError(
            f"{path} belongs to another user; a new file would not",
            where=str(path),
            help="Run this as its owner or as root.",
        )
    if found.st_gid not in {os.getegid(), *os.getgroups()}:
        raise RefusedError(
            f"{path} belongs to a group that you are not in; a new file could not",
            where=str(path),
            help="Run this as a member of that group or as root.",
        )
    if found.st_mode & (stat.S_ISUID | stat.S_ISGID):
        raise RefusedError(
            f"{path} has the set-user-id or set-group-id bit, which a config does not need", where=str(path)
        )


def _is_mount_point(path: Path, mounts: Path) -> bool:
    if os.path.ismount(path):
        return True
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    return any(len(parts := line.split(" ")) > 4 and _unescaped(parts[4]) == str(path) for line in lines)


def _unescaped(name: str) -> str:
    for code, character in _ESCAPED_BLANKS.items():
        name = name.replace(code, character)
    return name
