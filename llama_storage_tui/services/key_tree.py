"""Keys as a tree by their separator, one level at a time: what comes next after a prefix, without walking what lies below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Final

from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count, KeyEntry, KeyPage, Namespace
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session

SEPARATOR: Final = ":"
LOOKED_AT: Final = 200
"""Keys of one look: a branch with more of them has at least as many as were seen."""
LOOKS: Final = 40
"""Looks of one level: each finds branches that none before has found."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The keys that begin with `prefix`, which ends with the separator: as many as were seen, all of them where that is exact."""

    prefix: str
    keys: Count


@dataclass(frozen=True, slots=True)
class Level:
    """What comes after a prefix: branches and keys, in key order. `is_complete` False where a bound ended the looks."""

    prefix: str
    parts: tuple[Branch | KeyEntry, ...]
    is_complete: bool = True
    said: str = ""
    """How many keys were looked at, where the engine has no order and looks at all of them."""


@dataclass(slots=True)
class _Found:
    """What the looks have found so far."""

    branches: dict[str, Count] = field(default_factory=dict)
    leaves: dict[str | bytes | None, KeyEntry] = field(default_factory=dict)

    def take(self, prefix: str, page: KeyPage) -> bool:
        """Sort a page into branches and keys; return whether any of it is new."""
        before = len(self.branches) + len(self.leaves)
        seen: dict[str, int] = {}
        for entry in page.keys:
            branch = _branch_of(entry.key, prefix)
            if branch is None:
                self.leaves[entry.key] = entry
            else:
                seen[branch] = seen.get(branch, 0) + 1
        last = _branch_of(page.keys[-1].key, prefix) if page.keys else None
        is_over = page.next is None and page.is_complete
        for branch, number in seen.items():
            # In an engine without an order, what was not looked at may be anywhere.
            is_exact = is_over or (branch != last and page.is_complete and page.total is None)
            self.branches[branch] = Count(number, is_exact)
        return len(self.branches) + len(self.leaves) > before

    def parts(self) -> tuple[Branch | KeyEntry, ...]:
        """Return all of it in key order, keys that are no text last."""
        named: list[tuple[str, Branch | KeyEntry]] = [
            (prefix, Branch(prefix, keys)) for prefix, keys in self.branches.items()
        ]
        named += [(key, entry) for key, entry in self.leaves.items() if isinstance(key, str)]
        odd = [entry for key, entry in self.leaves.items() if not isinstance(key, str)]
        return (*(part for _, part in sorted(named, key=lambda each: each[0])), *odd)


async def key_level(session: Session, backend: str, namespace: Namespace, prefix: str = "") -> Level:
    """Return what comes next after a prefix of stored keys; raises BackendError and UsageError as a page of keys does.

    Where keys have an order, each look skips the branches that are known: a seek, whatever lies below them. Where they have
    none (an engine without one, an index in another order), one look is all, and what it looked at is said.
    """
    reader = (await session.reader(backend)).key_values
    start = prefix or _own(namespace)
    found = _Found()
    page = await _look(reader, namespace, start, ())
    found.take(start, page)
    looks = 1
    while page.next is not None and page.is_complete and page.total is None and looks < LOOKS:
        page = await _look(reader, namespace, start, tuple(found.branches))
        looks += 1
        if not found.take(start, page):
            break
    is_complete = page.next is None and page.is_complete
    return Level(start, found.parts(), is_complete, "" if page.is_complete else browse.looked_at(page))


async def _look(reader: KeyValueReader, namespace: Namespace, prefix: str, known: Sequence[str]) -> KeyPage:
    chosen = namespace.selection
    if namespace.referenced_by and not chosen.include:
        return KeyPage((), None)
    selection = replace(chosen, exclude=(*chosen.exclude, *known))
    return await reader.page(selection, prefix=prefix, limit=LOOKED_AT)


def _own(namespace: Namespace) -> str:
    """Return what all keys of a namespace begin with, where that is one text: its name is no level of its own."""
    include = namespace.selection.include
    return include[0] if len(include) == 1 and include[0].endswith(SEPARATOR) else ""


def _branch_of(key: str | bytes | None, prefix: str) -> str | None:
    if not isinstance(key, str):
        return None
    rest = key[len(prefix) :]
    # `a::b` is a branch `a:` and below it one of nothing: separators that follow each other are one.
    end = rest.find(SEPARATOR)
    while 0 <= end < len(rest) - 1 and rest[end + 1] == SEPARATOR:
        end += 1
    return None if end < 0 or end == len(rest) - 1 else prefix + rest[: end + 1]


def parent_of(prefix: str, top: str) -> str | None:
    """Return the prefix of the level above, None at the top."""
    if prefix == top:
        return None
    inner = prefix.rstrip(SEPARATOR)
    end = inner.rfind(SEPARATOR)
    return max(prefix[: end + 1], top, key=len) if end >= 0 else top
