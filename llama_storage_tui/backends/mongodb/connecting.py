"""One connection to MongoDB for one question, from nothing but the target's own parameters.

A client is made as servers make theirs (host, port, user, password), so that it finds the primary as they do, and closed after
the question: what is asked about is often the login itself. The driver never retries.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, TypeVar

from bson.codec_options import DatetimeConversion
from bson.errors import BSONError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from llama_storage_tui.backends import network
from llama_storage_tui.backends.mongodb import failures
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.program_name import SESSION_NAME
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.secrets import Secret

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Address = tuple[str, int | None]
Answer = TypeVar("Answer")
TIMES: Final = DatetimeConversion.DATETIME_AUTO
"""BSON's times reach beyond Python's, where by default one of them makes a whole answer unreadable."""
_CLOSING_SECONDS: Final = 2.0
_CANCEL_SECONDS: Final = 0.1
_BESIDES_SECONDS: Final = 1.0
"""What the driver's own limits are given before ours: its errors say more."""


@dataclass(frozen=True, slots=True)
class FailedMongoConnection:
    """Why a question has no answer; `code` is the server's, None where none answered."""

    error: BackendError
    code: int | None = None
    is_of_login: bool = False
    """Whether the login failed, and not something after it."""


class Handshakes(ServerHeartbeatListener):
    """What the driver hears of the servers of one client, and which handshakes fail for good.

    It tries each server again until its time is up, whatever it failed by.
    """

    def __init__(self) -> None:
        self._failed: dict[Address, Exception] = {}
        self._changed = asyncio.Event()

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Hear that a server is asked."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Hear that a server answered."""
        self._failed.pop(event.connection_id, None)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Hear that a server did not."""
        self._failed[event.connection_id] = event.reply
        self._changed.set()

    async def unless_hopeless(
        self, asking: asyncio.Task[Answer], servers: Callable[[], Collection[Address]]
    ) -> Answer:
        """Return an answer; raises the driver's error as soon as each of the servers has refused for good."""
        changed = asyncio.create_task(self._changed.wait())
        try:
            while not asking.done():
                await asyncio.wait({asking, changed}, return_when=asyncio.FIRST_COMPLETED)
                known = servers()
                final = [
                    error
                    for place, error in self._failed.items()
                    if place in known and failures.is_final(error)
                ]
                if known and len(final) == len(known) and not asking.done():
                    raise final[0]
                if changed.done():
                    self._changed.clear()
                    changed = asyncio.create_task(self._changed.wait())
            return asking.result()
        finally:
            changed.cancel()
            while not asking.done():
                # Once more: a wait that ends at this very moment takes a cancellation for its end (Python 3.11).
                asking.cancel()
                await asyncio.wait({asking}, timeout=_CANCEL_SECONDS)
            if not asking.cancelled():
                asking.exception()


async def ask(
    target: MongoTarget,
    password: Secret | None,
    question: Callable[[Client], Awaitable[Answer]],
    *,
    connect: float,
    answer: float | None,
    is_reading: bool = False,
) -> Answer | FailedMongoConnection:
    """Log in, and put a question to the primary; exceptions that are not the driver's pass.

    `is_reading`: to a secondary where there is no primary.

    `connect` limits the login, `answer` each command of the question. Nothing is raised inside a handler, since the frames of
    the driver's traceback hold the password.
    """
    where = target.location
    for host, _ in target.seeds:
        # The driver looks a name up in a task of its own, which an impossible one ends without a word.
        try:
            host.encode("idna")
        except UnicodeError as error:
            return FailedMongoConnection(network.of_network(error, where=where))
    preference = "primaryPreferred" if is_reading else "primary"
    handshakes = Handshakes()
    made = _client(target, password, preference, handshakes, connect=connect, answer=answer)
    if isinstance(made, FailedMongoConnection):
        return made
    is_of_login = True
    try:
        async with asyncio.timeout(connect + _BESIDES_SECONDS):
            # Logs in, as every first command on a connection does, and needs no right.
            ping = asyncio.ensure_future(made.admin.command("ping", read_preference=made.read_preference))
            await handshakes.unless_hopeless(ping, made.topology_description.server_descriptions)
        is_of_login = False
        return await question(made)
    except (PyMongoError, BSONError) as error:
        found = failures.translated(error, where=where, reasons=_reasons(made))
        return FailedMongoConnection(found, failures.code_of(error), is_of_login)
    except TimeoutError:
        doing = "connecting" if is_of_login else "asking"
        return FailedMongoConnection(network.timed_out(connect, where=where, doing=doing), None, is_of_login)
    finally:
        await _close(made)


def limits(seconds: float | None) -> dict[str, Any]:
    """Return what makes a server stop a command after a time; nothing for None."""
    return {} if seconds is None else {"maxTimeMS": max(1, int(seconds * 1000))}


def _client(
    target: MongoTarget,
    password: Secret | None,
    preference: str,
    handshakes: Handshakes,
    *,
    connect: float,
    answer: float | None,
) -> Client | FailedMongoConnection:
    if target.user and password is None:
        words = "The backend has a user and no password, which the driver refuses."
        return FailedMongoConnection(
            BackendError(words, failure=FailureKind.UNRESOLVED, where=target.location)
        )
    milliseconds = int(connect * 1000)
    try:
        with warnings.catch_warnings():
            # It warns of unknown options with their values.
            warnings.simplefilter("ignore")
            return AsyncMongoClient(
                host=target.host,
                port=target.port,
                username=target.user or None,
                password=password.reveal() if password is not None and target.user else None,
                appname=SESSION_NAME,
                connect=False,
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                socketTimeoutMS=None if answer is None else int(max(answer, connect) * 1000),
                maxPoolSize=1,
                minPoolSize=0,
                retryReads=False,
                retryWrites=False,
                readPreference=preference,
                serverMonitoringMode="poll",
                datetime_conversion=TIMES,
                event_listeners=[handshakes],
            )
    except (PyMongoError, ValueError, TypeError) as error:
        return FailedMongoConnection(failures.translated(error, where=target.location))
    except OSError:
        words, advice = (
            "A certificate that the host's URI names cannot be read.",
            "Check tlsCAFile and its like.",
        )
        return FailedMongoConnection(
            BackendError(words, failure=FailureKind.TLS, where=target.location, help=advice)
        )


def _reasons(client: Client) -> tuple[BaseException, ...]:
    """Return what the driver noted of each member; of one that never said anything, a time-out."""
    members = client.topology_description.server_descriptions().values()
    noted = tuple(member.error for member in members if member.error is not None)
    is_silent = all(not member.is_server_type_known for member in members)
    return noted or ((TimeoutError(),) if is_silent else ())


async def _close(client: Client) -> None:
    with contextlib.suppress(PyMongoError, OSError, TimeoutError):
        async with asyncio.timeout(_CLOSING_SECONDS):
            await client.close()
