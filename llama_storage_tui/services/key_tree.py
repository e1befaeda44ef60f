"""Keys as a tree by their separator, one level at a time: what comes next after a prefix, without walking what lies below it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.backends.keylevel import branch_of
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count, Cursor, KeyBranch, KeyEntry, KeyPage, Namespace
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session

SEPARATOR: Final = ":"
LOOKED_AT: Final = 200
"""Keys of one look: a branch with more of them has at least as many as were seen."""
LOOKS: Final = 40
"""Looks of one level: each finds branches that none before has found."""


@dataclass(frozen=True, slots=True)
class Level:
    """What comes after a prefix: branches and keys, in key order. `is_complete` False where a bound ended the looks."""

    prefix: str
    parts: tuple[KeyBranch | KeyEntry, ...]
    is_complete: bool = True
    said: str = ""
    """How many keys were looked at, where the engine has no order to find a level by."""


@dataclass(slots=True)
class _Found:
    """What the looks have found so far: keys seen of each branch, and keys of the level itself."""

    branches: dict[str, int] = field(default_factory=dict)
    leaves: dict[str | bytes | None, KeyEntry] = field(default_factory=dict)

    def take(self, prefix: str, page: KeyPage) -> bool:
        """Sort a page into branches and keys; return whether it has a branch that is new."""
        before = len(self.branches)
        for entry in page.keys:
            branch = branch_of(entry.key, prefix, SEPARATOR)
            if branch is None:
                self.leaves[entry.key] = entry
            else:
                self.branches[branch] = self.branches.get(branch, 0) + 1
        return len(self.branches) > before

    def parts(self, known: Collection[str], *, is_over: bool) -> tuple[KeyBranch | KeyEntry, ...]:
        """Return all of it in key order, keys that are no text last; what was `known` was left out before its end."""
        named: list[tuple[str, KeyBranch | KeyEntry]] = [
            (prefix, KeyBranch(prefix, Count(number, is_over and prefix not in known)))
            for prefix, number in self.branches.items()
        ]
        named += [(key, entry) for key, entry in self.leaves.items() if isinstance(key, str)]
        odd = [entry for key, entry in self.leaves.items() if not isinstance(key, str)]
        return (*(part for _, part in sorted(named, key=lambda each: each[0])), *odd)


async def key_level(session: Session, backend: str, namespace: Namespace, prefix: str = "") -> Level:
    """Return what comes next after a prefix of stored keys; raises BackendError and UsageError as a page of keys does.

    Where keys have no order by which a branch can be passed over, looks leave out the branches that are known as long as an index
    allows that within its budget; what an engine without any order has looked at is said.
    """
    reader = (await session.reader(backend)).key_values
    start = prefix or _own(namespace)
    if namespace.referenced_by and not namespace.selection.include:
        return Level(start, ())
    level = await reader.level(namespace.selection, start, separator=SEPARATOR)
    if level is None:
        return await _looked(reader, namespace, start)
    return Level(start, level.parts, level.is_complete, "" if level.is_complete else browse.looked_at(level))


async def _looked(reader: KeyValueReader, namespace: Namespace, start: str) -> Level:
    found = _Found()
    known: tuple[str, ...] = ()
    after: Cursor | None = None
    for _ in range(LOOKS):
        chosen = replace(namespace.selection, exclude=(*namespace.selection.exclude, *known))
        page = await reader.page(chosen, prefix=start, limit=LOOKED_AT, after=after)
        has_new = found.take(start, page)
        if page.next is None or not page.is_complete:
            break
        # Without an order, what is left out is looked at all the same.
        known, after = (tuple(found.branches), None) if has_new and page.total is None else (known, page.next)
    is_over = page.next is None and page.is_complete
    said = "" if page.is_complete else browse.looked_at(page)
    return Level(start, found.parts(known, is_over=is_over), is_over, said)


def _own(namespace: Namespace) -> str:
    """Return what all keys of a namespace begin with, where that is one text: its name is no level of its own."""
    include = namespace.selection.include
    return include[0] if len(include) == 1 and include[0].endswith(SEPARATOR) else ""


def parent_of(prefix: str, top: str) -> str | None:
    """Return the prefix of the level above, None at the top."""
    if prefix == top:
        return None
    inner = prefix.rstrip(SEPARATOR)
    end = inner.rfind(SEPARATOR)
    return max(prefix[: end + 1], top, key=len) if end >= 0 else top
