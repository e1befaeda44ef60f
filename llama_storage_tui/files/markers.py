"""What other users see of a pending change: a lock on the folder of each file, and a small file beside each.

The lock is held by a process and gone with it; the marker stays until the change is finished, holds no secret, and names the
journal and its owner.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.files.replacing import sync_folder
from llama_storage_tui.next_steps import Advice, Step


@dataclass(frozen=True, slots=True)
class Marker:
    """A pending change of a file: its journal's id and file, and whose it is."""

    path: Path
    journal: str
    file: str
    owner: str


def marker_path(path: Path) -> Path:
    """Return where the marker of a real file stands."""
    return path.with_name(f".{path.name}.llama-storage-tui")


def read_marker(path: Path) -> Marker | None:
    """Return the marker of a real file; None where there is none. One that cannot be read counts as there."""
    marker = marker_path(path)
    try:
        data = json.loads(marker.read_bytes())
        return Marker(path, str(data["journal"]), str(data["file"]), str(data["owner"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Marker(path, "unknown", "unknown", "unknown")


def put_marker(path: Path, journal: str, file: Path, owner: str) -> None:
    """Make the marker of a real file; raises PendingError where another change has one, OSError where it cannot be made."""
    marker = marker_path(path)
    content = json.dumps({"journal": journal, "file": str(file), "owner": owner}).encode()
    # Written elsewhere and linked into place: a marker is there whole or not at all, and never replaces another's.
    first = _part(path, journal)
    first.unlink(missing_ok=True)
    descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        os.fchmod(descriptor, 0o644)
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(first, marker)
    except FileExistsError:
        found = read_marker(path)
        if found is None or found.journal != journal:
            raise pending(path, found) from None
    finally:
        first.unlink(missing_ok=True)
    sync_folder(marker.parent)


def _part(path: Path, journal: str) -> Path:
    return path.with_name(f".{path.name}.llama-storage-tui.{journal}.marker")


def remove_marker(path: Path, journal: str) -> None:
    """Remove the marker of a real file, unless it is another change's."""
    _part(path, journal).unlink(missing_ok=True)
    found = read_marker(path)
    if found is not None and found.journal == journal:
        marker_path(path).unlink(missing_ok=True)
        sync_folder(path.parent)


def pending(path: Path, marker: Marker | None) -> PendingError:
    """Return the error for a file whose change is pending."""
    words = f" (journal {marker.journal} of {marker.owner})" if marker else ""
    return PendingError(
        f"A password change of {path} is pending{words}",
        where=str(path),
        help=Advice("Finish it as that user.", Step.FINISH_CHANGE),
    )


@contextmanager
def locked(paths: Iterable[Path]) -> Iterator[None]:
    """Hold the folders of real files; raises RefusedError where another process has one of them."""
    with contextlib.ExitStack() as stack:
        # In one order for everybody, so that two never wait for each other; none waits anyway.
        for folder in sorted({path.parent for path in paths}):
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RefusedError(
                    f"Another process is changing a password in {folder}",
                    where=str(folder),
                    help="Wait for it.",
                ) from None
            except OSError as error:
                raise RefusedError(
                    f"{folder} cannot be locked: {error.strerror}", where=str(folder)
                ) from None
        yield
