"""What is written for a character that the terminal's encoding lacks."""

from __future__ import annotations

import codecs
from typing import Final

ASCII_MARKS = {
    **dict(zip("…–→›×§·✓✗•“”↑↓↳⇧", '~->>xS-+x*""^v>^', strict=True)),
    **dict(zip("●○◌◆□▲△▼", "*ooo#!!v", strict=True)),
    **dict.fromkeys("─━═", "-"),
    **dict.fromkeys("│┃║", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯", "+"),
}
"""What is written for the program's own signs where an encoding lacks them: as wide as they are, so columns stay."""


def _spell_out(error: UnicodeError) -> tuple[str | bytes, int]:
    """Give what an encoding lacks as its mark in ASCII, as an escape where there is none."""
    if isinstance(error, UnicodeEncodeError) and (mark := ASCII_MARKS.get(error.object[error.start])):
        return mark, error.start + 1
    if isinstance(error, UnicodeEncodeError) and error.end > error.start + 1:
        error.end = error.start + 1  # one character at a time: the next may have a mark
    return codecs.backslashreplace_errors(error)


SPELL_OUT: Final = "spell_out"
"""How a stream treats what its encoding lacks, by the name that it is registered with."""

codecs.register_error(SPELL_OUT, _spell_out)
