"""A real terminal for the program: a pseudo-terminal that is its controlling one, and what stands on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from rich.cells import cell_len

from llama_storage_tui.__main__ import main
from tests import fork_server
from tests.patience import PATIENCE

WIDTH, HEIGHT = 140, 42
CONTROL = re.compile(
    r"\x1b\[(?P<mark>[?<>=]?)(?P<numbers>[0-9;]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()].|\x1b[=>78]|[\r\n]"
)
END = b"\x1b]the end\x07"
"""No program writes this, and a terminal shows nothing of it."""
BEGUN = re.compile(r"\x1b(?:\[[?<>=]?[0-9;]*[ -/]*|[\]P][^\x07\x1b]*\x1b?|[()])?\Z")


class Screen:
    """As much of a terminal as Textual uses: cursor positions and text."""

    def __init__(self) -> None:
        self.wipe()
        self._left = ""

    def wipe(self) -> None:
        self._cells = [[" "] * WIDTH for _ in range(HEIGHT)]
        self._x = self._y = 0

    def feed(self, text: str) -> None:
        text = self._left + text
        begun = BEGUN.search(text)
        self._left = begun.group() if begun else ""
        text = text[: begun.start()] if begun else text
        at = 0
        for found in CONTROL.finditer(text):
            self._write(text[at : found.start()])
            self._control(found)
            at = found.end()
        self._write(text[at:])

    def _control(self, found: re.Match[str]) -> None:
        if found.group() == "\r":
            self._x = 0
        elif found.group() == "\n":
            self._y = min(self._y + 1, HEIGHT - 1)
        elif found["final"] == "H":
            row, column = ([int(number) for number in found["numbers"].split(";") if number] + [1, 1])[:2]
            self._x, self._y = min(column, WIDTH) - 1, min(row, HEIGHT) - 1
        elif found["final"] == "h" and found["numbers"] == "1049":
            self.wipe()

    def _write(self, text: str) -> None:
        for character in text:
            if self._x < WIDTH:
                self._cells[self._y][self._x] = character
            self._x += cell_len(character)

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self._cells)


class Terminal:
    """The program in a terminal of its own. `streams` puts something else in the place of stdin, stdout or stderr.

    `is_imported` forks it from a process that has imported it: for what is not about how it starts.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        streams: Mapping[str, int | IO[bytes]] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "llama_storage_tui"),
        is_imported: bool = False,
    ) -> None:
        self.end, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self.before = termios.tcgetattr(inner)
        self.inner, self.name = inner, os.ttyname(inner)
        self.screen = Screen()
        self.raw = b""
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        where = {"stdin": inner, "stdout": inner, "stderr": inner, **(streams or {})}
        variables = {**os.environ, "TERM": "xterm-256color", **(environ or {})}
        for name in ("COLUMNS", "LINES"):
            variables.pop(name, None)  # or they would count, and not the terminal's size
        self.process: subprocess.Popen[bytes] | fork_server.Forked
        if is_imported:
            self.process = fork_server.start(
                main, tuple(words), folder=Path.cwd(), environ=variables, streams=(self.name,) * 3
            )
            return
        self.process = subprocess.Popen(
            [*command, *words],
            **where,  # type: ignore[call-overload]
            env=variables,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(inner, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - between fork and exec only
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.end)
        os.close(self.inner)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return self.screen.text

    def read(self, seconds: float) -> bool:
        """Take what the program writes within a time; tell whether there was any."""
        ready, _, _ = select.select([self.end], [], [], seconds)
        if not ready:
            return False
        with suppress(OSError):
            chunk = os.read(self.end, 65536)
            self.raw += chunk
            self.screen.feed(self._decode(chunk))
        return True

    def expect(self, *texts: str) -> str:
        """Wait until all of these stand on the screen."""
        deadline = time.monotonic() + PATIENCE
        while missing := [text for text in texts if text not in self.text]:
            if self.process.poll() is not None:
                self._read_to_the_end()
                missing = [text for text in texts if text not in self.text]
                assert not missing, f"missing {missing}, exit code {self.process.poll()}:\n{self.text}"
            assert time.monotonic() < deadline, f"missing {missing}:\n{self.text}"
            self.read(0.1)
        return self.text

    def expect_gone(self, text: str) -> None:
        """Wait until this stands there no more."""
        deadline = time.monotonic() + PATIENCE
        while text in self.text:
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None
            self.read(0.1)

    def send(self, keys: str) -> None:
        """Send keys in one go."""
        os.write(self.end, keys.encode())

    def ended(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self.read(0.1)
        self._read_to_the_end()
        return self.process.wait()

    def _read_to_the_end(self) -> None:
        # What an ended program wrote may still be on its way through the system: it is here when what is written now is.
        # Not through `inner`: where the program had the terminal for its own, the system has cut that off.
        last = os.open(self.name, os.O_WRONLY | os.O_NOCTTY)
        try:
            os.write(last, END)
            while END not in self.raw:
                assert self.read(PATIENCE), self.text
        finally:
            os.close(last)
        self.raw = self.raw.replace(END, b"")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)
