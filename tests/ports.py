"""Ports for servers that are told theirs and bind it a moment later."""

from __future__ import annotations

import random
import socket
from typing import Final

_NOT_HANDED_OUT: Final = range(12_000, 32_000)
"""Below what systems give to sockets that ask for any: a connection of any other program could have it by then."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody has; another run of these tests hardly draws the same one in the same moment."""
    while True:
        port = random.SystemRandom().choice(_NOT_HANDED_OUT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
