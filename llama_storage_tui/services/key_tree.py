"""Keys as a tree by their separator, one level at a time: what comes next after a prefix, without walking what lies below it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from llama_storage_tui.backends.keylevel import MetParts
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Count, Cursor, KeyBranch, KeyEntry, Namespace
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
    found = MetParts(start, SEPARATOR)
    known: tuple[str, ...] = ()
    after: Cursor | None = None
    for _ in range(LOOKS):
        chosen = replace(namespace.selection, exclude=(*namespace.selection.exclude, *known))
        page = await reader.page(chosen, prefix=start, limit=LOOKED_AT, after=after)
        before = len(found.seen)
        found.take(page.keys)
        if page.next is None or not page.is_complete:
            break
        # Without an order, what is left out is looked at all the same.
        has_new = len(found.seen) > before
        known, after = (tuple(found.seen), None) if has_new and page.total is None else (known, page.next)
    is_over = page.next is None and page.is_complete
    said = "" if page.is_complete else browse.looked_at(page)
    found.gather()
    # What was left out before its end has at least what was seen of it.
    counts = {branch: Count(number, is_over and branch not in known) for branch, number in found.seen.items()}
    return Level(start, found.in_order(counts), is_over, said)


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
