"""Every command that this program can send to Redis: what is not here cannot be said.

A connection for reading sends those of `Command` alone. None writes, and those that lists are made of leave a key's idle time and
access count alone (measured on 6.2, 7.0 and 8.2): SCAN, TYPE, PTTL, MEMORY USAGE. A value cannot be read without GET, MGET or
GETRANGE, which count as an access unless CLIENT NO-TOUCH is on (7.2 and later); STRLEN counts, too, and is asked only of a value
that is read.
"""

from __future__ import annotations

from enum import Enum

from llama_storage_tui.backends.program_name import SESSION_NAME


class Command(Enum):
    """What may be asked; the value is the command as the server knows it."""

    INFO = "INFO"
    SAVE_POINTS = "CONFIG GET"
    """Sent with `save` alone: when snapshots are made, which INFO does not tell."""
    TIME = "TIME"
    SIZE = "DBSIZE"
    SCAN = "SCAN"
    TYPE = "TYPE"
    EXPIRY = "PTTL"
    MEMORY = "MEMORY USAGE"
    LENGTH = "STRLEN"
    VALUE = "GET"
    BEGINNING = "GETRANGE"
    VALUES = "MGET"
    EXPIRES_AT = "PEXPIRETIME"
    """In milliseconds since 1970, exactly; unknown before 7.0."""
    CLIENTS = "CLIENT LIST"
    """Asked before a move ends: who is still connected."""


class WriteCommand(Enum):
    """What a move to Redis says besides, on a connection of its own: nothing else is ever written."""

    ADD = "MSETNX"
    """Sets keys that are not there, all of them or none."""
    SET = "SET"
    """Of a key that the same move has brought."""
    EXPIRE_AT = "PEXPIREAT"
    REMOVE = "DEL"


OF_THE_CONNECTION = (("CLIENT", "SETNAME", SESSION_NAME), ("CLIENT", "NO-TOUCH", "on"))
"""What is said once on each connection, about that connection alone. NO-TOUCH is unknown before 7.2."""

Word = Command | WriteCommand | str | bytes | int

Question = tuple[Word, ...]
"""A command and its arguments."""
