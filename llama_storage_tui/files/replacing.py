"""A file replaced by another of the same name, mode, owner and attributes, without losing what others write meanwhile.

The new file is staged beside the real one while nothing has happened yet. The swap exchanges the two names at once where the
system can do that, and looks at what came out: if that is not what was read before, somebody saved in between, and the edit is
made again on what they saved.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from llama_storage_tui.errors import RefusedError

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_ATTEMPTS: Final = 20
"""How often somebody may save in between before we give up."""

Redo = Callable[[bytes], bytes]


def digest(content: bytes) -> str:
    """Return the hash by which a file is recognised."""
    import hashlib  # here, as in `_exchange`: its library takes as long to load as ten of our modules

    return hashlib.sha256(content).hexdigest()


def stage(path: Path, staged: Path, content: bytes) -> None:
    """Write `content` to `staged`, like `path` in mode, owner and attributes, and on disk when this returns.

    Raises RefusedError where that fails, with nothing left behind. The name is taken by a rename, so that a folder that
    lets files be made and not renamed is found out here.
    """
    first = _part(staged)
    try:
        first.unlink(missing_ok=True)
        descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            _write(descriptor, content)
            _make_alike(path, descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        first.replace(staged)
        sync_folder(staged.parent)
    except OSError as error:
        for leftover in (first, staged):
            with contextlib.suppress(OSError):
                leftover.unlink()
        raise RefusedError(
            f"{path} cannot be replaced: {error.strerror or type(error).__name__}", where=str(path)
        ) from None


def discard_part(staged: Path) -> None:
    """Remove what a `stage` that was killed had written of `staged`; raises OSError."""
    _part(staged).unlink(missing_ok=True)


def swap(path: Path, staged: Path, before: str, after: str, redo: Redo) -> None:
    """Put the staged file in place, or what `redo` makes of the current one where that is not the one read `before`.

    Afterwards `staged` is gone. May be called again after a crash at any point. Raises OSError, and what `redo` raises.
    """
    for _ in range(_ATTEMPTS):
        current = path.read_bytes()
        found = digest(current)
        if found == after:
            out = _read(staged)
            if out is None or digest(out) in (before, after):
                break
            # Somebody's file came out of an exchange: theirs goes back, with the edit made on it.
            content = redo(out)
        elif found == before and (ready := _read(staged)) is not None and digest(ready) == after:
            _exchange(staged, path)
            continue
        else:
            content = redo(current)
            if content == current:
                break
            before = found
        after = digest(content)
        stage(path, staged, content)
        if digest(path.read_bytes()) == found:
            before = found
            _exchange(staged, path)
    else:
        raise OSError(errno.EAGAIN, "the file is being saved again and again", str(path))
    with contextlib.suppress(FileNotFoundError):
        staged.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part(staged: Path) -> Path:
    return staged.with_name(staged.name + ".part")


def _exchange(staged: Path, path: Path) -> None:
    """Exchange two names; where the system cannot, rename over, which has a window between reading and renaming."""
    # Imported here: whoever asks for a marker must not pay for it.
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renameat2", None)
    if rename is not None:
        names = os.fsencode(staged), os.fsencode(path)
        if rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            sync_folder(path.parent)
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise OSError(code, os.strerror(code), str(path))
    staged.replace(path)
    sync_folder(path.parent)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _make_alike(path: Path, descriptor: int) -> None:
    like = path.stat()
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, like.st_mode & 0o7777)
    if not hasattr(os, "listxattr"):
        return
    for name in os.listxattr(path):
        try:
            os.setxattr(descriptor, name, os.getxattr(path, name))
        except OSError:
            # Labels of the system (security.selinux) come with the folder and may not be ours to set.
            if not name.startswith("security."):
                raise
