"""Says to the terminal only what changes of a rendition: Textual names every colour anew for each piece of text, and takes it back.

Two rows of a list are sixty such pieces, and over a slow line their renditions are most of what is sent.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_RENDITION: Final = re.compile(r"\x1b\[([0-9;]*)m")
_MOVES: Final = re.compile(r"(?:\x1b\[\d+;\d+H|\r?\n)*")
"""What draws nothing, so that no rendition matters to it."""
_COLOURS: Final = re.compile(r"(?:^|;)(?:([34])8;(?:5;\d+|2;\d+;\d+;\d+)|([349])\d|(10)[0-7])(?=;|$)")

_OF_TEXT: Final = frozenset({"1", "2", "3"})
"""Bold, faint and italic."""


def merged(text: str) -> str:
    """Return text that draws the same, and leaves the terminal with the same rendition, in fewer bytes.

    The terminal must draw plainly where the text begins, as it does after everything that Textual writes.
    """
    pieces = _RENDITION.split(text)
    now = wanted = ""
    written = [pieces[0]]
    for index in range(1, len(pieces), 2):
        rendition, drawn = pieces[index], pieces[index + 1]
        is_reset = rendition in ("", "0")
        wanted = "" if is_reset else ";".join(filter(None, (wanted, rendition)))
        if not drawn:
            continue
        if now != wanted and _MOVES.fullmatch(drawn) is None:
            written.append(change(now, wanted))
            now = wanted
        written.append(drawn)
    if now != wanted:
        written.append(change(now, wanted))
    return "".join(written)


@lru_cache(maxsize=4096)
def blank_rendition(rendition: str) -> str:
    """Return what shows of a rendition on a cell with nothing in it: its background, where no attribute draws a line there."""
    parts = _parts(rendition)
    return parts[1] if parts is not None and parts[2] <= _OF_TEXT else rendition


@lru_cache(maxsize=4096)
def change(now: str, wanted: str) -> str:
    """Return what makes one rendition another; both are empty where everything is drawn plainly."""
    if not wanted:
        return "\x1b[0m"
    if not now:
        return f"\x1b[{wanted}m"
    before, after = _parts(now), _parts(wanted)
    if before is None or after is None or any(before[each] and not after[each] for each in (0, 1)):
        return f"\x1b[0;{wanted}m"
    if not before[2] <= after[2]:
        return f"\x1b[0;{wanted}m"
    colours = [new for old, new in zip(before[:2], after[:2], strict=True) if new and new != old]
    return f"\x1b[{';'.join([*sorted(after[2] - before[2]), *colours])}m" if before != after else ""


def _parts(rendition: str) -> tuple[str, str, frozenset[str]] | None:
    """Return foreground, background and attributes; None where something takes an attribute back, or a colour is named twice."""
    colours = {"3": "", "4": ""}
    for found in _COLOURS.finditer(rendition):
        layer = found[1] or found[2] or "4"
        layer = {"9": "3"}.get(layer, layer)
        if colours[layer]:
            return None
        colours[layer] = found[0].strip(";")
    attributes = frozenset(_COLOURS.sub("", rendition).strip(";").split(";")) - {""}
    if any(not each.isdigit() or not 1 <= int(each) <= 9 for each in attributes):
        return None
    return colours["3"], colours["4"], attributes
