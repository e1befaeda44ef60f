"""What was asked: the last text of a user, out of what a list reads of a request's last messages. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.upstream.families.parts import BEFORE_TOOL, LAST, LAST_ROLE

LONGEST: Final = 200
"""Characters that are returned."""
_ROLE: Final = re.compile(r'"role"\s*:\s*"([a-z]*)"')
_TEXT: Final = re.compile(r'"(?:text|content)"\s*:\s*"((?:[^"\\]|\\.)*)')
_CUT_ESCAPE: Final = re.compile(r"(?:\\(?:u[0-9a-fA-F]{0,3})?)?…?\Z")
_BLANKS: Final = re.compile(r"\s+")


def last_asked(cells: Mapping[str, object]) -> str | None:
    """Return the last text of a user on one line; None where it is not where it is looked for, or holds no text.

    `cells` have messages by the labels of `said`, each as JSON that may be cut in its middle.
    """
    for message in _of_users(cells):
        found = _TEXT.search(message)
        if found is not None:
            text = _BLANKS.sub(" ", _decoded(found[1])).strip()
            if text:
                return text[:LONGEST]
    return None


def _of_users(cells: Mapping[str, object]) -> Iterator[str]:
    last, before = cells.get(LAST), cells.get(BEFORE_TOOL)
    if isinstance(last, str) and cells.get(LAST_ROLE) == "user":
        yield last
    elif isinstance(before, str):
        # The role stands behind the text: of a message that was cut it is not told.
        role = _ROLE.search(before)
        if role is not None and role[1] == "user":
            yield before


def _decoded(written: str) -> str:
    try:
        return str(json.loads(f'"{_CUT_ESCAPE.sub("", written)}"', strict=False))
    except ValueError:
        return written
