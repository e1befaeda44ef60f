"""Text cut to a width in terminal cells."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from llama_storage_tui.text import ELLIPSIS


def middle(text: str, width: int) -> str:
    """Cut a place to a width in terminal cells, keeping its two ends: the end of a path tells more than its middle."""
    if cell_len(text) <= width:
        return text
    if width < 8:
        return end(text, width)
    tail = (width - 1) * 3 // 5
    kept = text[-tail:]
    while cell_len(kept) > tail:
        kept = kept[1:]
    return set_cell_size(text, width - 1 - cell_len(kept)) + ELLIPSIS + kept


def halves(text: str, width: int) -> tuple[str, str]:
    """Return a text as two lines of a width in terminal cells, broken at a blank; the second is empty where one is enough.

    The second is cut where two are not enough, and there is none where the text has no blank to break it at.
    """
    if cell_len(text) <= width:
        return text, ""
    first = set_cell_size(text, width + 1).rpartition(" ")[0].rstrip()
    return (first, end(text[len(first) :].lstrip(), width)) if first else (end(text, width), "")


def end(text: str, width: int) -> str:
    """Cut a text to a width in terminal cells, its end replaced by an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + ELLIPSIS if width > 0 else ""
