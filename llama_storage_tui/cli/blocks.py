"""Reports as text for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from llama_storage_tui.cli import output
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.cli.output import Colour, Piece, Toned
from llama_storage_tui.reports.lines import Block, Line, Tone

_TONES: Final = {
    Tone.PLAIN: None,
    Tone.MUTED: Colour.MUTED,
    Tone.KEY: Colour.STRONG,
    Tone.GOOD: Colour.GOOD,
    Tone.WARNING: Colour.WARNING,
    Tone.BAD: Colour.BAD,
}


def write_blocks(blocks: Iterable[Block]) -> None:
    """Print blocks, with a line of air between them."""
    for number, block in enumerate(blocks):
        if number:
            output.write_line()
        if block.title:
            output.write_line(Toned(block.title, Colour.STRONG))
        write_lines(block.lines)


def say_blocks(blocks: Iterable[Block]) -> None:
    """Print blocks to stderr, for an operator who waits."""
    for block in blocks:
        if block.title:
            output.say(block.title)
        for line in block.lines:
            mark = "" if line.mark is None else f"{line.mark.text} "
            output.say(f"{' ' * line.indent}{mark}{help_words(line.text)}")


def write_lines(lines: Iterable[Line], indent: int = 0) -> None:
    """Print lines, each with its mark."""
    for line in lines:
        before: list[Piece] = [" " * (indent + line.indent)] if indent + line.indent else []
        if line.mark is not None:
            before += [_toned(line.mark.text, line.mark.tone), " "]
        output.write_line(*before, _toned(help_words(line.text), line.tone))


def _toned(text: str, tone: Tone) -> Piece:
    found = _TONES[tone]
    return text if found is None else Toned(text, found)
