"""Ports for servers that are told theirs and bind it a moment later."""

from __future__ import annotations

import random
import socket
from typing import Final

_FIRST: Final = 12_000
_END: Final = 32_000
"""Below what systems give to sockets that ask for any: a connection of any other program could have it by then."""


def free_port(*, and_further: int = 0) -> int:
    """Return a port of 127.0.0.1 that nobody has; another run of these tests hardly draws the same one in the same moment.

    With `and_further` nobody has the port so much further up either: a server takes that one, too.
    """
    while True:
        port = random.SystemRandom().randrange(_FIRST, _END - and_further)
        if all(map(_is_free, {port, port + and_further})):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
