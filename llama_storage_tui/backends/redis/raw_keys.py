"""The keys of a Redis database as a move carries them: whole values, and when each expires, to the millisecond."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from llama_storage_tui.backends import expiry, network
from llama_storage_tui.backends.batches import BATCH_BYTES, LARGEST_BATCH, Pace, parted
from llama_storage_tui.backends.redis.commands import Command, Question
from llama_storage_tui.backends.redis.connecting import RedisConnection
from llama_storage_tui.backends.redis.scanning import Scan, WantedKeys
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.seen import SeenKeys
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import Found, RawRow, RefusedRow, Sheet, Standing, UndecodableText
from llama_storage_tui.model.transfer import KEY_COLUMNS, NotConvertibleError
from llama_storage_tui.text import line

NEVER: Final = -1
GONE: Final = -2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SECOND: Final = 1000
_A_MOMENT: Final = 50
_INVALID: Final = "its key or value is not valid UTF-8 text, and would come back in another form"
_COARSE: Final = 100
"""Before 7.0 a time of expiry can only be reckoned from what is left of it, which takes some milliseconds to ask."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key with its value, and when it expires: milliseconds since 1970, NEVER for none."""

    key: bytes
    value: bytes
    expires: int

    def row(self) -> RawRow:
        """Return its cells, in the order of KEY_COLUMNS."""
        return _text(self.key), _text(self.value), _time(self.expires)


@dataclass(slots=True)
class RawKeys:
    """Reads keys on a connection. The first server that does not know PEXPIRETIME ends its use."""

    connection: RedisConnection
    database: int
    tells_expiry: bool = True

    async def batches(self, keys: KeySelection | None) -> AsyncGenerator[list[StoredKey], None]:
        """Yield the keys that are meant, each once, whatever a scan gives twice; not one state of the database.

        Keys are told apart by 64 bits: that one of a million is taken for another has a chance of one in 30 million.
        """
        wanted = WantedKeys(keys or KeySelection())
        seen, select, pace = SeenKeys(), wanted.selector(), Pace(most=LARGEST_BATCH)
        async with aclosing(Scan().steps(self.connection, wanted.lead, seconds=None)) as steps:
            async for step in steps:
                fresh = seen.fresh(select(step))
                while fresh:
                    chunk, fresh = fresh[: pace.size], fresh[pace.size :]
                    found = await self.read(chunk)
                    pace.after([(each.value,) for each in found])
                    if found:
                        yield found

    async def read(self, keys: Sequence[bytes]) -> list[StoredKey]:
        """Return those of the keys that are there, in their order; raises BackendError for one that is no string."""
        if not keys:
            return []
        about, values = await self._asked([(Command.INFO, "keyspace"), (Command.VALUES, *keys)])
        absent = [key for key, value in zip(keys, values, strict=True) if value is None]
        await self._refuse_other_types(absent)
        there = [(key, value) for key, value in zip(keys, values, strict=True) if value is not None]
        # What answers as Redis does need not tell: then each key is asked for.
        has_expiries = there and about.get(f"db{self.database}", {}).get("expires", 1)
        times = await self.expiries([key for key, _ in there]) if has_expiries else [NEVER] * len(there)
        return [
            StoredKey(key, value, time)
            for (key, value), time in zip(there, times, strict=True)
            if time != GONE
        ]

    async def expiries(self, keys: Sequence[bytes]) -> list[int]:
        """Return when each key expires, NEVER, or GONE."""
        if self.tells_expiry:
            answers = await self.connection.ask([(Command.EXPIRES_AT, key) for key in keys], seconds=None)
            if not any(isinstance(each, Exception) for each in answers):
                return [int(each) for each in answers]
            self.tells_expiry = False
        (seconds, micros), *left = await self._asked(
            [(Command.TIME,), *((Command.EXPIRY, key) for key in keys)]
        )
        now = int(seconds) * _SECOND + int(micros) // 1000
        return [each if each in (NEVER, GONE) else _reckoned(now + int(each)) for each in left]

    async def look(self, sheet: Sheet, rows: Sequence[RawRow], *, is_target: bool = False) -> list[Found]:
        """Tell for each row what the database has in its place; of a target, that one that has expired is as it should be."""
        at = sheet.columns.index("key")
        names = [encoded(row[at]) for row in rows]
        asked = [*dict.fromkeys(name for name in names if name is not None)]
        there = {each.key: each for each in await self.read(asked)}
        return [
            self._found(sheet, row, None if name is None else there.get(name), is_target=is_target)
            for row, name in zip(rows, names, strict=True)
        ]

    def is_same(self, wanted: int, stored: int) -> bool:
        """Tell whether two times of expiry are one, as exactly as this server tells."""
        if self.tells_expiry or NEVER in (wanted, stored):
            return wanted == stored
        return abs(wanted - stored) <= _SECOND

    def _found(self, sheet: Sheet, row: RawRow, stored: StoredKey | None, *, is_target: bool) -> Found:
        cells = dict(zip(sheet.columns, row, strict=True))
        try:
            expires = expires_at(cells.get("expiration"))
        except NotConvertibleError:
            expires = None
        if stored is None:
            is_over = is_target and expires is not None and is_past(expires)
            return Found(Standing.SAME if is_over else Standing.ABSENT)
        is_same = encoded(cells.get("value")) == stored.value
        if is_same and expires is not None and self.is_same(expires, stored.expires):
            return Found(Standing.SAME)
        there = dict(zip(KEY_COLUMNS, stored.row(), strict=True))
        return Found(Standing.OTHER, tuple(there.get(name) for name in sheet.columns))

    async def _refuse_other_types(self, keys: Sequence[bytes]) -> None:
        for key, kind in zip(keys, await self._asked([(Command.TYPE, key) for key in keys]), strict=True):
            name = kind.decode() if isinstance(kind, bytes) else str(kind)
            if name not in ("none", "string"):
                shown = line(key.decode(errors="replace"), 120)
                words = f"Key {shown} is a Redis {name}: only strings can be copied."
                raise network.made((FailureKind.UNSUPPORTED, words, None), self.connection.where)

    async def _asked(self, questions: Sequence[Question]) -> list[Any]:
        if not questions:
            return []
        return [self.connection.accepted(each) for each in await self.connection.ask(questions, seconds=None)]


@dataclass(slots=True)
class StoredKeys:
    """Rows as Redis keeps them: keys with their values, when each expires, and their places among the rows.

    They are beside each other, since millions are sent.
    """

    places: list[int] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    expires: list[int] = field(default_factory=list)

    def parts(self) -> list[StoredKeys]:
        """Part them so that each command is answered soon, and none weighs much."""
        number = len(self.keys)
        if sum(map(len, self.values)) <= BATCH_BYTES:
            return [
                self._of(range(at, min(at + LARGEST_BATCH, number))) for at in range(0, number, LARGEST_BATCH)
            ]
        parts = parted(range(number), lambda at: len(self.values[at]))
        return [self._of(range(part[0], part[-1] + 1)) for part in parts]

    def _of(self, places: range) -> StoredKeys:
        chosen = slice(places.start, places.stop)
        return StoredKeys(self.places[chosen], self.keys[chosen], self.values[chosen], self.expires[chosen])


def stored_keys(sheet: Sheet, rows: Sequence[RawRow]) -> tuple[StoredKeys, list[RefusedRow]]:
    """Return rows as Redis has them, and those that it cannot have; one that has expired is neither."""
    at = [sheet.columns.index(name) for name in ("key", "value")]
    expires = sheet.columns.index("expiration") if "expiration" in sheet.columns else None
    if expires is None or all(row[expires] is None for row in rows):
        try:
            keys, values = ([row[each].encode() for row in rows] for each in at)  # type: ignore[union-attr] # else slowly
        except (AttributeError, UnicodeEncodeError):
            pass
        else:
            return StoredKeys([*range(len(rows))], keys, values, [NEVER] * len(rows)), []
    made, refused = StoredKeys(), []
    for index, row in enumerate(rows):
        try:
            cells = _stored(row[at[0]], row[at[1]], None if expires is None else row[expires])
        except NotConvertibleError as error:
            refused.append(RefusedRow(index, str(error)))
            continue
        if not is_past(cells[2]):
            made.places.append(index)
            made.keys.append(cells[0])
            made.values.append(cells[1])
            made.expires.append(cells[2])
    return made, refused


def _stored(key: Cell, value: Cell, expiration: Cell) -> tuple[bytes, bytes, int]:
    if key is None or value is None:
        raise NotConvertibleError(
            f"its {'key' if key is None else 'value'} is NULL, which Redis cannot store"
        )
    name, text = encoded(key), encoded(value)
    if name is None or text is None:
        raise NotConvertibleError(_INVALID)
    return name, text, expires_at(expiration)


class RedisRows:
    """What the source and the writer of a move share: a connection to one database, which is the container of its keys."""

    def __init__(self, target: RedisTarget, timeouts: Timeouts, *, writes: bool = False) -> None:
        self._timeouts = timeouts
        self._connection = RedisConnection(target, timeouts, writes=writes)
        self._keys = RawKeys(self._connection, target.database)

    async def is_empty(self, container: str) -> bool:
        """Tell whether the database has no key."""
        del container
        return not int(await self._connection.one(Command.SIZE, seconds=self._timeouts.query))

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()


def encoded(cell: Cell) -> bytes | None:
    """Return a cell as Redis keeps it; None for what would come back as another: what is not text, or not valid UTF-8."""
    try:
        return cell.encode() if isinstance(cell, str) else None
    except UnicodeEncodeError:
        return None


def expires_at(cell: Cell) -> int:
    """Return a stored expiration as Redis has it, NEVER for none; raises NotConvertibleError for what is no time."""
    time, unread = expiry.read(cell)
    if unread is not None:
        raise NotConvertibleError("its expiry time cannot be read")
    return NEVER if time is None else (time - _EPOCH) // _MILLISECOND


def is_past(expires: int) -> bool:
    """Tell whether Redis would remove a key with that expiry at once."""
    return expires != NEVER and expires <= (datetime.now(UTC) - _EPOCH) // _MILLISECOND


def _reckoned(at: int) -> int:
    """Return a reckoned time in whole seconds where it is about that, as servers set them; else less exactly."""
    whole = round(at / _SECOND) * _SECOND
    return whole if abs(at - whole) < _A_MOMENT else at // _COARSE * _COARSE


def _text(stored: bytes) -> Cell:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return UndecodableText(stored)


def _time(expires: int) -> Cell:
    """Return a time of expiry as text, or its seconds where no calendar has it: Redis keeps them up to the year 292,278,994."""
    if expires == NEVER:
        return None
    try:
        return (_EPOCH + expires * _MILLISECOND).isoformat()
    except OverflowError:
        return str(expires // _SECOND)
