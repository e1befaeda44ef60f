"""Copying through the terminal: OSC 52, wrapped for tmux and GNU screen, with a cap."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

LARGEST: Final = 74_000
"""Bytes: beyond 100,000 characters of base64, several terminals drop the sequence without a word."""
_SCREEN_CHUNK: Final = 76
"""GNU screen drops a device control string of more than 256 bytes or so."""


def fits(text: str) -> bool:
    """Tell whether a text is small enough for the terminal's clipboard."""
    return len(text) <= LARGEST and len(_encoded(text)) <= LARGEST


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return what a terminal must be sent to put a text on its clipboard.

    Inside tmux the bare sequence goes too: tmux obeys one or the other, depending on its settings.
    """
    payload = base64.b64encode(_encoded(text)).decode("ascii")
    bare = f"\x1b]52;c;{payload}\x07"
    if environ.get("TMUX"):
        return bare + "\x1bPtmux;" + bare.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        chunks = (bare[start : start + _SCREEN_CHUNK] for start in range(0, len(bare), _SCREEN_CHUNK))
        return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)
    return bare
