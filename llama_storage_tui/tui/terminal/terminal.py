"""The terminal that the app is drawn on and typed into, and what is said where there is none.

Textual draws on stderr and reads keys from stdin, whatever they are. Here the app is drawn on stdout, which has to be a terminal;
keys come from stdin, or from `/dev/tty` where stdin is the run config.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Final, TextIO

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError

STDIN: Final = "-"
TTY: Final = "/dev/tty"
DUMB: Final = ("dumb", "unknown")
HELP: Final = "Run it in a terminal, or ask for one answer: llama-storage-tui check RUN_CONFIG"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where keys come from: a file descriptor."""

    keys: int


def find_terminal(config: str, environ: Mapping[str, str]) -> Terminal:
    """Return the terminal for an app on that RUN_CONFIG; raises UsageError where there is none. Draws nothing, reads nothing."""
    if not _is_terminal(sys.__stdout__):
        raise UsageError("The app needs a terminal, but standard output is not one", help=HELP)
    if environ.get("TERM", "").strip().lower() in DUMB:
        raise UsageError(
            f"The app needs a terminal that can draw, but TERM is {environ['TERM'].strip()}", help=HELP
        )
    stdin = sys.__stdin__
    if stdin is not None and _is_terminal(stdin):
        if config == STDIN:
            raise UsageError(
                "The config should come from standard input, but that is this terminal",
                help="Pipe it in, or name a file.",
            )
        return Terminal(stdin.fileno())
    if config != STDIN:
        raise UsageError("The app needs a terminal, but standard input is not one", help=HELP)
    try:
        return Terminal(os.open(TTY, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise UsageError(
            "The config comes from standard input, and there is no terminal to read keys from", help=HELP
        ) from None


def _is_terminal(stream: TextIO | None) -> bool:
    # Python sets a stream to None that was closed by whoever started it; its number may be another file's by now.
    with contextlib.suppress(OSError, ValueError):
        return stream is not None and stream.isatty()
    return False


def screen() -> TextIOWrapper:
    """Return a file to draw on: stdout, as a file of its own that no redirection reaches."""
    stdout = sys.__stdout__
    if stdout is None:
        raise AssertionError("find_terminal looked")
    own = os.fdopen(os.dup(stdout.fileno()), "wb")
    return TextIOWrapper(own, encoding=stdout.encoding, errors=stdout.errors, newline="")
