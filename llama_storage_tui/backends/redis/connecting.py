"""Connections to Redis, and the one way to ask something on them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from llama_storage_tui.backends import network
from llama_storage_tui.backends.redis import failures
from llama_storage_tui.backends.redis.commands import OF_THE_CONNECTION, Command, Question, Word, WriteCommand
from llama_storage_tui.backends.redis.pace import ScanPace
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.limits import Timeouts

try:
    import hiredis
except ImportError:
    pack_command: Callable[[tuple[Any, ...]], bytes] | None = None
else:
    pack_command = hiredis.pack_command

POOL_SIZE: Final = 3
"""A page, a count beside it, and an export."""
_CLOSE_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 300.0
"""A connection that was not used for so long is made anew."""
_DEFAULT_USER: Final = "default"
_MOST_LENGTHS: Final = 10_000


class _Lengths(dict[int, bytes]):
    """What stands before an argument of some bytes, by their number: few of them are kept."""

    def __missing__(self, size: int) -> bytes:
        if len(self) >= _MOST_LENGTHS:
            self.clear()
        made = self[size] = b"$%d\r\n" % size
        return made


_LENGTHS: Final = _Lengths()


class RedisConnection:
    """A small pool of connections that can send the commands of `Command` and no others; `writes`: and of `WriteCommand`.

    redis-py 8 would announce itself and ask for notifications on each connection, which leaves entries in the ACL LOG where a user
    may only read: neither is asked for (`protocol=2`, no `driver_info`). It would also try ten times; here an answer is an answer.
    """

    def __init__(self, target: RedisTarget, timeouts: Timeouts, *, writes: bool = False) -> None:
        self.where = target.location
        self._writes = writes
        self._target = target
        self._timeouts = timeouts
        self.pace = ScanPace()
        self._is_checked = False
        self._last_answer = 0.0
        """By the clock on the wall, which goes on while a machine sleeps; 0 where nothing has answered yet."""
        pool = BlockingConnectionPool(
            max_connections=POOL_SIZE,
            timeout=None,
            host=target.host,
            port=target.port,
            db=target.database,
            # redis-py 8 names this user where there is a password alone, and a server without passwords takes any of it.
            username=target.user or (None if target.password is None else _DEFAULT_USER),
            password=None if target.password is None else target.password.reveal(),
            socket_connect_timeout=timeouts.connect,
            socket_timeout=None,
            protocol=2,
            driver_info=None,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=_introduce,
        )
        self._redis = Redis(connection_pool=pool)

    async def ask(self, questions: Sequence[Question], *, seconds: float | None) -> list[Any]:
        """Put questions in one round trip; return the answers, an exception for each that the server refuses.

        Raises BackendError where no server answers, or one that wants a login; where it is a Sentinel; and after `seconds`.
        """
        if not self._is_checked:
            # The only word that a Sentinel and a Redis answer differently, before anything is counted as missing.
            (about,) = await self._send([(Command.INFO, "server")], seconds=self._timeouts.connect)
            if isinstance(about, dict) and about.get("redis_mode") == "sentinel":
                raise network.made(failures.SENTINEL, self.where)
            self._is_checked = True
        return await self._send(questions, seconds=seconds)

    async def one(self, *question: Word, seconds: float | None) -> Any:  # noqa: ANN401 - Redis's
        """Put one question; raises BackendError where the server refuses it."""
        (answer,) = await self.ask([question], seconds=seconds)
        return self.accepted(answer)

    def packed(self, questions: Sequence[Question]) -> list[bytes]:
        """Return questions as they are sent."""
        return [_packed((self._said(command), *arguments)) for command, *arguments in questions]

    def packed_columns(self, command: Command | WriteCommand, columns: Sequence[Sequence[bytes]]) -> bytes:
        """Return a command as it is sent, whose arguments are the first of each column, then the second, and so on.

        Of millions of keys this is quicker than hiredis is: the same lengths come again and again.
        """
        step, number = 3 * len(columns), len(columns[0])
        parts = [b"\r\n"] * (step * number)
        for at, column in enumerate(columns):
            parts[3 * at :: step] = map(_LENGTHS.__getitem__, map(len, column))
            parts[3 * at + 1 :: step] = column
        word = self._said(command).encode()
        head = b"*%d\r\n%b%b\r\n" % (1 + len(columns) * number, _LENGTHS[len(word)], word)
        return b"".join([head, *parts])

    async def tell(self, packed: Sequence[bytes]) -> list[Any]:
        """Put packed questions without a time limit, and answer as `ask` does."""
        await self.ask([], seconds=self._timeouts.connect)
        failure: BackendError
        try:
            connection = await self._redis.connection_pool.get_connection()  # type: ignore[no-untyped-call] # of redis-py
            try:
                for each in packed:
                    await connection.send_packed_command(each, check_health=False)
                return [await _answer(connection) for _ in packed]
            except BaseException:
                await connection.disconnect(nowait=True)
                raise
            finally:
                await self._redis.connection_pool.release(connection)
        except (RedisError, OSError, ValueError) as error:
            failure = self._translated(error)
        raise failure

    def accepted(self, answer: Any) -> Any:  # noqa: ANN401 - the same
        """Return an answer; raises BackendError where it is a refusal."""
        if isinstance(answer, Exception):
            raise self._translated(answer)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._redis.aclose()
                await self._redis.connection_pool.disconnect()

    async def _send(self, questions: Sequence[Question], *, seconds: float | None) -> list[Any]:
        failure: BackendError
        words = [(self._said(command), *arguments) for command, *arguments in questions]
        try:
            async with asyncio.timeout(seconds):
                return await self._answered(words)
        except (RedisError, OSError, ValueError) as error:
            # A ValueError is of redis-py's parser, which takes for granted that lengths are numbers.
            is_ours = isinstance(error, TimeoutError) and seconds is not None
            failure = (
                network.timed_out(seconds or 0, where=self.where, doing="reading")
                if is_ours
                else self._translated(error)
            )
        # Outside of the handler: the frames of the driver's traceback hold the password.
        raise failure

    async def _answered(self, words: Sequence[Sequence[Any]]) -> list[Any]:
        """Put commands; those that only read once more where the connection had died since the last answer."""
        if self._last_answer and time.time() - self._last_answer > _IDLE_SECONDS:
            # After a laptop's sleep nothing tells that a connection is dead: a question on it would wait for its time limit.
            await self._redis.connection_pool.disconnect(inuse_connections=False)
        found = None
        try:
            found = await self._round_trip(words)
        except ConnectionLost:
            if self._writes or not self._last_answer or any(map(_goes_on, words)):
                raise
            self._last_answer = 0.0
        if found is None:
            # Outside of the handler, so that a second failure tells its own cause.
            found = await self._round_trip(words)
        self._last_answer = time.time()
        return found

    async def _round_trip(self, words: Sequence[Sequence[Any]]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for each in words:
                pipeline.execute_command(*each)
            return await pipeline.execute(raise_on_error=False)

    def _said(self, command: object) -> str:
        if self._writes and isinstance(command, WriteCommand):
            return command.value
        return Command(command).value

    def _translated(self, error: BaseException) -> BackendError:
        return failures.translated(error, where=self.where, has_password=self._target.password is not None)


def _goes_on(words: Sequence[Any]) -> bool:
    """Tell whether a command goes on with a scan: a server that was started anew has its keys at other positions."""
    return bool(words[0] == Command.SCAN.value and words[1])


def _packed(words: Sequence[Any]) -> bytes:
    """Return a command as it is sent. redis-py's asyncio side packs each word in Python, even where hiredis is there."""
    said = (*words[0].encode().split(), *words[1:])
    if pack_command is not None:
        return pack_command(said)
    each = [word if isinstance(word, bytes) else str(word).encode() for word in said]
    return b"".join([b"*%d\r\n" % len(each), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in each)])


async def _answer(connection: AbstractConnection) -> Any:  # noqa: ANN401 - Redis's
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


async def _introduce(connection: AbstractConnection) -> None:
    """Log in, and say who this is; a server that does not know or allow that is read all the same."""
    try:
        await connection.on_connect()
        for words in OF_THE_CONNECTION:
            await connection.send_command(*words, check_health=False)
            with contextlib.suppress(ResponseError):
                await connection.read_response()
    except ValueError:
        # Of the parser; redis-py closes a connection that fails to begin for errors of its own alone.
        await connection.disconnect(nowait=True)
        raise InvalidResponse from None
