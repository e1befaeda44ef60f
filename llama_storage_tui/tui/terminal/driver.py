"""Textual's driver on the terminal that was found, which a shell can stop and wake like any other program."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from selectors import EVENT_READ, SelectSelector
from threading import Event
from time import monotonic
from typing import Any, Final

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.geometry import Size

from llama_storage_tui.tui.terminal.drawn import DrawnScreen
from llama_storage_tui.tui.terminal.terminal import Terminal, screen
from llama_storage_tui.tui.terminal.typeahead import Pasted, looks_pasted

READ: Final = 4096
"""Bytes that are read at a time: what a terminal holds for a program."""


TICK: Final = 0.1
"""Seconds between two looks at the time while a key may be the beginning of a longer one."""
QUIET: Final = 1.0 + ESCAPE_DELAY
"""Seconds after which no key waits for its end any more: a thread that then looks at the time all the same takes half a percent of
a core."""


class InputEnd(Event):
    """An event that ends a wait for input too."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)

    def set(self) -> None:
        """Set it, and make `reader` readable."""
        super().set()
        os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Take it back."""
        super().clear()
        with suppress(BlockingIOError):
            os.read(self.reader, READ)

    def close(self) -> None:
        """Close both ends."""
        os.close(self.reader)
        os.close(self._writer)


class TerminalDriver(LinuxDriver):
    """Reads keys from the terminal's descriptor and draws on stdout."""

    keys = 0

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._drawn = DrawnScreen()
        self._ending: InputEnd | None = None
        self._file = screen()
        self.fileno = self.keys
        self.input_tty = True
        self._follow_the_shell()

    def write(self, data: str) -> None:
        """Write to the terminal, in as few bytes as draw the same."""
        size = self._app.size
        super().write(self._drawn.changes(data, (size.width, size.height)))

    def run_input_thread(self) -> None:
        """Wait for input and hand it on, as Textual's own thread does; but what looks pasted is told before its first key."""
        ending = self._ending
        if ending is None:
            return
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            selector.register(ending.reader, EVENT_READ)
            quiet_at = monotonic()
            while not ending.is_set():
                # Whether a key is the beginning of a longer one is decided by the time; without input nothing is left to decide.
                found = selector.select(TICK if monotonic() < quiet_at else None)
                if any(key.fd == self.fileno for key, _ in found):
                    quiet_at = monotonic() + QUIET
                    self._hand_on(decode(os.read(self.fileno, READ)), parser)
                for event in parser.tick():
                    self.process_message(event)
        with suppress(EOFError, ParseError):
            deque(parser.feed(""), maxlen=0)

    def close(self) -> None:
        """Tidy up, at the end or while another program has the terminal: input has ended by then."""
        super().close()
        if self._ending is not None:
            self._ending.close()
        self._ending, self.exit_event = None, Event()

    def _hand_on(self, text: str, parser: XTermParser) -> None:
        if not text:
            return
        found = list(parser.feed(text))
        for event in found:
            # What comes in one read was sent at one stroke, however long a busy machine keeps this thread from taking it apart.
            event.time = found[0].time
        keys = tuple(event for event in found if isinstance(event, Key))
        if keys and looks_pasted(text):
            self.send_message(Pasted(keys))
        for event in found:
            self.process_message(event)

    def _follow_the_shell(self) -> None:
        # In the event loop, not wherever a signal finds the program: that may hold the lock of what is written to the terminal.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self.sleep, os.getpid())
        loop.add_signal_handler(signal.SIGCONT, self._woken)

    def start_application_mode(self) -> None:
        """Take the terminal; in the background that waits until the shell gives it."""
        self._key_thread = None
        self.exit_event = self._ending = InputEnd()
        while self._key_thread is None:
            # Textual returns without having begun where the program was stopped for touching the terminal.
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def sleep(self, whom: int) -> None:
        """Give the terminal back and stop until the shell says to go on. `whom` is a process, or 0 for all that share the terminal.

        The stop is the signal's own: the system leaves it out where no shell is there to wake anybody.
        """
        self.suspend_application_mode()
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTSTP)
        loop.remove_signal_handler(signal.SIGCONT)
        os.kill(whom, signal.SIGTSTP)
        self._follow_the_shell()
        self._go_on()

    def lend(self, command: Sequence[str]) -> int:
        """Run another program on the terminal to its end, which this one has left meanwhile, and return its exit code.

        A stop from the keyboard stops both, as it does any program and what it started.
        """
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGTSTP)
        try:
            return subprocess.run(command, stdin=self.fileno, stdout=self._file, check=False).returncode  # noqa: S603 - the operator's own command
        finally:
            self._follow_the_shell()

    def _woken(self) -> None:
        # Stopped by a signal that no program sees; the shell has set the terminal to its own ways since.
        self.suspend_application_mode()
        self._go_on()

    def _go_on(self) -> None:
        self.resume_application_mode()
        width, height = self._get_terminal_size()
        self._app.call_later(self._repaint, Size(width, height))

    def _repaint(self, size: Size) -> None:
        # The terminal is empty now, of which Textual knows nothing.
        if size == self._app.size:
            self._app.screen.refresh(layout=True)
            self._app.refresh(layout=True)


def driver_on(terminal: Terminal) -> type[TerminalDriver]:
    """Return the class of a driver that reads keys there."""
    return type("TerminalDriver", (TerminalDriver,), {"keys": terminal.keys})
