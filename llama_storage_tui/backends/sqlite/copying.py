"""A private copy of a database file and its -wal, for a hot -wal that nothing can index in place."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.sqlite.access import Look, sidecar
from llama_storage_tui.errors import BackendError, FailureKind

COPY_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of file and -wal together."""

_CHUNK: Final = 4 * 1024 * 1024


class PrivateCopy:
    """The copy of one look at a file; kept until the file changes or the reader closes."""

    def __init__(self, *, limit: int = COPY_LIMIT) -> None:
        self._limit = limit
        self._folder: Path | None = None
        self._of: Look | None = None
        self._lock = threading.Lock()

    def path(self, look: Look, stopped: threading.Event) -> Path:
        """Return the copy's path, made now if need be; blocking. Raises BackendError beyond the limit."""
        with self._lock:
            if self._of == look and self._folder is not None:
                return self._folder / "copy.db"
            if look.size > self._limit:
                raise _too_large(look, self._limit)
            self._remove()
            try:
                folder = self._folder = Path(tempfile.mkdtemp(prefix="llama-storage-tui-"))
                for source, name in ((look.path, "copy.db"), (sidecar(look.path, "-wal"), "copy.db-wal")):
                    _copy(source, folder / name, stopped)
            except OSError as error:
                self._remove()
                raise _not_made(look, error) from None
            self._of = look
            return folder / "copy.db"

    def close(self) -> None:
        """Remove the copy."""
        with self._lock:
            self._remove()

    def _remove(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = self._of = None


def _copy(source: Path, target: Path, stopped: threading.Event) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        while not stopped.is_set() and (chunk := reading.read(_CHUNK)):
            writing.write(chunk)


def _too_large(look: Look, limit: int) -> BackendError:
    return BackendError(
        f"The -wal beside the file has rows that only a copy can show, and both are {look.size:,} bytes.",
        failure=FailureKind.UNSUPPORTED,
        where=str(look.path),
        help=f"Copies are made up to {limit:,} bytes. Copy both files to one folder and read the copy there, or read while"
        " the server runs.",
    )


def _not_made(look: Look, error: OSError) -> BackendError:
    sources = {str(look.path), str(sidecar(look.path, "-wal"))}
    if isinstance(error, PermissionError) and str(error.filename) in sources:
        return BackendError(
            "The -wal beside the file has rows that only a copy can show, and this user may not read both.",
            failure=FailureKind.PERMISSION,
            where=str(error.filename),
            help="Run as the user of the server, or let the file and its -wal be read.",
        )
    return BackendError(
        "The -wal beside the file has rows that only a copy can show, and it cannot be made:"
        f" {error.strerror or type(error).__name__}.",
        failure=FailureKind.UNSUPPORTED,
        where=str(look.path),
        help="Point $TMPDIR to a folder with room for both, or read while the server runs.",
    )
