"""One level of the tree that separators make of keys, by a loose scan of an index in code point order.

A probe reads a few keys; behind the last branch that it met, the next one seeks past all that lies below. What a level costs
follows the number of its parts, not the number of keys: a hundred keys below a branch cost what a million do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final

from llama_storage_tui.backends.cursors import Part
from llama_storage_tui.backends.ranges import KeyRange, ranges_of, successor
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count, KeyBranch, KeyEntry, KeyLevel, KeyPage, KeySelection

PROBE: Final = 20
"""Keys of a probe, which doubles while all that it meets are keys of the level itself."""
LARGEST_PROBE: Final = 320
PROBES: Final = 100
"""Probes of one level: it is said where there is more."""
PARTS: Final = 1_000
"""Parts of one level, likewise: as many as a screen has use for."""
COUNTED: Final = 200
"""Keys of a branch that are counted: larger ones have at least so many."""

Fetch = Callable[[KeyRange, Part, int], Awaitable[Sequence[tuple[KeyEntry, Part]]]]
"""Returns up to so many keys of a range in their order, behind one of them where that is given, each with what stands for it."""
CountRanges = Callable[[Sequence[KeyRange], int], Awaitable[Sequence[int]]]
"""Counts the keys of ranges, each up to a number."""


def branch_of(key: object, prefix: str, separator: str) -> str | None:
    """Return the branch below a prefix that a key lies in; None for a key of the level itself.

    Separators that follow each other are one: else `a::b` would be a branch, and below it one of nothing.
    """
    if not isinstance(key, str):
        return None
    rest = key[len(prefix) :]
    start = rest.find(separator)
    tail = rest[max(start, 0) :].lstrip(separator)
    return None if start < 0 or not tail else key[: len(key) - len(tail)]


@dataclass(slots=True)
class MetParts:
    """What the probes of a level have met: `seen` keys of each branch, and which of those were left before their end."""

    prefix: str
    separator: str
    leaves: dict[str | bytes | None, KeyEntry] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def take(self, entries: Iterable[KeyEntry]) -> str | None:
        """Sort keys into branches and leaves; return the branch of the last one."""
        branch = None
        for entry in entries:
            branch = branch_of(entry.key, self.prefix, self.separator)
            if branch is None:
                self.leaves[entry.key] = entry
            else:
                self.seen[branch] = self.seen.get(branch, 0) + 1
        return branch

    def gather(self) -> None:
        """Put what begins with a branch below it: `a::` where there is an `a:`."""
        outer: str | None = None
        for branch in sorted(self.seen):
            # What begins with a branch comes right behind it in this order.
            if outer is None or not branch.startswith(outer):
                outer = branch
                continue
            self.seen[outer] += self.seen.pop(branch)
            if branch in self.left:
                self.left.add(outer)
        below = [key for key in self.leaves if isinstance(key, str) and key.startswith(tuple(self.seen))]
        for key in below:
            branch = next(each for each in self.seen if str(key).startswith(each))
            self.seen[branch] += 1
            del self.leaves[key]

    def in_order(self, counts: Mapping[str, Count]) -> tuple[KeyBranch | KeyEntry, ...]:
        """Return branches, with how many keys each has, and keys in key order; keys that are no valid text come last."""
        parts: dict[str, KeyBranch | KeyEntry] = {each: KeyBranch(each, counts[each]) for each in counts}
        parts |= {key: entry for key, entry in self.leaves.items() if isinstance(key, str)}
        odd = [entry for key, entry in self.leaves.items() if not isinstance(key, str)]
        return (*(parts[name] for name in sorted(parts)), *odd)


async def ordered_level(
    selection: KeySelection,
    prefix: str,
    separator: str,
    fetch: Fetch,
    count: CountRanges | None = None,
    *,
    probe: int = PROBE,
) -> KeyLevel:
    """Return what comes next after a prefix: branches and keys in key order, those that are no valid text last.

    Branches that no probe has read to their end are counted by `count`; without it, they have at least what was seen.
    """
    found = MetParts(prefix, separator)
    is_complete = await _walk(ranges_of(selection, prefix=prefix), found, fetch, probe)
    found.gather()
    counts = {branch: Count(number, branch not in found.left) for branch, number in found.seen.items()}
    if count is not None and found.left:
        counts |= await _counted(selection, [each for each in found.seen if each in found.left], count)
    return KeyLevel(found.in_order(counts), is_complete=is_complete)


def partial_level(page: KeyPage, prefix: str, separator: str) -> KeyLevel:
    """Return what a page of keys shows of a level: of each branch at least what the page has of it, and no more than PARTS."""
    found = MetParts(prefix, separator)
    found.take(page.keys)
    found.gather()
    counts = {branch: Count(number, page.is_complete) for branch, number in found.seen.items()}
    parts = found.in_order(counts)
    is_complete = page.is_complete and len(parts) <= PARTS
    return KeyLevel(parts[:PARTS], is_complete, page.scanned, page.total)


async def _walk(ranges: Sequence[KeyRange], found: MetParts, fetch: Fetch, probe: int) -> bool:
    """Meet all parts of a level; return whether that ended before the bound."""
    position, width, probes = "", probe, 0
    after: Part
    for chosen in ranges:
        # A branch that was left may go on in the ranges that follow.
        position, after = max(position, chosen.low), None
        while chosen.high is None or position < chosen.high:
            if probes >= PROBES or len(found.seen) + len(found.leaves) >= PARTS:
                return False
            probes += 1
            rows = await fetch(KeyRange(position, chosen.high), after, width)
            branch = found.take(entry for entry, _ in rows)
            if len(rows) < width:
                break
            if branch is None:
                after, width = rows[-1][1], min(width * 2, LARGEST_PROBE)
                continue
            found.left.add(branch)
            following = successor(branch)
            if following is None:
                return True
            position, after, width = following, None, probe
    return True


async def _counted(selection: KeySelection, branches: Sequence[str], count: CountRanges) -> dict[str, Count]:
    ranges = [(branch, each) for branch in branches for each in ranges_of(selection, prefix=branch)]
    sums = dict.fromkeys(branches, 0)
    for (branch, _), number in zip(ranges, await count([each for _, each in ranges], COUNTED), strict=True):
        sums[branch] += number
    return {branch: Count(min(number, COUNTED), number < COUNTED) for branch, number in sums.items()}
