"""The signals that end a command in order: whatever it opened is closed, copies and half-written files are removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from llama_storage_tui.cli.exit_codes import ExitCode

ENDED_BY: Final = {signal.SIGTERM: ExitCode.TERMINATED, signal.SIGHUP: ExitCode.HUNG_UP}
"""Each signal with its exit code. A lost SSH connection is a SIGHUP; SIGINT is Python's own KeyboardInterrupt."""


class TerminatedError(BaseException):
    """A signal to end arrived; a BaseException so that no handler of errors swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = ENDED_BY[signal.Signals(number)]


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Raise TerminatedError within when a signal to end arrives. Outside the main thread nothing is caught."""
    before = {number: signal.signal(number, _terminate) for number in heard_signals()}
    try:
        yield
    finally:
        restore(before)


def heard_signals() -> list[signal.Signals]:
    """Return the signals to listen to: what was ignored stays so, as under nohup."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in ENDED_BY if signal.getsignal(number) is not signal.SIG_IGN]


def restore(handlers: dict[signal.Signals, Any]) -> None:
    """Put handlers back."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise TerminatedError(number)
