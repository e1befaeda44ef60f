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


def end(text: str, width: int) -> str:
    """Cut a text to a width in terminal cells, its end replaced by an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + ELLIPSIS if width > 0 else ""
