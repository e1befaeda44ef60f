"""What every screen that shows a response says of it in the same way: its status, its owner, what went wrong."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.records import DocumentShape
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.tui.style.glyphs import Shown, Tone

_STATES: Final = {
    "completed": Shown("● completed", Tone.GOOD),
    "failed": Shown("✗ failed", Tone.BAD),
    "incomplete": Shown("▲ incomplete", Tone.WARNING),
    "in_progress": Shown("◌ in progress", Tone.KEY),
    "queued": Shown("◌ queued", Tone.KEY),
    "cancelled": Shown("□ cancelled", Tone.MUTED),
}
_SHAPES: Final = {
    DocumentShape.BROKEN: "✗ invalid JSON",
    DocumentShape.LIST: "✗ a list",
    DocumentShape.SCALAR: "✗ not an object",
    DocumentShape.NULL: "✗ null",
    DocumentShape.ABSENT: "✗ NULL",
}


def status_mark(status: str | None, shape: DocumentShape = DocumentShape.OBJECT) -> Shown:
    """Return glyph and word of a response's status; of what is no response, what it is instead."""
    if shape is not DocumentShape.OBJECT:
        return Shown(_SHAPES[shape], Tone.BAD)
    if status is None:
        return Shown("▲ no status", Tone.WARNING)
    return _STATES.get(status, Shown(f"▲ {status}", Tone.WARNING))


def owner_shown(owner: str | None) -> Shown:
    """Return an owner: SQL NULL hides a row from many, and is told apart from nobody's."""
    if owner is None:
        return Shown("▲ NULL", Tone.WARNING)
    return Shown(owner) if owner else Shown("nobody", Tone.MUTED)


def trouble(summary: ResponseSummary) -> Shown:
    """Say what went wrong with a response; empty where nothing did."""
    if summary.error is not None:
        return Shown(str(summary.error), Tone.BAD)
    if summary.incomplete is not None:
        return Shown(summary.incomplete, Tone.WARNING)
    return Shown("")
