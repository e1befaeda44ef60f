"""What a network says about a connection, as errors that an operator understands: the part that every server's driver shares."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TypeGuard

from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.next_steps import Advice, Help, Step

Words = tuple[FailureKind, str, Help | None]
"""What an operator reads of a failure: its kind, a sentence, and what to do."""


def is_of_name(error: BaseException) -> TypeGuard[UnicodeError]:
    """Tell whether a host was no name that can be looked up: an empty label, or one of more than 63 letters.

    Python raises it when the name is encoded, so that it is no OSError; what a server sends fails at decoding.
    """
    return isinstance(error, UnicodeError) and not isinstance(error, UnicodeDecodeError)


def of_network(error: OSError | UnicodeError, *, where: str) -> BackendError:
    """Return the error for a socket's exception, or for a name as of `is_of_name`."""
    return made(_network_words(error), where)


def made(words: Words, where: str | None) -> BackendError:
    """Return the error of these words."""
    kind, message, advice = words
    return BackendError(message, failure=kind, where=where, help=advice)


def timed_out(seconds: float, *, where: str, doing: str) -> BackendError:
    """Return the error for a limit of our own that was reached."""
    return BackendError(
        f"No answer within {seconds:g} s while {doing}.",
        failure=FailureKind.TIMEOUT,
        where=where,
        help=Advice("Check host, port and firewalls.", Step.WAIT_LONGER)
        if doing == "connecting"
        else Advice("Narrow the query, or sort by the primary key.", Step.QUERY_LONGER),
    )


def _network_words(error: OSError | UnicodeError) -> Words:
    match error:
        case socket.gaierror() | UnicodeError():
            return (
                FailureKind.UNKNOWN_HOST,
                "The host name is not known.",
                "Check its spelling and the DNS from here.",
            )
        case ssl.SSLCertVerificationError():
            return (
                FailureKind.TLS,
                f"The server's certificate is refused: {error.verify_message}.",
                "Check ca_cert_path, the name in the certificate, and its dates.",
            )
        case ssl.SSLError():
            return (
                FailureKind.TLS,
                f"TLS failed: {error.reason or 'handshake'}.",
                "Check ssl_mode and the server's TLS.",
            )
        case ConnectionRefusedError():
            return (
                FailureKind.UNREACHABLE,
                "The connection is refused: nothing listens there.",
                "Check host and port.",
            )
        case TimeoutError():
            return FailureKind.TIMEOUT, "The host does not answer.", "Check host, port and firewalls."
        case FileNotFoundError():
            return (
                FailureKind.UNREACHABLE,
                "There is no server socket in that directory.",
                "Check the directory, the port, and that the server runs.",
            )
        case PermissionError():
            return FailureKind.PERMISSION, "The socket may not be used.", "Check its owner and mode."
        case _:
            return (
                FailureKind.UNREACHABLE,
                "The host cannot be reached, or it closed the connection.",
                "Check host, port, firewalls, and the server's log.",
            )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what caused it, the nearest first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__
