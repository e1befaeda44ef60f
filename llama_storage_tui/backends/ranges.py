"""Key selections as disjoint, half-open key ranges in code point order: pure, so that its edges can be tested exhaustively.

Code point order is what SQLite's BINARY collation and PostgreSQL's C collations give for UTF-8, and what Python compares by.
A key starts with P exactly where it lies in [P, successor(P)), so nested namespaces become ranges that never overlap, and a
page of them costs one index seek each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection

_LAST: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
"""No stored UTF-8 text holds one, and no driver can send one."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The keys from `low` up to but not including `high`; `high` None has no upper end."""

    low: str
    high: str | None


def is_storable(text: str) -> bool:
    """Tell whether a text can stand in a UTF-8 store at all."""
    return not any(ord(character) in _SURROGATES for character in text)


def successor(prefix: str) -> str | None:
    """Return the smallest text greater than every text that starts with `prefix`; None where there is none."""
    while prefix:
        code = ord(prefix[-1]) + 1
        if code in _SURROGATES:
            code = _SURROGATES.stop
        if code <= _LAST:
            return prefix[:-1] + chr(code)
        prefix = prefix[:-1]
    return None


def is_selected(key: str, selection: KeySelection) -> bool:
    """Tell whether a selection means a key: the longest prefix decides, and of two equal ones the excluding."""
    best, chosen = -1, False
    for is_included, prefixes in ((True, selection.include or ("",)), (False, selection.exclude)):
        for prefix in prefixes:
            if len(prefix) >= best and key.startswith(prefix):
                best, chosen = len(prefix), is_included
    return chosen


def ranges_of(selection: KeySelection, *, prefix: str = "") -> tuple[KeyRange, ...]:
    """Return the ranges of the selected keys that also start with `prefix`, in ascending order, adjacent ones merged.

    Between two neighbouring bounds every key has the same prefixes, so the lower bound's verdict is that of all.
    """
    prefixes = {text for text in (*selection.include, *selection.exclude, "", prefix) if is_storable(text)}
    bounds = sorted(prefixes | {bound for text in prefixes if (bound := successor(text)) is not None})
    if not is_storable(prefix):
        return ()
    chosen = (
        KeyRange(low, high)
        for low, high in zip(bounds, [*bounds[1:], None], strict=True)
        if low.startswith(prefix) and is_selected(low, selection)
    )
    return tuple(_merged(chosen))


def selects_the_rest(selection: KeySelection) -> bool:
    """Tell whether keys that no prefix can match (NULL, binary) are meant: those of no namespace are."""
    return is_selected("", selection)


def _merged(ranges: Iterable[KeyRange]) -> Iterable[KeyRange]:
    last: KeyRange | None = None
    for following in ranges:
        if last is not None and last.high == following.low:
            last = KeyRange(last.low, following.high)
            continue
        if last is not None:
            yield last
        last = following
    if last is not None:
        yield last
