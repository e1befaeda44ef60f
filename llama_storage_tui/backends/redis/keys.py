"""The keys and values of a kv_redis backend: strings named `NAMESPACE:KEY` in one database.

Redis has no order and no index: keys are found by SCAN alone, which goes through all of them. A database of up to WHOLE keys is
scanned anew for each page, so that its pages are in key order like those of every other engine. A larger one is scanned window by
window, up to a budget for each page: a page is then in order within its window, says how many keys were looked at, and is complete
only where the scan came to its end.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from llama_storage_tui.backends import cursors, expiry
from llama_storage_tui.backends.batches import LARGEST_BATCH, parted
from llama_storage_tui.backends.ranges import is_selected, is_storable
from llama_storage_tui.backends.redis.commands import Command, Question
from llama_storage_tui.backends.redis.connecting import RedisConnection
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
STEP: Final = 1_000
"""Keys that the server looks at for one answer: under a millisecond of its time."""
KEYS_AT_ONCE: Final = 400

_SPECIAL: Final = re.compile(rb"[\\*?\[\]]")
_NEVER: Final = -1
_GONE: Final = -2
_WIDEST_CHARACTER: Final = 4
_LAST_POSITION: Final = 2**64 - 1
_SECOND: Final = 1_000_000
_A_MOMENT: Final = 50_000
"""In microseconds, as TIME tells."""
_ORDERED: Final = ("s", "ordered")


def pattern_of(prefix: str) -> bytes:
    """Return the MATCH pattern of the keys that start with a prefix, whatever letters it has."""
    return _SPECIAL.sub(rb"\\\g<0>", _stored(prefix)) + b"*"


def text_of(key: bytes) -> str | bytes:
    """Return a key as text, or as it is where it is none."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key


def _stored(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class WantedKeys:
    """Which keys: those of a selection that also start with `prefix`."""

    selection: KeySelection
    prefix: str = ""

    def has(self, key: bytes) -> bool:
        """Tell whether a key is meant; one that is no text belongs where its beginning says."""
        text = key.decode(errors="surrogateescape")
        return text.startswith(self.prefix) and is_selected(text, self.selection)

    @property
    def lead(self) -> str:
        """What all of them start with, for the server to leave the others out."""
        included = [text for text in self.selection.include if is_storable(text)] or [""]
        common = os.path.commonprefix(included)  # noqa: RUF071 - of letters, not of folders
        return max(common, self.prefix, key=len) if common.startswith(self.prefix) else self.prefix

    @property
    def is_all_of_lead(self) -> bool:
        """Whether all keys with that beginning are meant: what the server gives need not be looked at again."""
        return not self.selection.exclude and (self.selection.include or ("",)) == (self.lead,)

    @property
    def is_everything(self) -> bool:
        """Whether no key is left out."""
        return not self.prefix and self.selection in (KeySelection(), KeySelection(("",)))


@dataclass(slots=True)
class Scan:
    """A scan under way: `position` is where it goes on, 0 at the end."""

    position: int = 0
    looked: int = 0
    is_done: bool = False
    keys: set[bytes] = field(default_factory=set)
    """What was found; SCAN may give a key twice."""


@dataclass(slots=True)
class RedisKeyValueReader:
    """Satisfies `protocols.KeyValueReader`."""

    connection: RedisConnection
    timeouts: Timeouts
    whole: int = WHOLE
    budget: int = BUDGET
    window: int = WINDOW
    _windows: dict[tuple[str, int], tuple[int, frozenset[int]]] = field(default_factory=dict)
    """Of each window that was left: the one before it, and the keys that it had shown, which the next may have again."""

    async def count(self, selection: KeySelection, *, fast: bool = False) -> Count:
        """Count keys; `fast` tells from the first 50,000 looked at where there are many. Exact counts have no time limit."""
        seconds = self.timeouts.query if fast else None
        wanted = WantedKeys(selection)
        total = int(await self.connection.one(Command.SIZE, seconds=self.timeouts.query))
        if wanted.is_everything:
            return Count(total, is_exact=True)
        looks = FAST_COUNT if fast and total > self.whole else None
        scan = Scan()
        await self._scan(scan, wanted, looks=looks, finds=None, seconds=seconds)
        if scan.is_done:
            return Count(len(scan.keys), is_exact=True)
        return Count(min(total, len(scan.keys) * total // scan.looked), is_exact=False)

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
        finds = None if total <= self.whole else LARGEST_BATCH
        scan, seen = Scan(), set[int]()
        while not scan.is_done:
            scan.keys.clear()
            await self._scan(scan, wanted, looks=None, finds=finds, seconds=None)
            fresh = sorted(key for key in scan.keys if hash(key) not in seen)
            seen.update(map(hash, fresh))
            for start in range(0, len(fresh), LARGEST_BATCH):
                entries = await self._entries(fresh[start : start + LARGEST_BATCH], seconds=None)
                for batch in parted(entries, lambda entry: entry.bytes or 0, most=KEYS_AT_ONCE):
                    keys = [entry.key for entry in batch if entry.key is not None]
                    values = await self._values(keys, limit=None, seconds=None)
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
        scan = Scan()
        await self._scan(scan, wanted, looks=None, finds=None, seconds=seconds)
        keys = sorted(key for key in scan.keys if last is None or key > last)
        has_more = len(keys) > limit
        entries = await self._entries(keys[:limit], seconds=self.timeouts.query)
        following = cursors.encode(name, (_ORDERED, _part(keys[limit - 1]))) if has_more else None
        return KeyPage(entries, following, scanned=min(scan.looked, total), total=total)

    async def _windowed(
        self, wanted: WantedKeys, limit: int, start: int, last: bytes | None, name: str, total: int
    ) -> KeyPage:
        scan = Scan(start)
        await self._scan(scan, wanted, looks=self.budget, finds=self.window, seconds=self.timeouts.query)
        before = self._shown_before(name, start)
        found = sorted(key for key in scan.keys if hash(key) not in before)
        keys = [key for key in found if last is None or key > last]
        entries = await self._entries(keys[:limit], seconds=self.timeouts.query)
        if len(keys) > limit:
            following = cursors.encode(name, (("i", str(start)), _part(keys[limit - 1])))
            return KeyPage(entries, following, is_complete=False, scanned=scan.looked, total=total)
        if scan.is_done:
            return KeyPage(entries, None, scanned=scan.looked, total=total)
        self._windows[name, scan.position] = (start, frozenset(map(hash, found)))
        following = cursors.encode(name, (("i", str(scan.position)), None))
        return KeyPage(entries, following, is_complete=False, scanned=scan.looked, total=total)

    def _shown_before(self, name: str, start: int) -> set[int]:
        shown: set[int] = set()
        passed = set[int]()
        while (name, start) in self._windows and start not in passed:
            passed.add(start)
            start, keys = self._windows[name, start]
            shown |= keys
        return shown

    async def _scan(
        self, scan: Scan, wanted: WantedKeys, *, looks: int | None, finds: int | None, seconds: float | None
    ) -> None:
        """Go on with a scan until its end, or until so many keys were looked at or found."""
        match = ("MATCH", pattern_of(wanted.lead)) if wanted.lead else ()
        while not scan.is_done:
            question: Question = (Command.SCAN, scan.position, *match, "COUNT", STEP)
            position, keys = await self.connection.one(*question, seconds=seconds)
            scan.position, scan.is_done = int(position), int(position) == 0
            scan.looked += STEP
            scan.keys.update(keys if wanted.is_all_of_lead else filter(wanted.has, keys))
            is_enough = finds is not None and len(scan.keys) >= finds
            if is_enough or (looks is not None and scan.looked >= looks):
                return

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
                found.append(
                    StoredValue(entry, f"a {kind} of Redis, which no server writes: their values are strings")
                )
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
    if limit is None or len(value) <= limit:
        return StoredValue(entry, value)
    return StoredValue(entry, value[:limit], is_cut=True)


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
