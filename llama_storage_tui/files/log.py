"""The debug log of `--log-file`: what happened, in words that may be sent to a stranger.

Only this package's own records are written: drivers log the parameters of statements, which are an operator's data. Known
secrets are masked in every line. Of an exception the frames and the type are written, never the message, since that may quote
the config or a row.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Final

from llama_storage_tui import text
from llama_storage_tui.errors import StorageToolError, UsageError
from llama_storage_tui.secrets import Redactor, Secret

_OURS: Final = logging.getLogger("llama_storage_tui")

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class RedactingFormatter(logging.Formatter):
    """Writes a record on one line, secrets masked and control characters visible."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.redact = Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the frames of an exception below it."""
        return text.block(self.redact(super().format(record)))

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the name of logging
        """Return the frames of an exception and of its causes, without messages and without local values."""
        error = ei[1]
        parts: list[str] = []
        while error is not None:
            # No source lines: a program given on the command line (-c) has its literals in them.
            frames = "".join(
                f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n'
                for frame in traceback.StackSummary.extract(
                    traceback.walk_tb(error.__traceback__), lookup_lines=False
                )
            )
            # Our own errors are sentences that an operator reads anyway.
            message = f": {error.message}" if isinstance(error, StorageToolError) else ""
            parts.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}{message}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhile handling or because of\n".join(parts)


def keep_quiet() -> None:
    """Keep loggers from printing to stderr, as they do where nobody handles them: there nobody masks their text."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def start_log(path: str) -> None:
    """Append to a log file that only its owner can read; raises UsageError where that cannot be done."""
    stop_log()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        stream = os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            f"The log file {path} cannot be written: {error.strerror or type(error).__name__}"
        ) from None
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter())
    _OURS.addHandler(handler)
    _OURS.setLevel(logging.DEBUG)
    _OURS.propagate = False


def learn_secrets(secrets: Iterable[Secret]) -> None:
    """Mask these in everything that is logged from here on."""
    known = list(secrets)
    for handler in _OURS.handlers:
        if isinstance(handler.formatter, RedactingFormatter):
            for secret in known:
                handler.formatter.redact.add(secret)


def stop_log() -> None:
    """Close the log file, where there is one."""
    for handler in list(_OURS.handlers):
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.formatter, RedactingFormatter):
            _OURS.removeHandler(handler)
            handler.close()
            handler.stream.close()
