"""redis-py's exceptions as errors that an operator understands.

Redis tells its refusals apart by the first word of a reply alone (NOAUTH, NOPERM, LOADING …), which redis-py turns into a class and
takes off, for some of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from redis import exceptions

from llama_storage_tui.backends import network
from llama_storage_tui.backends.network import Words, made
from llama_storage_tui.errors import BackendError, FailureKind

_FIELDS: Final = (
    "kv_redis has no field for a password, TLS or a database number in any version. What works, since servers write host into a"
    " redis:// URL: ':PASSWORD@HOST' or 'USER:PASSWORD@HOST', percent-encoded; another database with 'HOST:PORT/2#'. TLS cannot be"
    " had: use a TLS proxy."
)
_WANTS_PASSWORD: Final = (
    FailureKind.AUTHENTICATION,
    "The server wants a password, and the config gives it none.",
    _FIELDS,
)
_WRONG_PASSWORD: Final = (
    FailureKind.AUTHENTICATION,
    "The server refuses the user or the password in front of the host.",
    "Check the part of `host` before the @; special characters are percent-encoded there.",
)
_LOADING: Final = (
    FailureKind.UNREACHABLE,
    "The server is still loading its data from disk.",
    "Try again when it has finished; INFO persistence shows how far it is.",
)
_MOVED: Final = (
    FailureKind.UNSUPPORTED,
    "This is a node of a Redis Cluster, and the key belongs to another node: servers speak to a single Redis and cannot follow.",
    "Use a Redis that is not a cluster, or a proxy that speaks for all of it.",
)
SENTINEL: Final = (
    FailureKind.UNSUPPORTED,
    "This is a Sentinel: it knows where Redis is, and holds no keys.",
    "Give the host and port of the primary: servers do not ask a Sentinel.",
)
_CLASSES: Final[dict[type[Exception], Words]] = {
    exceptions.BusyLoadingError: _LOADING,
    exceptions.AskError: _MOVED,  # and MovedError, which is one
    # Before the class that redis-py derives it from.
    exceptions.MasterDownError: (
        FailureKind.UNREACHABLE,
        "The replica has lost its primary, and gives no stale answers.",
        "Ask the primary.",
    ),
    exceptions.ClusterDownError: (
        FailureKind.UNREACHABLE,
        "The Redis Cluster does not serve all of its slots.",
        "See CLUSTER INFO.",
    ),
    exceptions.OutOfMemoryError: (
        FailureKind.QUERY,
        "The server's memory is full (maxmemory), so it refuses writes.",
        "Raise maxmemory, or make room.",
    ),
    exceptions.ReadOnlyError: (
        FailureKind.READ_ONLY,
        "This is a replica, which refuses every write.",
        "Give the host and port of the primary.",
    ),
    exceptions.NoPermissionError: (
        FailureKind.PERMISSION,
        "The user may not do that.",
        "Allow it +@read, +info, +time and its keys; for a move to it also +msetnx, +set, +pexpireat and +del.",
    ),
}
_PREFIXES: Final[dict[str, Words]] = {
    "NOAUTH": _WANTS_PASSWORD,
    "HELLO must be called": _WANTS_PASSWORD,
    "DENIED": (
        FailureKind.PERMISSION,
        "The server is in protected mode and answers only programs on its own machine.",
        "Who runs it decides whom it answers (bind, a password); the config holds a password only in front of the host.",
    ),
    "max number of clients": (
        FailureKind.TOO_MANY_CONNECTIONS,
        "The server has no free connection left.",
        "Compare maxclients with the pools of its clients (CLIENT LIST).",
    ),
    "MISCONF": (
        FailureKind.READ_ONLY,
        "The server cannot save to its disk, and therefore refuses every write.",
        "See the server's log for the RDB snapshot or AOF write that failed.",
    ),
    "DB index is out of range": (
        FailureKind.UNKNOWN_DATABASE,
        "The server has no database of that number.",
        "Leave the number out of the host.",
    ),
}
"""What redis-py has no class for."""


def translated(error: BaseException, *, where: str, has_password: bool) -> BackendError:
    """Return the error that an operator reads; `has_password` where one was sent."""
    for cause in _causes(error):
        found = _of_server(cause, has_password=has_password)
        if found is not None:
            return made(found, where)
        if isinstance(cause, OSError) or network.is_of_name(cause):
            return network.of_network(cause, where=where)
    match error:
        case exceptions.InvalidResponse() | ValueError():
            words = "What answers there does not follow Redis's protocol."
            return made(
                (FailureKind.UNREACHABLE, words, "Check host and port, and whether it expects TLS."), where
            )
        case exceptions.TimeoutError():
            return network.of_network(TimeoutError(), where=where)
        case exceptions.ConnectionError():
            words = "The server closed the connection."
            advice = "Try again; see the server's log. A server that expects TLS closes it like that, and kv_redis has no TLS."
            return made((FailureKind.UNREACHABLE, words, advice), where)
        case exceptions.ResponseError():
            # The first word is a code; the rest may quote what was sent.
            return made((FailureKind.QUERY, f"The server refuses the command ({_code(error)}).", None), where)
        case _:
            return made((FailureKind.QUERY, f"The driver failed ({type(error).__name__}).", None), where)


def _of_server(error: BaseException, *, has_password: bool) -> Words | None:
    for class_, words in _CLASSES.items():
        if isinstance(error, class_):
            return words
    text = str(error)
    for prefix, words in _PREFIXES.items():
        if text.startswith(prefix):
            return words
    if not isinstance(error, exceptions.AuthenticationError):
        return None
    if "without any password" in text:
        return (
            FailureKind.AUTHENTICATION,
            "The server has no password, and refuses the one in front of the host.",
            "Write `host` without the part up to the @.",
        )
    return _WRONG_PASSWORD if has_password else _WANTS_PASSWORD


def _code(error: BaseException) -> str:
    word = str(error).partition(" ")[0]
    return word if word.isupper() and word.isalpha() else type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was raised for, the nearest first: redis-py keeps a socket's error as its context."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
