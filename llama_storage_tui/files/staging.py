"""A file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from llama_storage_tui.errors import RefusedError


class StagedFile:
    """A new text file, written beside its place and moved there at the end; nothing stays behind where it fails.

    The file is readable by its owner alone, since it holds stored data. An existing file is refused unless `replaces`.
    """

    def __init__(self, path: Path, *, replaces: bool = False) -> None:
        self.path = path
        self._replaces = replaces
        self._staged: Path | None = None
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            if self.path.is_dir():
                raise RefusedError(
                    f"{self.path} is a directory", where=str(self.path), help="Name a file in it."
                )
            if _is_there(self.path) and not self._replaces:
                raise RefusedError(
                    f"{self.path} exists", where=str(self.path), help="Choose another name, or replace it."
                )
            descriptor, name = tempfile.mkstemp(prefix=".export-", dir=self.path.parent)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
            raise self._failed(error, help_="Choose another folder or name.") from None
        self._staged = Path(name)
        # newline="" because CSV writes its own line ends.
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="")
        return self

    def write(self, text: str) -> None:
        """Append text; raises RefusedError where the disk is full or the folder is gone."""
        assert self._stream is not None, "write() belongs inside the with block"  # noqa: S101 - a programming error
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failed(error) from None

    def write_bytes(self, data: bytes) -> None:
        """Append bytes as they are; raises RefusedError where the disk is full or the folder is gone."""
        assert self._stream is not None, "write_bytes() belongs inside the with block"  # noqa: S101 - a programming error
        try:
            self._stream.flush()
            self._stream.buffer.write(data)
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._stream is None or self._staged is None:
            return
        try:
            if error is None:
                self._publish()
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._staged.unlink(missing_ok=True)

    def _publish(self) -> None:
        if self._stream is None or self._staged is None:
            return
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        if self._replaces:
            self._staged.replace(self.path)
        else:
            try:
                # A link, not a rename: another program may have made the file meanwhile.
                os.link(self._staged, self.path)
            except FileExistsError:
                raise RefusedError(f"{self.path} exists", where=str(self.path)) from None
            except OSError:
                self._staged.replace(self.path)
        # The file is there by now: a folder that may be written and not read is no failure.
        with contextlib.suppress(OSError):
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _failed(
        self, error: OSError | ValueError, *, help_: str = "Nothing was left behind."
    ) -> RefusedError:
        reason = getattr(error, "strerror", None) or "this is not a file name"
        return RefusedError(f"{self.path} cannot be written: {reason}", where=str(self.path), help=help_)


def _is_there(path: Path) -> bool:
    """Tell whether a name is taken, by a dangling link too; raises OSError or ValueError for an impossible one."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True
