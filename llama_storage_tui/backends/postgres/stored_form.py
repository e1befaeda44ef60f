"""In which form a server keeps a role's password, told by what it asks for at the beginning of a login.

A server asks for md5 where it keeps an md5 hash, and for SASL where it keeps a SCRAM verifier, also under `md5` in pg_hba.conf
(auth.c of PostgreSQL 10 to 18). No driver tells which, and the role itself may not read pg_authid.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from typing import Final

from llama_storage_tui.backends.postgres import tls
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.errors import BackendError
from llama_storage_tui.model.rotation import StoredForm

_PROTOCOL: Final = 3 << 16
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_LONGEST: Final = 10_000
"""Bytes of a first answer, which has tens."""
_FORMS: Final = {5: StoredForm.MD5, 10: StoredForm.SCRAM}
"""By the numbers of AuthenticationMD5Password and AuthenticationSASL."""


async def stored_form(target: PostgresTarget, *, seconds: float) -> StoredForm | None:
    """Return the form; None where the server asks for no password, asks otherwise, or does not answer."""
    try:
        attempts = tls.attempts_of(target, target.location)
        async with asyncio.timeout(seconds):
            for context in attempts:
                code = await _asked(target, context)
                if code is not None:
                    return _FORMS.get(code)
    except (BackendError, OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return None


async def _asked(target: PostgresTarget, context: ssl.SSLContext | None) -> int | None:
    """Begin a login and leave; return the number of what the server asks for, None where it refuses this kind of connection."""
    if target.host.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(f"{target.host}/.s.PGSQL.{target.port}")
    else:
        reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        if context is not None:
            writer.write(_SSL_REQUEST)
            if await reader.readexactly(1) != b"S":
                return None
            await writer.start_tls(context, server_hostname=target.host)
        pairs = ("user", target.user, "database", target.database)
        body = struct.pack("!i", _PROTOCOL) + b"".join(each.encode() + b"\0" for each in pairs) + b"\0"
        writer.write(struct.pack("!i", len(body) + 4) + body)
        kind, length = struct.unpack("!ci", await reader.readexactly(5))
        if kind != b"R" or not 8 <= length <= _LONGEST:
            return None
        return int(struct.unpack_from("!i", await reader.readexactly(length - 4))[0])
    finally:
        writer.close()
