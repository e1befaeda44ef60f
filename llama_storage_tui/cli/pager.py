"""A long answer in a pager: `$PAGER`, else `less`."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from llama_storage_tui.cli.lacking import SPELL_OUT

LESS: Final = "-FRX"
"""As git has it: end at once where all fits on the screen, pass colours on, leave the text on the screen at the end."""
NONE: Final = frozenset({"", "cat"})


def is_usable() -> bool:
    """Tell whether there is a person at a terminal that can show a pager, and a pager."""
    if sys.stdin is None or not sys.stdin.isatty() or os.environ.get("TERM") in (None, "dumb"):
        return False
    import shutil  # here: whoever reads what a pipe gets needs none

    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        return False
    return bool(command) and command[0] not in NONE and shutil.which(command[0]) is not None


def is_longer_than_screen(text: str) -> bool:
    """Tell whether a text and the prompt below it take more lines than the screen has, its long lines folded."""
    import shutil

    import click

    from llama_storage_tui.cli.table import display_width

    columns, rows = shutil.get_terminal_size()
    used = 0
    for line in text.splitlines():
        used += 1 + max(display_width(click.unstyle(line)) - 1, 0) // max(columns, 1)
        if used >= rows:
            return True
    return False


def show(text: str) -> str | None:
    """Show a text in the pager and wait for its end; return None, or a sentence on a pager that failed and may have shown nothing.

    Colours go to `less` alone, where its own options let them through.
    """
    import subprocess

    command = shlex.split(os.environ.get("PAGER", "less"))
    environ = {"LESS": LESS, **os.environ}
    options = " ".join([environ["LESS"], *command[1:]])
    if Path(command[0]).name != "less" or "r" not in options.lower():
        import click

        text = click.unstyle(text)
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environ)  # noqa: S603 - what $PAGER says
    except OSError as error:
        return f"The pager {command[0]} cannot be run: {error.strerror}"
    rest: bytes | None = text.encode(sys.stdout.encoding, errors=SPELL_OUT)
    while True:
        # `less` has a use of its own for ctrl+c, and goes on: whoever left before it would leave two readers of one keyboard.
        try:
            process.communicate(rest)
            break
        except KeyboardInterrupt:
            rest = None
    return (
        f"The pager {command[0]} ended with status {process.returncode}" if process.returncode > 0 else None
    )
