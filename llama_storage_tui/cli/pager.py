"""A long answer in a pager: `$PAGER`, else `less`."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import Final

LESS: Final = "-FRX"
"""As git has it: end at once where all fits on the screen, pass colours on, leave the text on the screen at the end."""
NONE: Final = frozenset({"", "cat"})


def is_usable() -> bool:
    """Tell whether there is a person at a terminal that can show a pager, and a pager."""
    if sys.stdin is None or not sys.stdin.isatty() or os.environ.get("TERM") in (None, "dumb"):
        return False
    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:
        return False
    return bool(command) and command[0] not in NONE and shutil.which(command[0]) is not None


def is_longer_than_screen(text: str) -> bool:
    """Tell whether a text and the prompt below it take more lines than the screen has, its long lines folded."""
    import click

    from llama_storage_tui.cli.table import display_width

    columns, rows = shutil.get_terminal_size()
    used = 0
    for line in text.splitlines():
        used += 1 + max(display_width(click.unstyle(line)) - 1, 0) // max(columns, 1)
        if used >= rows:
            return True
    return False


def show(text: str) -> None:
    """Show a text in the pager, and wait for its end. Colours go to `less` alone, where its own options let them through."""
    import click

    os.environ.setdefault("LESS", LESS)
    # click writes what the locale's encoding lacks as a question mark: our marks in ASCII say more.
    encoding = sys.stdout.encoding
    click.echo_via_pager(text.encode(encoding, errors="spell_out").decode(encoding).removesuffix("\n"))
