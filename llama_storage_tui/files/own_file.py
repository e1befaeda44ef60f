"""Small files of this program's own, such as saved filters: written whole or not at all, for their owner alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.replacing import sync_folder


def write_own(path: Path, content: bytes) -> None:
    """Put a file in place by a rename, its folder made where there is none. Raises RefusedError, with the old file left."""
    staged: Path | None = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        staged = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A file that is a link elsewhere stays one.
        staged.replace(
            path.resolve() if path.is_symlink() and path.resolve().parent == path.parent.resolve() else path
        )
        sync_folder(path.parent)
    except OSError as error:
        if staged is not None:
            with contextlib.suppress(OSError):
                staged.unlink()
        raise RefusedError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}", where=str(path)
        ) from None
