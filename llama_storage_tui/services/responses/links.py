"""Who continues whom, for every response of a table, in 65 bytes each: a million links must not cost a gigabyte."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import field
from itertools import chain

from llama_storage_tui.deferred import dataclass


@dataclass(slots=True)
class Links:
    """Pairs of a response and the one it names as its previous; ids are kept as UTF-8, links as hashes.

    What is returned is a guess as good as 64 bits are: whoever uses it reads the rows and sees what they name.
    """

    _children: array[int] = field(default_factory=lambda: array("q"))
    _parents: array[int] = field(default_factory=lambda: array("q"))
    _ends: array[int] = field(default_factory=lambda: array("q"))
    _ids: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        return len(self._children)

    def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add pairs of a child's and its parent's id."""
        for child, parent in pairs:
            self._children.append(hash(child))
            self._parents.append(hash(parent))
            self._ids += child.encode("utf-8", "surrogatepass")
            self._ends.append(len(self._ids))

    def descendants(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids of all that continue one of these, at any distance, in the order in which they were added."""
        return self._followed(ids, start=self._parents, end=self._children)

    def ancestors(self, id_: str) -> tuple[str, ...]:
        """Return the ids of a response and of all that it continues, but for the first, which names nothing."""
        return self._followed([id_], start=self._children, end=self._parents)

    def _followed(self, ids: Iterable[str], *, start: array[int], end: array[int]) -> tuple[str, ...]:
        """Follow links from their start to their end as far as they go.

        Most parents were stored before their children: reading against and along the order in turn needs two passes as a rule.
        """
        known = {hash(id_) for id_ in ids}
        reached: set[int] = set()
        before = -1
        while len(reached) > before:
            before = len(reached)
            for index in chain(range(len(self) - 1, -1, -1), range(len(self))):
                if start[index] in known and index not in reached:
                    reached.add(index)
                    known.add(end[index])
        return tuple(map(self._id, sorted(reached)))

    def _id(self, index: int) -> str:
        start = self._ends[index - 1] if index else 0
        return self._ids[start : self._ends[index]].decode("utf-8", "surrogatepass")
