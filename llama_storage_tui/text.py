"""The one helper that makes stored text safe to show.

Stored prompts, tool output and table names are written by strangers. A terminal obeys ESC and C1 bytes wherever they come
from, bidi overrides reorder what an operator reads, zero-width characters hide what is there: all are shown as visible
stand-ins instead of being passed on or silently dropped. A password that a config has inside of another value is masked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llama_storage_tui.secrets import mask_shown

if TYPE_CHECKING:
    from datetime import datetime

ELLIPSIS: Final = "…"

_C0: Final = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""C0, DEL, C1; soft hyphen; invisible fillers; zero-width, bidi and separator characters; variation selectors; byte order
mark; interlinear marks; lone surrogates; the tag block. One class of the regex engine, so a clean text costs one scan."""

_KEPT_IN_BLOCKS: Final = "\n\t"


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in _C0:
        return _C0[code]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def block(text: str) -> str:
    """Make a text of several lines safe: line feeds and tabs stay, CR LF becomes LF, the rest is made visible."""
    return "\n".join(
        _UNSAFE.sub(lambda match: match[0] if match[0] in _KEPT_IN_BLOCKS else _visible(match), line)
        for line in mask_shown(text).replace("\r\n", "\n").split("\n")
    )


def line(text: str, limit: int | None = None) -> str:
    """Make a text safe on one line: line feeds and tabs are made visible too; cut to `limit` characters with an ellipsis.

    The cut comes before the scan, so that the first line of a value of 50 MB costs what a short one does.
    """
    return visible_line(mask_shown(text, limit), limit)


def visible_line(text: str, limit: int | None = None) -> str:
    """Do what `line` does, and mask nothing: for a password that the operator asked to see."""
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + ELLIPSIS
    shown = _UNSAFE.sub(_visible, text)
    if limit is not None and len(shown) > limit:
        shown = shown[: max(limit - 1, 0)] + ELLIPSIS
    return shown


def is_safe(text: str) -> bool:
    """Tell whether a text may go to a terminal as it is (line feeds and tabs included)."""
    return not any(found[0] not in _KEPT_IN_BLOCKS for found in _UNSAFE.finditer(text))


def plural(number: int, word: str) -> str:
    """Return `1 key`, `2 keys`, `12,000 keys`."""
    if number == 1:
        return f"1 {word}"
    return f"{number:,} {word[:-1] + 'ies' if word.endswith('y') and word[-2:] not in ('ey', 'ay') else word + 's'}"


def capitalised(text: str) -> str:
    """Return a text with its first letter upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def since(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in words: `4 minutes ago`."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if not minutes:
        return "less than a minute ago"
    for length, word in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * length:
            return f"{plural(minutes // length, word)} ago"
    return f"{plural(minutes, 'minute')} ago"


_AGES: Final = ((60.0, 10, "s"), (3_600.0, 60, "min"), (172_800.0, 3_600, "h"), (float("inf"), 86_400, "d"))
"""Up to which age in seconds which unit is said, in steps of how many seconds."""


def age(seconds: float) -> str:
    """Return how long ago something was, short and in steps: `just now`, `20 s ago`, `4 min ago`, `30 h ago`, `2 d ago`."""
    return "just now" if seconds < 10 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Return a length of time, short and in the steps of `age`: `20 s`, `4 min`, `30 h`, `2 d`."""
    for least, step, unit in _AGES:
        if seconds < least:
            return f"{int(seconds // step) * (10 if unit == 's' else 1)} {unit}"
    raise AssertionError(seconds)


def next_age(seconds: float) -> float:
    """Return in how many seconds `age` says something else."""
    step = next(step for least, step, _ in _AGES if seconds < least)
    return step - seconds % step
