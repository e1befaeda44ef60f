"""Doors in front of the test server: one that speaks TLS (the wheel's server cannot), and ones that misbehave."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

CERTIFICATES: Final = Path(__file__).parent / "certificates"
CA: Final = CERTIFICATES / "ca.crt"
OTHER_CA: Final = CERTIFICATES / "other-ca.crt"
CRL: Final = CERTIFICATES / "ca.crl"

_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_NO_RULE: Final = b"SFATAL\x00VFATAL\x00C28000\x00Mno pg_hba.conf entry for this host\x00\x00"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def front(handler: Handler) -> AsyncIterator[int]:
    """Listen on a port of 127.0.0.1 and yield it; at the end every connection is closed, at both ends of the door."""
    running: set[asyncio.Task[None]] = set()

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        task.add_done_callback(running.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await handler(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(handled, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        if running:
            done, late = await asyncio.wait(running, timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)


def offering_tls(
    port: int,
    *,
    takes_plain: bool = True,
    takes_tls: bool = True,
    certificate: str = "server.crt",
    wants_certificate: bool = False,
) -> Handler:
    """Speak TLS and pass everything on to a server's port; refuse one kind of connection as pg_hba.conf would.

    `certificate` is the file that it shows; with `wants_certificate` the client has to show one of the CA, too.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(8)
        is_tls = first == _SSL_REQUEST
        if is_tls:
            writer.write(b"S")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATES / certificate, CERTIFICATES / "server.key")
            if wants_certificate:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(CA)
            await writer.start_tls(context)
            first = b""
        if not (takes_tls if is_tls else takes_plain):
            length = await reader.readexactly(4) if is_tls else first[:4]
            await reader.readexactly(struct.unpack("!i", length)[0] - (4 if is_tls else 8))
            writer.write(b"E" + struct.pack("!i", len(_NO_RULE) + 4) + _NO_RULE)
            await writer.drain()
            return
        await _pass_on(port, reader, writer, first)

    return handle


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Accept and never answer; end when the caller does."""
    while await reader.read(1024):
        pass


def stalling(port: int, *, after: int) -> Handler:
    """Pass everything on to a server's port, until it was ready for a statement `after` times; nothing comes back then."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", port)

        async def back() -> None:
            left = after
            while chunk := await answers.read(65536):
                left -= chunk.count(b"Z\x00\x00\x00\x05")
                if left >= 0:
                    writer.write(chunk)
                    await writer.drain()

        answering = asyncio.ensure_future(back())
        try:
            while chunk := await reader.read(65536):
                questions.write(chunk)
                await questions.drain()
        finally:
            answering.cancel()
            questions.close()

    return handler


@dataclass(frozen=True)
class Line:
    """A line to a server's port that can go dead: nothing that the server says comes back then, and nothing is closed."""

    port: int
    is_dead: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection("127.0.0.1", self.port)

        async def back() -> None:
            while chunk := await answers.read(65536):
                if not self.is_dead.is_set():
                    writer.write(chunk)
                    await writer.drain()

        answering = asyncio.ensure_future(back())
        try:
            while chunk := await reader.read(65536):
                if not self.is_dead.is_set():
                    questions.write(chunk)
                    await questions.drain()
        finally:
            answering.cancel()
            questions.close()


async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer like something that is no PostgreSQL server."""
    await reader.read(1024)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def slammed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once."""
    writer.close()


async def _pass_on(
    port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes
) -> None:
    onward, outgoing = await asyncio.open_connection("127.0.0.1", port)
    outgoing.write(first)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            while chunk := await source.read(65536):
                sink.write(chunk)
                await sink.drain()
        sink.close()

    try:
        await asyncio.gather(pump(reader, outgoing), pump(onward, writer))
    finally:
        outgoing.close()
        with suppress(ConnectionError):
            await outgoing.wait_closed()
