"""Signals that end the program, taken by its event loop.

A handler that raises, as the commands have it, would be swallowed by whichever task it interrupts: the app went on without a
terminal, or ended as if it had been asked to.
"""

from __future__ import annotations

import asyncio
import os
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


def _end(end: Callable[[int], None], code: int) -> None:
    last = threading.Timer(PATIENCE, os._exit, (code,))
    last.daemon = True
    last.start()
    end(code)
