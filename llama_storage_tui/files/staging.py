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
        if self.path.exists() and not self._replaces:
            raise RefusedError(
                f"{self.path} exists", where=str(self.path), help="Choose another name, or replace it."
            )
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        except OSError as error:
            raise RefusedError(
                f"{self.path} cannot be written: {error.strerror or type(error).__name__}",
                where=str(self.path),
            ) from None
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
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _failed(self, error: OSError) -> RefusedError:
        return RefusedError(
            f"{self.path} cannot be written: {error.strerror or type(error).__name__}",
            where=str(self.path),
            help="Nothing was left behind.",
        )
