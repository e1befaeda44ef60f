"""A run config replaced as a whole: never over what somebody else has written meanwhile, and the old one is kept beside it."""

from __future__ import annotations

import errno
import os
from glob import escape
from pathlib import Path
from typing import Final

from llama_storage_tui.config.locate import config_path, read_file
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError, StorageToolError, UsageError
from llama_storage_tui.files.places import check_replaceable, real_path
from llama_storage_tui.files.replacing import digest, discard_part, stage, swap
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.pending import look

_ATTEMPTS: Final = 1000


@dataclass(frozen=True, slots=True)
class WrittenConfig:
    """Where the new config is, and where the old one is kept; `backup` is None where another file was written."""

    path: Path
    backup: Path | None = None


def config_file(load: LoadRequest) -> Path:
    """Return the file that a request names, links followed; raises UsageError for stdin, ConfigError."""
    named = config_path(load.config, load.environ)
    if named is None:
        raise UsageError("The config came from stdin: there is no file to write")
    return real_path(named)


def check_writable(load: LoadRequest) -> None:
    """Raise RefusedError where the config cannot be replaced, or a password change of it is pending."""
    path = config_file(load)
    if look(load):
        raise RefusedError(
            f"A password change of {path} is pending: its places are found by what the file holds now",
            where=str(path),
            help="Finish that change first.",
        )
    check_replaceable(path)


def replace_config(
    load: LoadRequest, old: bytes, new: bytes, *, kept_as: str | None, writer: str | None = None
) -> WrittenConfig:
    """Put `new` in the place of a config that is `old`, which is kept beside it as `NAME.{kept_as}` (None: it is not).

    `writer` names who writes, for `discard_leftovers` after a kill; None: this process.
    Raises UsageError for stdin, and RefusedError, with nothing changed, where the file is not `old` any more, where a password
    change of it is pending, or where it cannot be replaced.
    """
    path = config_file(load)
    if new == old:
        return WrittenConfig(path)
    check_writable(load)
    if read_file(path) != old:
        raise _edited(path)
    backup, made = (None, None) if kept_as is None else _backup(path, old, kept_as)
    others: list[bytes] = []

    def redo(current: bytes) -> bytes:
        """Leave what somebody else has saved meanwhile."""
        others.append(current)
        return current

    staged = _staged(path, writer or str(os.getpid()))
    try:
        stage(path, staged, new)
        swap(path, staged, digest(old), digest(new), redo)
    except OSError as error:
        staged.unlink(missing_ok=True)
        _forget(made)
        reason = error.strerror or type(error).__name__
        raise RefusedError(f"{path} cannot be replaced: {reason}", where=str(path)) from None
    except RefusedError:
        _forget(made)
        raise
    if others:
        _forget(made)
        raise _edited(path)
    return WrittenConfig(path, backup)


def discard_leftovers(load: LoadRequest, ours: tuple[bytes, bytes], *, kept_as: str, writer: str) -> None:
    """Remove what a `replace_config` of this writer left beside the config when it was killed.

    `ours` are the two contents it was about to exchange: a file that somebody saved at that moment, and the copy kept, stay.
    """
    path = config_file(load)
    staged = _staged(path, writer)
    discard_part(staged)
    discard_part(path.with_name(f"{path.name}.{kept_as}"))
    if staged.exists() and staged.read_bytes() in ours:
        staged.unlink()


def former_config(load: LoadRequest) -> str | None:
    """Return the newest copy of the config from before an upgrade, which was kept beside it; None where there is none."""
    try:
        path = config_file(load)
        kept = [each for each in path.parent.glob(f"{escape(path.name)}.before-[0-9]*") if each.is_file()]
        return str(max(kept, key=lambda each: each.stat().st_mtime)) if kept else None
    except (StorageToolError, OSError):
        return None


def _staged(path: Path, writer: str) -> Path:
    return path.with_name(f".{path.name}.llama-storage-tui.{writer}")


def _forget(made: Path | None) -> None:
    if made is not None:
        made.unlink(missing_ok=True)


def _edited(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} was edited since the plan was made; nothing was changed",
        where=str(path),
        help="Make the plan again.",
    )


def _backup(path: Path, content: bytes, kept_as: str) -> tuple[Path, Path | None]:
    """Write the old config beside the file, under a name that nobody has, with its mode and owner.

    Returns the copy, and it again where it was made now: one who was killed after that finds it, and makes no second one.
    """
    for number in range(1, _ATTEMPTS):
        suffix = "" if number == 1 else f".{number}"
        backup = path.with_name(f"{path.name}.{kept_as}{suffix}")
        if not os.path.lexists(backup):
            stage(path, backup, content)
            return backup, backup
        if backup.is_file() and not backup.is_symlink() and backup.read_bytes() == content:
            return backup, None
    raise RefusedError(f"{path} cannot be backed up: {os.strerror(errno.EEXIST)}", where=str(path))
