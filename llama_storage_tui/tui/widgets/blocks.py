"""Reports as rows of a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from llama_storage_tui.reports.lines import Block, Line
from llama_storage_tui.tui.style.glyphs import Shown
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.widgets.sheet import NO_LEAD, Row, heading


def line_row(line: Line, redact: Callable[[str], str] = str) -> Row:
    """Lay out one line; `redact` masks secrets that a driver's sentence may hold."""
    lead = NO_LEAD if line.mark is None else Shown(line.mark.text, line.mark.tone)
    return Row(Shown(redact(help_words(line.text)), line.tone), lead, line.indent)


def line_mark(line: Line) -> Shown:
    """Return a short line as a mark: its sign and its words."""
    sign = f"{line.mark.text} " if line.mark is not None else ""
    return Shown(f"{sign}{help_words(line.text)}", line.tone)


def block_rows(block: Block, redact: Callable[[str], str] = str) -> Sequence[Row]:
    """Lay out a block."""
    title = [heading(block.title)] if block.title else []
    return [*title, *(line_row(line, redact) for line in block.lines)]


def rows_of(blocks: Iterable[Block], redact: Callable[[str], str] = str) -> Iterator[Sequence[Row]]:
    """Lay out several blocks, each a group of its own."""
    for block in blocks:
        yield block_rows(block, redact)
