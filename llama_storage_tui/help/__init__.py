"""Pages of help that both front ends show: plain text files, one a topic, and how they are read.

The first line of a page says what it is about. Then come blocks with an empty line between them: a paragraph on one line, or rows,
each indented by two spaces: a term, two spaces or more, and what it means. After a long term the text stands in the next line.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from llama_storage_tui.deferred import dataclass

NAMES: Final = (
    "configs",
    "versions",
    "upgrading",
    "searching",
    "passwords",
    "migrating",
    "moving",
    "output",
    "exit-codes",
    "safety",
    "terminal",
)
"""The topics, in the order in which they are listed."""

_ROW: Final = re.compile(r"^  (?P<term>\S+(?: \S+)*)(?: {2,}|\n +)(?P<text>\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """A paragraph, or where there is a term what that means."""

    text: str
    term: str = ""


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One topic. Entries of one block belong together."""

    name: str
    about: str
    blocks: tuple[tuple[HelpEntry, ...], ...]


@cache
def page(name: str) -> HelpPage:
    """Return the page of one of NAMES."""
    about, _, text = files(__package__).joinpath(f"{name}.txt").read_text("utf-8").partition("\n")
    return HelpPage(name, about, tuple(_block(block) for block in text.strip("\n").split("\n\n")))


def _block(text: str) -> tuple[HelpEntry, ...]:
    if not text.startswith("  "):
        return (HelpEntry(text),)
    return tuple(HelpEntry(found["text"], found["term"]) for found in _ROW.finditer(text))
