"""The keys and values of a kv_redis backend: strings named `NAMESPACE:KEY` in one database.

Redis has no order and no index: keys are found by SCAN alone, which goes through all of them. A database of up to WHOLE keys is
scanned anew for each page, so that its pages are in key order like those of every other engine. A larger one is scanned window by
window, up to a budget for each page: a page is then in order within its window, says how many keys were looked at, and is complete
only where the scan came to its end.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Final

from llama_storage_tui.backends import cursors, expiry
from llama_storage_tui.backends.batches import LARGEST_BATCH, parted
from llama_storage_tui.backends.keyscan import cut
from llama_storage_tui.backends.protocols import KeyValueReader
from llama_storage_tui.backends.ranges import is_storable
from llama_storage_tui.backends.redis.commands import Command, Question
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.scanning import KeyCounts, Scan, WantedKeys
from llama_storage_tui.backends.seen import SeenKeys
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count, Cursor, KeyEntry, KeyPage, KeySelection, StoredValue
from llama_storage_tui.model.limits import Timeouts

WHOLE: Final = 100_000
"""Up to so many keys a database is scanned as a whole for each page: some 0.2 s."""
BUDGET: Final = 100_000
"""Keys looked at for one page of a larger database."""
WINDOW: Final = 1_000
"""So many fitting keys end a window before its budget does."""
FAST_COUNT: Final = 50_000
"""A fast count of a larger database stops here, and tells from what it saw."""
KEYS_AT_ONCE: Final = 400

_NEVER: Final = -1
_GONE: Final = -2
_WIDEST_CHARACTER: Final = 4
_LAST_POSITION: Final = 2**64 - 1
_SECOND: Final = 1_000_000
_A_MOMENT: Final = 50_000
"""In microseconds, as TIME tells."""
_ORDERED: Final = ("s", "ordered")


def text_of(key: bytes) -> str | bytes:
    """Return a key as text, or as it is where it is none."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a scan, or all of it: its keys in order, and where the scan goes on (None: it came to its end)."""

    keys: tuple[bytes, ...]
    looked: int
    following: int | None = None


@dataclass(slots=True)
class RedisKeyValueReader(KeyValueReader):
    """The keys of one database, which have no order: see the module."""

    connection: RedisConnection
    timeouts: Timeouts
    whole: int = WHOLE
    budget: int = BUDGET
    window: int = WINDOW
    _windows: dict[tuple[str, int], tuple[int, array[int]]] = field(default_factory=dict)
    """Of each window that was left: the one before it, and the keys that it had shown, which the next may have again."""
    _kept: dict[tuple[str, int | None], Window] = field(default_factory=dict)
    """The windows that pages were last made of, for the pages that follow: they need no scan of their own."""
    _shown: tuple[tuple[str, int], SeenKeys] | None = None
    """What was shown before the last window."""

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys; `fast` tells from the first 50,000 looked at where there are many. Exact counts have no time limit."""
        (found,) = await self.counts((selection,), fast=fast)
        return found

    async def counts(self, selections: Sequence[KeySelection], *, fast: bool = False) -> tuple[Count, ...]:
        """Count the keys of several selections in one scan."""
        seconds = self.timeouts.query if fast else None
        wanted = [WantedKeys(selection) for selection in selections]
        total = int(await self.connection.one(Command.SIZE, seconds=self.timeouts.query))
        if all(each.is_everything for each in wanted):
            return tuple(Count(total, is_exact=True) for _ in wanted)
        is_estimate = fast and total > self.whole
        found, scan = KeyCounts(selections), Scan()
        lead = wanted[0].lead if len(wanted) == 1 else ""
        async with aclosing(scan.steps(self.connection, lead, seconds=seconds)) as steps:
            async for keys in steps:
                found.add(keys)
                if is_estimate and scan.looked >= FAST_COUNT:
                    break
        numbers = found.numbers()
        if scan.is_done:
            return tuple(Count(number, is_exact=True) for number in numbers)
        return tuple(Count(min(total, number * total // scan.looked), is_exact=False) for number in numbers)

    async def page(
        self,
        selection: KeySelection,
        *,
        prefix: str = "",
        limit: int = 100,
        after: Cursor | None = None,
        exact: bool = False,
    ) -> KeyPage:
        """Return a page of the selected keys whose physical text also starts with `prefix`; see the module for their order.

        `exact`: all keys are looked at, however many, so that the page is complete and in key order.
        """
        if limit < 1:
            raise UsageError("A page has at least one key.")
        name = cursors.fingerprint(self.connection.where, selection.include, selection.exclude, prefix)
        start, last = _position(after, name)
        if not is_storable(prefix):
            return KeyPage((), None)
        wanted = WantedKeys(selection, prefix)
        total = int(await self.connection.one(Command.SIZE, seconds=self.timeouts.query))
        if start is None and (exact or after is not None or total <= self.whole):
            seconds = None if exact else self.timeouts.query
            return await self._ordered(wanted, limit, last, name, total, seconds=seconds)
        return await self._windowed(wanted, limit, start or 0, last, name, total)

    async def value(self, key: str | bytes | None, *, limit: int | None = None) -> StoredValue | None:
        """Return one value, cut to `limit` characters (None: whole); None where there is no such key."""
        found = () if key is None else await self._values([key], limit=limit, seconds=self.timeouts.query)
        return next(iter(found), None)

    async def values_of(self, keys: Sequence[str], *, limit: int | None = None) -> tuple[StoredValue, ...]:
        """Return the values of those of the keys that are there, in their order."""
        return await self._values(list(dict.fromkeys(keys)), limit=limit, seconds=self.timeouts.query)

    async def stream(self, selection: KeySelection) -> AsyncGenerator[Sequence[StoredValue], None]:
        """Yield batches of whole values without a time limit: in key order where the database is small enough to be scanned first.

        A larger one comes as it is scanned, each key once.
        """
        wanted = WantedKeys(selection)
        total = int(await self.connection.one(Command.SIZE, seconds=self.timeouts.query))
        if total <= self.whole:
            window = await self._first(wanted, None, None, seconds=None)
            for start in range(0, len(window.keys), LARGEST_BATCH):
                async for batch in self._streamed(window.keys[start : start + LARGEST_BATCH]):
                    yield batch
            return
        seen, select = SeenKeys(), wanted.selector()
        async with aclosing(Scan().steps(self.connection, wanted.lead, seconds=None)) as steps:
            async for keys in steps:
                async for batch in self._streamed(sorted(seen.fresh(select(keys)))):
                    yield batch

    async def _streamed(self, keys: Sequence[bytes]) -> AsyncGenerator[Sequence[StoredValue], None]:
        entries = await self._entries(keys, seconds=None)
        for part in parted(entries, lambda entry: entry.bytes or 0, most=KEYS_AT_ONCE):
            values = await self._values(
                [entry.key for entry in part if entry.key is not None], limit=None, seconds=None
            )
            if values:
                yield values

    async def _ordered(
        self,
        wanted: WantedKeys,
        limit: int,
        last: bytes | None,
        name: str,
        total: int,
        *,
        seconds: float | None,
    ) -> KeyPage:
        window = self._kept.get((name, None)) if last is not None else None
        if window is None and total <= self.whole:
            window = self._keep(name, None, await self._first(wanted, None, None, seconds=seconds))
        elif window is None:
            window = await self._first(wanted, last, limit + 1, seconds=seconds)
        start = 0 if last is None else bisect_right(window.keys, last)
        keys = window.keys[start : start + limit]
        entries = await self._entries(keys, seconds=self.timeouts.query)
        has_more = len(window.keys) > start + limit
        following = cursors.encode(name, (_ORDERED, _part(keys[-1]))) if has_more else None
        return KeyPage(entries, following, scanned=min(window.looked, total), total=total)

    async def _windowed(
        self, wanted: WantedKeys, limit: int, start: int, last: bytes | None, name: str, total: int
    ) -> KeyPage:
        window = self._kept.get((name, start)) if last is not None else None
        if window is None:
            window = self._keep(name, start, await self._scan(wanted, start, self._shown_before(name, start)))
        begin = 0 if last is None else bisect_right(window.keys, last)
        keys = window.keys[begin : begin + limit]
        entries = await self._entries(keys, seconds=self.timeouts.query)
        looked = min(window.looked, total)
        if len(window.keys) > begin + limit:
            following = cursors.encode(name, (("i", str(start)), _part(keys[-1])))
            return KeyPage(entries, following, is_complete=False, scanned=looked, total=total)
        if window.following is None:
            return KeyPage(entries, None, scanned=looked, total=total)
        self._windows[name, window.following] = (start, array("q", map(hash, window.keys)))
        following = cursors.encode(name, (("i", str(window.following)), None))
        return KeyPage(entries, following, is_complete=False, scanned=looked, total=total)

    def _keep(self, name: str, start: int | None, window: Window) -> Window:
        """Keep a window for the pages that follow, and of earlier ones as many as hold no more than `whole` keys together."""
        self._kept.pop((name, start), None)
        held = len(window.keys)
        for key in [*self._kept][::-1]:
            held += len(self._kept[key].keys)
            if held > self.whole:
                del self._kept[key]
        self._kept[name, start] = window
        return window

    def _shown_before(self, name: str, start: int) -> SeenKeys:
        """Return the keys of the windows before one: those of the last one asked about, and of what came between."""
        between: list[array[int]] = []
        passed = set[int]()
        seen = SeenKeys()
        at = start
        while (name, at) in self._windows and at not in passed:
            if self._shown is not None and self._shown[0] == (name, at):
                seen = self._shown[1]
                break
            passed.add(at)
            at, keys = self._windows[name, at]
            between.append(keys)
        for numbers in between:
            seen.update(numbers)
        self._shown = ((name, start), seen)
        return seen.copy()

    async def _first(
        self, wanted: WantedKeys, last: bytes | None, most: int | None, *, seconds: float | None
    ) -> Window:
        """Return the first keys in order after one (None: from the beginning on), and as many as there are where `most` is None."""
        keys, select, scan = set[bytes](), wanted.selector(), Scan()
        async with aclosing(scan.steps(self.connection, wanted.lead, seconds=seconds)) as steps:
            async for step in steps:
                found = select(step)
                keys.update(found if last is None else [key for key in found if key > last])
                if most is not None and len(keys) > most + self.window:
                    keys = set(heapq.nsmallest(most, keys))
        return Window(tuple(sorted(keys)), scan.looked)

    async def _scan(self, wanted: WantedKeys, start: int, shown: SeenKeys) -> Window:
        """Go on with a scan until its end, or until so many keys were looked at or found."""
        keys: list[bytes] = []
        select, scan = wanted.selector(), Scan(start)
        async with aclosing(scan.steps(self.connection, wanted.lead, seconds=self.timeouts.query)) as steps:
            async for step in steps:
                keys += shown.fresh(select(step))
                if len(keys) >= self.window or scan.looked >= self.budget:
                    break
        return Window(tuple(sorted(keys)), scan.looked, None if scan.is_done else scan.position)

    async def _entries(self, keys: Sequence[bytes], *, seconds: float | None) -> tuple[KeyEntry, ...]:
        """Return what a list shows of keys, leaving out those that are gone by now; their sizes are what they take in memory."""
        found: list[KeyEntry] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            chunk = keys[start : start + KEYS_AT_ONCE]
            asked: list[Question] = [(Command.TIME,)]
            for key in chunk:
                asked += [(Command.EXPIRY, key), (Command.MEMORY, key)]
            time, *answers = map(self.connection.accepted, await self.connection.ask(asked, seconds=seconds))
            for key, left, size in zip(chunk, answers[::2], answers[1::2], strict=True):
                if left != _GONE:
                    expires_at, text = _expires(time, left)
                    found.append(KeyEntry(text_of(key), size, expires_at, expiration_text=text))
        return tuple(found)

    async def _values(
        self, keys: Sequence[str | bytes], *, limit: int | None, seconds: float | None
    ) -> tuple[StoredValue, ...]:
        found: list[StoredValue] = []
        stored = [key if isinstance(key, bytes) else key.encode() for key in keys if _is_storable(key)]
        for start in range(0, len(stored), KEYS_AT_ONCE):
            found += await self._values_at(stored[start : start + KEYS_AT_ONCE], limit, seconds)
        return tuple(found)

    async def _values_at(
        self, keys: Sequence[bytes], limit: int | None, seconds: float | None
    ) -> list[StoredValue]:
        asked: list[Question] = [(Command.TIME,)]
        for key in keys:
            asked += [(Command.TYPE, key), (Command.EXPIRY, key)]
        time, *facts = map(self.connection.accepted, await self.connection.ask(asked, seconds=seconds))
        types = [kind.decode() if isinstance(kind, bytes) else str(kind) for kind in facts[::2]]
        texts = [key for key, kind in zip(keys, types, strict=True) if kind == "string"]
        values = await self._texts(texts, limit, seconds)
        found: list[StoredValue] = []
        for key, kind, left in zip(keys, types, facts[1::2], strict=True):
            expires_at, text = _expires(time, left)
            entry = KeyEntry(text_of(key), None, expires_at, expiration_text=text)
            if kind == "string" and key in values:
                found.append(_stored_value(entry, *values[key], limit))
            elif kind not in ("string", "none"):
                found.append(StoredValue(entry, None, other_type=kind))
        return found

    async def _texts(
        self, keys: Sequence[bytes], limit: int | None, seconds: float | None
    ) -> dict[bytes, tuple[bytes, int]]:
        """Return beginnings (None: all) of the values of keys that are strings, with their sizes."""
        asked: list[Question] = []
        for key in keys:
            if limit is None:
                asked.append((Command.VALUE, key))
            else:
                asked += [(Command.BEGINNING, key, 0, (limit + 1) * _WIDEST_CHARACTER), (Command.LENGTH, key)]
        answers = [
            self.connection.accepted(each) for each in await self.connection.ask(asked, seconds=seconds)
        ]
        if limit is None:
            pairs: Iterable[tuple[Any, Any]] = ((value, len(value or b"")) for value in answers)
        else:
            pairs = zip(answers[::2], answers[1::2], strict=True)
        return {
            key: (value, int(size))
            for key, (value, size) in zip(keys, pairs, strict=True)
            if value is not None
        }


def _is_storable(key: str | bytes) -> bool:
    return isinstance(key, bytes) or is_storable(key)


def _stored_value(entry: KeyEntry, raw: bytes, size: int, limit: int | None) -> StoredValue:
    """Return a value as text, or as bytes where it is none; the last character of what was fetched may be torn."""
    entry = replace(entry, bytes=size)
    value: str | bytes = raw
    for torn in range(_WIDEST_CHARACTER if len(raw) < size else 1):
        try:
            value = raw[: len(raw) - torn].decode()
        except UnicodeDecodeError:
            continue
        break
    return cut(entry, value, limit)


def _expires(time: tuple[int, int], milliseconds: int) -> tuple[datetime | None, str | None]:
    """Return when a key expires, told from the server's own clock; servers set whole seconds, and the answer takes a moment.

    Redis keeps expiries up to the year 292,278,994: what is no date is returned as text, in epoch seconds.
    """
    if milliseconds in (_NEVER, _GONE):
        return None, None
    at = time[0] * _SECOND + time[1] + milliseconds * 1000
    whole = round(at / _SECOND)
    return expiry.read(whole if abs(at - whole * _SECOND) < _A_MOMENT else at / _SECOND)


def _part(key: bytes) -> cursors.Part:
    return "x", key.hex()


def _position(after: Cursor | None, name: str) -> tuple[int | None, bytes | None]:
    """Return where a page begins: the window's start (None: in order, without windows), and the last key shown of it."""
    if after is None:
        return None, None
    stage, part = cursors.decode(after, name, length=2).parts
    try:
        last = None if part is None else bytes.fromhex(part[1])
        start = None if stage == _ORDERED or stage is None else int(stage[1])
    except ValueError:
        raise cursors.refused() from None
    if start is not None and not 0 <= start <= _LAST_POSITION:
        raise cursors.refused()
    return start, last
