"""Whether a server can continue from a response, as a pane draws it."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from llama_storage_tui.model.resume import Examination, Resume
from llama_storage_tui.reports.resume import resume_blocks, resume_headline
from llama_storage_tui.tui.style.glyphs import Shown
from llama_storage_tui.tui.widgets.blocks import line_mark
from llama_storage_tui.tui.widgets.prose import block_text

MOST: Final = 100
"""Losses and disagreements that are written out."""


def resume_mark(resume: Resume) -> Shown:
    """Return glyph and words of the answer."""
    return line_mark(resume_headline(resume))


def resume_text(examination: Examination, server: str) -> Content:
    """Write the answer for a server."""
    return Content("\n\n").join([block_text(block) for block in resume_blocks(examination, server, MOST)])
