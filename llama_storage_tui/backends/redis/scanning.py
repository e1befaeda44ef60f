"""Going through the keys of a Redis database by SCAN: one command in flight, each short, with pauses between.

The server answers one client at a time. So a step looks at few keys, and the scan rests before the next (`pace.py`): of a hundred
questions of another client fewer than one have to wait.
"""

from __future__ import annotations

import os.path
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Final

from llama_storage_tui.backends.ranges import is_selected, is_storable
from llama_storage_tui.backends.redis.commands import Command, Question
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.seen import PARTS, DistinctKeys
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import KeySelection

STEP: Final = 3_000
"""Keys that the server looks at for one answer: up to three milliseconds of its time, as seldom as `pace` allows."""
_SPECIAL: Final = re.compile(rb"[\\*?\[\]]")


def stored(text: str) -> bytes:
    """Return text as Redis holds it."""
    return text.encode(errors="surrogateescape")


def pattern_of(prefix: str) -> bytes:
    """Return the MATCH pattern of the keys that start with a prefix, whatever letters it has."""
    return _SPECIAL.sub(rb"\\\g<0>", stored(prefix)) + b"*"


@dataclass(frozen=True, slots=True)
class WantedKeys:
    """Which keys: those of a selection that also start with `prefix`."""

    selection: KeySelection
    prefix: str = ""

    def selector(self) -> Callable[[Sequence[bytes]], list[bytes]]:
        """Return what takes those of some keys that are meant; one that is no text belongs where its beginning says."""
        include = tuple(stored(text) for text in self.selection.include or ("",) if is_storable(text))
        exclude = tuple(stored(text) for text in self.selection.exclude if is_storable(text))
        prefix = stored(self.prefix)
        if any(one.startswith(exclude) for one in include):
            # A namespace inside of one that is left out: the longest of the beginnings decides.
            return lambda keys: [key for key in keys if key.startswith(prefix) and self._has(key)]
        if prefix or exclude:
            return lambda keys: [
                key
                for key in keys
                if key.startswith(prefix) and key.startswith(include) and not key.startswith(exclude)
            ]
        return lambda keys: [key for key in keys if key.startswith(include)]

    def _has(self, key: bytes) -> bool:
        return is_selected(key.decode(errors="surrogateescape"), self.selection)

    @property
    def lead(self) -> str:
        """What all of them start with, for the server to leave the others out."""
        included = [text for text in self.selection.include if is_storable(text)] or [""]
        common = os.path.commonprefix(included)  # noqa: RUF071 - of letters, not of folders
        return max(common, self.prefix, key=len) if common.startswith(self.prefix) else self.prefix

    @property
    def is_everything(self) -> bool:
        """Whether no key is left out."""
        return not self.prefix and self.selection in (KeySelection(), KeySelection(("",)))


class KeyCounts:
    """A count of the different keys of several selections.

    All that decides of a key is the longest of the selections' beginnings that it has, which one expression finds.
    """

    def __init__(self, selections: Sequence[KeySelection]) -> None:
        self._selections = selections
        known = {text for each in selections for text in (*each.include, *each.exclude) if is_storable(text)}
        longest_first = sorted(map(stored, known - {""}), key=len, reverse=True)
        self._find = re.compile(b"|".join(map(re.escape, longest_first)) if longest_first else b"").match
        self._groups = {beginning: DistinctKeys() for beginning in (b"", *longest_first)}
        self._notes = {beginning: found.notes for beginning, found in self._groups.items()}

    def add(self, keys: Iterable[bytes]) -> None:
        """Note keys, some of them maybe once more."""
        find, notes = self._find, self._notes
        for key in keys:
            found, number = find(key), hash(key)
            notes[found[0] if found else b""][number % PARTS](number)

    def numbers(self) -> list[int]:
        """Return the number of each selection's keys."""
        sizes = {beginning.decode(): len(found) for beginning, found in self._groups.items()}
        return [
            sum(size for beginning, size in sizes.items() if is_selected(beginning, each))
            for each in self._selections
        ]


@dataclass(slots=True)
class Scan:
    """A scan under way: `position` is where it goes on, 0 at the end."""

    position: int = 0
    looked: int = 0
    is_done: bool = False

    async def steps(
        self, connection: RedisConnection, lead: str, *, seconds: float | None
    ) -> AsyncGenerator[list[bytes], None]:
        """Yield what each step finds of the keys with that beginning, some twice, until the scan's end."""
        match = ("MATCH", pattern_of(lead)) if lead else ()
        while not self.is_done:
            await connection.pace.before(STEP)
            began = time.perf_counter()
            question: Question = (Command.SCAN, self.position, *match, "COUNT", STEP)
            position, keys = await connection.one(*question, seconds=seconds)
            self.position, self.is_done = int(position), int(position) == 0
            self.looked += STEP
            connection.pace.after(time.perf_counter() - began)
            yield keys
