"""Where each character of a YAML scalar's value is written.

Only what maps character by character: a scalar on one line, a literal block, a folded block of one line. Elsewhere line folding
makes one character out of several lines, and None is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Span = tuple[int, int]

_ESCAPE: Final = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|.", re.DOTALL)
_FOLDED: Final = re.compile(
    r"(?P<joined>\\(?:(?:\r\n|\n|\r)[ \t]*)+)|(?P<folded>[ \t]*(?:(?:\r\n|\n|\r)[ \t]*)+)|"
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|.",
    re.DOTALL,
)
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_RARE_BREAKS: Final = frozenset("\x85\u2028\u2029")


def spans(source: str, value: str, style: str | None) -> list[Span] | None:
    """Return start and end in `source`, the scalar as written, of each character of `value`; None where that cannot be told.

    `style` is PyYAML's: None (plain), a quote, `|` or `>`.
    """
    if style in ("|", ">"):
        return None if _RARE_BREAKS & set(source) else _of_block(source, value, style)
    if style == '"' and _BREAK.search(source) and not _RARE_BREAKS & set(source):
        return _of_folded(source, value)
    if _BREAK.search(source) or _RARE_BREAKS & set(source):
        return None
    match style:
        case "'":
            found = [match.span() for match in re.finditer("''|.", source[1:-1])]
        case '"':
            found = [match.span() for match in _ESCAPE.finditer(source[1:-1])]
        case _:
            return [(index, index + 1) for index in range(len(value))] if source == value else None
    return [(start + 1, end + 1) for start, end in found] if len(found) == len(value) else None


def _of_folded(source: str, value: str) -> list[Span] | None:
    """Map a double-quoted scalar of several lines, as kubectl writes a ConfigMap: its breaks are spaces, or join lines."""
    found: list[Span] = []
    for match in _FOLDED.finditer(source[1:-1]):
        start, end = match.start() + 1, match.end() + 1
        if match["joined"] is not None:
            # Behind a joined line every further break is one; the first is none.
            count = len(_BREAK.findall(match["joined"])) - 1
        elif match["folded"] is not None:
            count = max(1, len(_BREAK.findall(match["folded"])) - 1)
        else:
            count = 1
        found += [(start, end)] * count
    return found if len(found) == len(value) else None


def _of_block(source: str, value: str, style: str) -> list[Span] | None:
    lines = list(_lines(source))[1:]  # the first holds the indicator
    wanted = value.split("\n")
    if style == ">" and sum(map(bool, wanted)) > 1:
        return None
    found: list[Span] = []
    for index, text in enumerate(wanted):
        if index == len(wanted) - 1 and not text:
            break
        if index >= len(lines):
            return None
        start, end, after = lines[index]
        begin = end - len(text)
        if source[begin:end] != text or begin < start or source[start:begin].strip(" "):
            return None
        found += [(at, at + 1) for at in range(begin, end)]
        if index < len(wanted) - 1:
            found.append((end, after))
    return found


def _lines(source: str) -> Iterator[tuple[int, int, int]]:
    """Yield each line's start, its end, and where the next one starts."""
    start = 0
    for match in _BREAK.finditer(source):
        yield start, match.start(), match.end()
        start = match.end()
    if start < len(source):
        yield start, len(source), len(source)
