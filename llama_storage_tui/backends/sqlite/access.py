"""How a SQLite file can be opened just now without leaving a trace.

Measured with SQLite 3.40: `mode=ro` on a WAL file creates -wal and -shm where they are missing, and rewrites -shm where no
writer is alive. `readonly_shm=1` beside it reads a hot WAL's newest rows through a private index in memory and changes no byte,
but needs the -shm to exist. An empty file is opened `immutable`, because SQLite deletes a -wal beside an empty database.

    no WAL                      mode=ro
    WAL, no -wal                immutable=1, for one short unit of work; the look is taken again after it
    WAL, -wal and -shm          mode=ro&readonly_shm=1
    WAL, -wal, no usable -shm   a private copy of file and -wal, up to COPY_LIMIT

Never deletes a sidecar.
"""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from llama_storage_tui.backends.sqlite.failures import HOT_JOURNAL
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.next_steps import Advice, Step

HEADER: Final = b"SQLite format 3\x00"
_HEADER_SIZE: Final = 100
_VERSIONS: Final = slice(18, 20)
"""Write and read version of the file format: 2 is WAL."""


class OpenMode(StrEnum):
    """How to open the file."""

    READ_ONLY = "read-only"
    SHARED = "read-only beside the server's own -wal"
    IMMUTABLE = "immutable, for one read at a time"
    COPY = "a private copy"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What changes when a file does; None for one that is not there."""

    device: int
    inode: int
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a file and its sidecars: equal looks mean that nothing changed in between."""

    path: Path
    way: OpenMode
    file: FileStamp
    wal: FileStamp | None
    shm: FileStamp | None
    journal: FileStamp | None
    is_wal: bool

    @property
    def size(self) -> int:
        """The bytes of the file and its -wal."""
        return self.file.size + (self.wal.size if self.wal else 0)


class HeldFile:
    """Reads a database file's first bytes through a descriptor that stays open until `close`.

    Closing any descriptor of a file drops the locks that this process's SQLite connections hold on it (POSIX), so that a
    writer could change what one of them is just reading.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], int] = {}

    def header(self, path: Path, stamp: FileStamp) -> bytes:
        """Return the file's header; raises BackendError where it may not be read."""
        identity = (stamp.device, stamp.inode)
        try:
            if identity not in self._held:
                self._held[identity] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return os.pread(self._held[identity], _HEADER_SIZE, 0)
        except OSError as error:
            raise _unreadable(str(path), error) from None

    def close(self) -> None:
        """Close every descriptor: after the last connection."""
        while self._held:
            os.close(self._held.popitem()[1])


def look(path: Path, held: HeldFile, *, makes_folders: bool = True) -> Look:
    """Look at a file; raises BackendError where it is missing, no file, unreadable, or no database.

    `makes_folders`: a server makes the file's folder where that is missing, too (kv_sqlite does).

    Blocking, if briefly: call it in a thread, since the file may be on a network.
    """
    real = Path(os.path.realpath(path))
    file = _stamp_of_database(real, makes_folders=makes_folders)
    header = held.header(real, file) if file.size else b""
    if header and not header.startswith(HEADER):
        raise BackendError(
            "The file is not a SQLite database, or it is encrypted.",
            failure=FailureKind.NOT_A_DATABASE,
            where=str(path),
            help="Check the backend's `db_path`.",
        )
    wal, shm, journal = (_stamp(sidecar(real, ending)) for ending in ("-wal", "-shm", "-journal"))
    is_wal = 2 in header[_VERSIONS]
    way = _way(real, file, wal, shm, is_wal=is_wal)
    if way is OpenMode.IMMUTABLE and file.size and journal is not None and _is_hot(sidecar(real, "-journal")):
        raise BackendError(HOT_JOURNAL[0], failure=FailureKind.LOCKED, where=str(path), help=HOT_JOURNAL[1])
    return Look(real, way, file, wal, shm, journal, is_wal)


def uri(path: Path, way: OpenMode) -> str:
    """Return the URI that opens a path this way: every byte but the plainest is escaped, so `?`, `#` and `%` are names."""
    query = {
        OpenMode.READ_ONLY: "mode=ro",
        OpenMode.SHARED: "mode=ro&readonly_shm=1",
        OpenMode.IMMUTABLE: "mode=ro&immutable=1",
        OpenMode.COPY: "mode=ro",
    }[way]
    return f"file://{quote(os.fsencode(path), safe='/')}?{query}"


def sidecar(path: Path, ending: str) -> Path:
    """Return the path of `-wal`, `-shm` or `-journal`."""
    return path.with_name(path.name + ending)


def _way(
    path: Path, file: FileStamp, wal: FileStamp | None, shm: FileStamp | None, *, is_wal: bool
) -> OpenMode:
    if file.size == 0:
        return OpenMode.IMMUTABLE
    if wal is None or wal.size == 0:
        if wal is not None and shm is not None:
            return OpenMode.SHARED
        return OpenMode.IMMUTABLE if is_wal or wal is not None else OpenMode.READ_ONLY
    return OpenMode.SHARED if shm is not None and os.access(sidecar(path, "-shm"), os.R_OK) else OpenMode.COPY


def _who_creates(path: Path, *, makes_folders: bool) -> str:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"A server that runs as this user cannot create it: {folder} is not writable."
    if folder != path.absolute().parent and not makes_folders:
        return (
            f"A server cannot create it yet: the folder {path.absolute().parent} is missing, and sql_sqlite makes none. Create the "
            "folder."
        )
    return "The server creates it on first use."


def _stamp_of_database(path: Path, *, makes_folders: bool) -> FileStamp:
    where = str(path)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise BackendError(
            "There is no such file.",
            failure=FailureKind.MISSING_FILE,
            where=where,
            help=Advice(_who_creates(path, makes_folders=makes_folders), Step.MAP_PATH),
        ) from None
    except (PermissionError, OSError) as error:
        raise _unreadable(where, error) from None
    if not stat.S_ISREG(status.st_mode):
        what = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise BackendError(
            f"The path is {what}.",
            failure=FailureKind.NOT_A_DATABASE,
            where=where,
            help="`db_path` names the file itself.",
        )
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _stamp(path: Path) -> FileStamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _is_hot(journal: Path) -> bool:
    """Tell whether a journal waits for recovery: a finished one is empty or begins with a zero byte."""
    try:
        with journal.open("rb", buffering=0) as file:
            return file.read(1) not in {b"", b"\x00"}
    except OSError:
        return True


def _unreadable(where: str, error: OSError) -> BackendError:
    if isinstance(error, PermissionError):
        return BackendError(
            "The file may not be read.",
            failure=FailureKind.PERMISSION,
            where=where,
            help="Check its owner and mode, and those of its directories.",
        )
    return BackendError(
        f"The file cannot be read: {os.strerror(error.errno) if error.errno else 'unknown reason'}.",
        failure=FailureKind.UNREACHABLE,
        where=where,
        help="Check the disk or the mount.",
    )
