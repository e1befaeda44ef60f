"""Bringing keys to a Redis database, for a move that was confirmed. Every key is read back before it counts as written.

Redis has transactions, but none that reads what it wrote before it lasts. So a key stays once it is sent: a move brings keys to a
place that has none, and notes beforehand that it does, by which they are taken away again or gone on with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import field
from typing import Any, Final, final

from llama_storage_tui.backends import network
from llama_storage_tui.backends.batches import LARGEST_BATCH
from llama_storage_tui.backends.program_name import SESSION_NAME, is_this_program
from llama_storage_tui.backends.protocols import ItemWriter
from llama_storage_tui.backends.redis.commands import Command, Question, WriteCommand
from llama_storage_tui.backends.redis.probe import RedisAnswer
from llama_storage_tui.backends.redis.raw_keys import (
    NEVER,
    RedisRows,
    StoredKeys,
    encoded,
    is_past,
    stored_keys,
)
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.raw_rows import (
    Found,
    RawBatch,
    RawRow,
    RefusedRow,
    RowIdentity,
    RowLocator,
    Sheet,
    TakenError,
)
from llama_storage_tui.model.store_user import StoreUser
from llama_storage_tui.model.transfer import KEY_COLUMNS
from llama_storage_tui.text import line

_OTHER_FORM: Final = "Redis returns its value in another form"
_NO_CLIENT: Final = frozenset("SMO")
"""Flags of a connection that is a replica, a primary or a monitor."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """Keys that are ready to be sent, and what is no key of Redis; `sent` are two commands of each part."""

    parts: Sequence[StoredKeys] = field(repr=False)
    refused: Sequence[RefusedRow]
    sent: Sequence[bytes] = field(repr=False)


@final
class RedisWriter(RedisRows, ItemWriter):
    """A writer of one database."""

    is_atomic = False

    def __init__(self, target: RedisTarget, timeouts: Timeouts) -> None:
        super().__init__(target, timeouts=timeouts, writes=True)
        self._database = target.database
        self._is_touched = False
        self._evicted = 0

    @property
    def is_touched(self) -> bool:
        """Whether anything was sent that may have been written."""
        return self._is_touched

    async def obstacles(self, sheets: Sequence[Sheet]) -> tuple[str, ...]:
        """Return why the server takes no keys: a replica, a node of a cluster."""
        del sheets
        return tuple(each.message for each in RedisAnswer(await self._info(), 0, None).obstacles())

    async def users(self) -> tuple[StoreUser, ...] | None:
        """Return the other clients of the database; None where the user may not ask for them."""
        (answer,) = await self._connection.ask([(Command.CLIENTS,)], seconds=self._timeouts.query)
        if isinstance(answer, Exception):
            return None
        return tuple(_client(each) for each in answer if self._is_other(each))

    async def free_bytes(self) -> int | None:
        """Return what is left of maxmemory; None where there is no such limit."""
        about = RedisAnswer(await self._info(), 0, None)
        return max(0, about.limit - int(about.info.get("used_memory", 0))) if about.limit else None

    async def begin(self) -> bool:
        """Note how many keys the server has removed by itself."""
        self._evicted = int((await self._info()).get("evicted_keys", 0))
        return False

    async def prepare(self, sheet: Sheet) -> bool:
        """Do nothing: a database is there."""
        del sheet
        return False

    async def read(self, container: str, keys: KeySelection | None) -> AsyncGenerator[RawBatch, None]:
        """Yield the keys as a scan gives them; a locator is the key."""
        del container
        async with aclosing(self._keys.batches(keys)) as batches:
            async for batch in batches:
                yield RawBatch(KEY_COLUMNS, [each.row() for each in batch], [each.key for each in batch])

    async def look(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[Found]:
        """Tell for each row what the database has in its place."""
        return await self._keys.look(sheet, rows, is_target=True)

    def packed(self, sheet: Sheet, rows: Sequence[RawRow]) -> object:
        """Return the commands that set the keys, and ask for them again."""
        made, refused = stored_keys(sheet, rows)
        parts = made.parts()
        pack = self._connection.packed_columns
        sent: list[bytes] = []
        for part in parts:
            sent.append(pack(WriteCommand.ADD, (part.keys, part.values)))
            sent.append(pack(Command.VALUES, (part.keys,)))
        return _Ready(parts, refused, sent)

    async def insert(
        self, sheet: Sheet, rows: Sequence[RawRow], packed: object = None
    ) -> Sequence[RefusedRow]:
        """Add keys that are not there: none is ever written over."""
        made = packed or await asyncio.to_thread(self.packed, sheet, rows)
        if not isinstance(made, _Ready):
            raise TypeError(made)
        parts = made.parts
        if not parts:
            return made.refused
        self._is_touched = True
        answers = [self._connection.accepted(each) for each in await self._connection.tell(made.sent)]
        added = [part for part, answer in zip(parts, answers[::2], strict=True) if answer]
        if len(added) < len(parts):
            for part in added:
                await self._remove(part.keys)
            raise TakenError
        return [*made.refused, *await self._ended(parts, answers[1::2])]

    async def update(self, sheet: Sheet, rows: Sequence[RawRow]) -> Sequence[RefusedRow]:
        """Put keys in place of those that this move brought before; one that has expired since goes."""
        made, refused = await asyncio.to_thread(stored_keys, sheet, rows)
        stay = {*made.places, *(each.index for each in refused)}
        at = sheet.columns.index("key")
        over = [encoded(row[at]) for index, row in enumerate(rows) if index not in stay]
        await self._remove([key for key in over if key is not None])
        parts = made.parts()
        self._is_touched = self._is_touched or bool(parts)
        values = []
        for part in parts:
            sent: list[Question] = [
                (WriteCommand.SET, key, value) for key, value in zip(part.keys, part.values, strict=True)
            ]
            values.append((await self._asked([*sent, (Command.VALUES, *part.keys)]))[-1])
        return [*refused, *await self._ended(parts, values)]

    async def delete(self, sheet: Sheet, identities: Sequence[RowIdentity]) -> int:
        """Remove keys."""
        del sheet
        return await self._remove([key.encode() for (key,) in identities if isinstance(key, str)])

    async def remove(self, container: str, locators: Sequence[RowLocator]) -> int:
        """Remove keys that `read` gave."""
        del container
        return await self._remove([each for each in locators if isinstance(each, bytes)])

    async def drop(self, container: str) -> None:
        """Do nothing: a database is nothing that a transfer makes."""

    async def discard(self) -> None:
        """Do nothing: as for `drop`."""

    async def commit(self) -> bool:
        """Look whether the server has removed keys meanwhile; raises BackendError."""
        about = await self._info()
        if self._is_touched and int(about.get("evicted_keys", 0)) > self._evicted:
            policy = RedisAnswer(about, 0, None).policy
            words = f"Meanwhile the server evicted keys, because its memory is full ({policy})."
            advice = "Raise maxmemory, or set maxmemory-policy noeviction; then start again."
            raise network.made((FailureKind.QUERY, words, advice), self._connection.where)
        return True

    async def _ended(
        self, parts: Sequence[StoredKeys], values: Sequence[Sequence[bytes | None]]
    ) -> list[RefusedRow]:
        """Give keys that were set their expiry; return those that the server does not have as they were sent."""
        refused = []
        for part, found in zip(parts, values, strict=True):
            times = await self._expired_at(part)
            if found == part.values and times == part.expires:
                continue
            refused += [
                RefusedRow(part.places[at], _OTHER_FORM)
                for at, (value, time) in enumerate(zip(found, times, strict=True))
                if not is_past(part.expires[at])
                and (value != part.values[at] or not self._keys.is_same(part.expires[at], time))
            ]
        return refused

    async def _expired_at(self, part: StoredKeys) -> list[int]:
        """Set when keys expire, and return what the server then says of each."""
        times = [NEVER] * len(part.keys)
        if part.expires == times:
            return times
        at = [place for place, time in enumerate(part.expires) if time != NEVER]
        await self._asked([(WriteCommand.EXPIRE_AT, part.keys[each], part.expires[each]) for each in at])
        for each, time in zip(at, await self._keys.expiries([part.keys[each] for each in at]), strict=True):
            times[each] = time
        return times

    async def _remove(self, keys: Sequence[bytes]) -> int:
        parts = [keys[at : at + LARGEST_BATCH] for at in range(0, len(keys), LARGEST_BATCH)]
        if parts:
            self._is_touched = True
        return sum(int(each) for each in await self._asked([(WriteCommand.REMOVE, *part) for part in parts]))

    async def _asked(self, questions: Sequence[Question]) -> list[Any]:
        if not questions:
            return []
        packed = self._connection.packed(questions)
        return [self._connection.accepted(each) for each in await self._connection.tell(packed)]

    async def _info(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._connection.one(Command.INFO, seconds=self._timeouts.query)
        return found

    def _is_other(self, client: Mapping[str, str]) -> bool:
        return (
            client.get("db") == str(self._database)
            and client.get("name") != SESSION_NAME
            and not _NO_CLIENT.intersection(client.get("flags", ""))
        )


def _client(about: Mapping[str, str]) -> StoreUser:
    name = about.get("name") or about.get("lib-name") or "a client"
    return StoreUser(line(name, 40), line(f"at {about.get('addr', '?')}", 40), is_this_program(name))
