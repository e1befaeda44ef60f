"""Textual's driver on the terminal that was found, which a shell can stop and wake like any other program."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from llama_storage_tui.tui.terminal import Terminal, screen


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
        self._file = screen()
        self.fileno = self.keys
        self.input_tty = True
        self._follow_the_shell()

    def _follow_the_shell(self) -> None:
        # In the event loop, not wherever a signal finds the program: that may hold the lock of what is written to the terminal.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self.sleep, os.getpid())
        loop.add_signal_handler(signal.SIGCONT, self._woken)

    def start_application_mode(self) -> None:
        """Take the terminal; in the background that waits until the shell gives it."""
        self._key_thread = None
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
