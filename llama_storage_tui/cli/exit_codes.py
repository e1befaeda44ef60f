"""Exit codes, which scripts rely on."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from llama_storage_tui import errors


class ExitCode(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    WRONG = 1
    """Looked, and something is wrong or not there."""
    USAGE = 2
    """Usage, or the config cannot be read."""
    UNREACHABLE = 3
    REFUSED = 4
    PENDING = 5
    INTERNAL = 70
    """A bug: os.EX_SOFTWARE."""
    HUNG_UP = 129
    """The terminal is gone: a lost SSH connection."""
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


_BY_ERROR: Final = {
    errors.UsageError: ExitCode.USAGE,
    errors.ConfigError: ExitCode.USAGE,
    errors.BackendError: ExitCode.UNREACHABLE,
    errors.NotFoundError: ExitCode.WRONG,
    errors.RefusedError: ExitCode.REFUSED,
    errors.PendingError: ExitCode.PENDING,
}


def exit_code(error: errors.StorageToolError) -> ExitCode:
    """Return the exit code of an error."""
    return next((_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR), ExitCode.INTERNAL)
