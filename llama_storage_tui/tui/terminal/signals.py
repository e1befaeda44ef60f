"""What ends the program from outside: signals, and a terminal that is gone. Its event loop is told.

A handler that raises, as the commands have it, would be swallowed by whichever task it interrupts: the app went on without a
terminal, or ended as if it had been asked to.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED: Final = 128
"""What shells add to the number of the signal that ended a program."""
PATIENCE: Final = 5.0
"""Seconds for an orderly end. A terminal that is gone may hold whoever writes to it; then the program ends at once."""


def end_on_signals(end: Callable[[int], None]) -> None:
    """Call `end` with the exit code when a signal to end arrives. What was ignored stays so: nohup."""
    loop = asyncio.get_running_loop()
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, _end, end, SIGNALLED + number)


def end_without_terminal(keys: int, end: Callable[[int], None]) -> None:
    """Call `end` with the exit code of a hang-up when the terminal that keys come from is gone.

    That is a signal as a rule. Where it was ignored, or went to another process, Textual would read the end of its input over and
    over, on half a processor, for good.
    """
    watch = threading.Thread(target=_watch, args=(keys, asyncio.get_running_loop(), end), daemon=True)
    watch.start()


def _watch(keys: int, loop: asyncio.AbstractEventLoop, end: Callable[[int], None]) -> None:
    poll = select.poll()
    poll.register(keys, 0)  # of no event: a hang-up is told unasked
    if all(event & select.POLLNVAL for _, event in poll.poll()):
        return  # macOS polls no /dev/tty
    with contextlib.suppress(RuntimeError):  # the loop ended first
        loop.call_soon_threadsafe(_end, end, SIGNALLED + signal.SIGHUP)


def _end(end: Callable[[int], None], code: int) -> None:
    last = threading.Timer(PATIENCE, os._exit, (code,))
    last.daemon = True
    last.start()
    end(code)
