"""pymongo's exceptions as errors that an operator understands: by code and type, and shown in our words.

A server's words repeat the command that it refuses. Of a socket's error the driver keeps nothing but its text; there the errno and
OpenSSL's reason stand in brackets, whatever the language. The codes are of MongoDB's documentation and its error_codes.yml,
4.4 to 8; measured are 13, 18, 64 and 10107, with SecantusDB 0.7.
"""

from __future__ import annotations

import re
import socket
from typing import Final

from pymongo import errors

from llama_storage_tui.backends import network
from llama_storage_tui.backends.network import Words, made
from llama_storage_tui.errors import BackendError, FailureKind

UNAUTHORIZED: Final = 13
USER_NOT_FOUND: Final = 11
AUTHENTICATION_FAILED: Final = 18
ATLAS: Final = 8000
"""MongoDB Atlas, for whatever it does itself: logins and users among others."""
NOT_PRIMARY: Final = frozenset({10107, 13435})
"""NotWritablePrimary, NotPrimaryNoSecondaryOk: refused before anything was done."""

_LOGIN_HELP: Final = (
    "MongoDB gives the same answer for a wrong password, an unknown user, another authentication database (authSource in a"
    " mongodb:// URI as host, else admin), and an address that the user may not log in from."
)
_LOGIN: Final = (
    FailureKind.AUTHENTICATION,
    "The server refuses the user or its password.",
    _LOGIN_HELP,
)
_STEPPING_DOWN: Final = (
    FailureKind.UNREACHABLE,
    "The server is shutting down, or another member is becoming the primary.",
    "Try again.",
)
_TIME_LIMIT: Final = (FailureKind.TIMEOUT, "The server stopped the command at its time limit.", "Try again.")
_READ_ONLY: Final = (
    FailureKind.READ_ONLY,
    "The server is not a primary that accepts changes.",
    "Name a host that leads to the primary, or wait until there is one.",
)
_CODES: Final[dict[int, Words]] = {
    AUTHENTICATION_FAILED: _LOGIN,
    USER_NOT_FOUND: _LOGIN,
    ATLAS: (
        FailureKind.AUTHENTICATION,
        "MongoDB Atlas refuses the user, its password, or the command.",
        "Check all three in Atlas, and its list of IP addresses.",
    ),
    UNAUTHORIZED: (FailureKind.PERMISSION, "The user may not do that.", "Grant it a role that allows it."),
    334: (
        FailureKind.AUTHENTICATION,
        "The server does not offer the way of logging in that is asked for.",
        "See authMechanism in the host's URI, and authenticationMechanisms at the server.",
    ),
    50: _TIME_LIMIT,
    262: _TIME_LIMIT,
    91: _STEPPING_DOWN,
    189: _STEPPING_DOWN,
    11600: _STEPPING_DOWN,
    11602: _STEPPING_DOWN,
    13436: _STEPPING_DOWN,
    **dict.fromkeys(NOT_PRIMARY, _READ_ONLY),
}
_ERRNO: Final = re.compile(r"\[Errno (-?\d+)\]")
_TLS_REASON: Final = re.compile(r"\[SSL: ([A-Z0-9_]+)\](?: certificate verify failed: ([^(\[]*[\w']))?")
"""Of a refused certificate OpenSSL also says what is wrong with it, in English alone."""
_CUT_OFF: Final = "UNEXPECTED_EOF_WHILE_READING"
"""What a server that is shutting down does to a handshake, too."""
_NO_PRIMARY: Final = (
    FailureKind.UNREACHABLE,
    "No primary answers there.",
    "Check that the set has one, and that the host names it calls its members by are known here (rs.conf() in mongosh).",
)


def code_of(error: BaseException) -> int | None:
    """Return the server's code of an exception; None where no server answered."""
    found = getattr(error, "code", None)
    if found is None and isinstance(error, errors.NotPrimaryError):
        details = error.details
        found = details.get("code") if isinstance(details, dict) else None
    return found if isinstance(found, int) else None


def is_final(error: BaseException) -> bool:
    """Tell whether a handshake failed in a way that the next one will, too: by the certificates, or what either side speaks."""
    found = _TLS_REASON.search(str(error))
    return found is not None and found[1] != _CUT_OFF


def translated(error: BaseException, *, where: str, reasons: tuple[BaseException, ...] = ()) -> BackendError:
    """Return the error that an operator reads; `reasons` are what the driver noted of each member."""
    code = next((found for each in network.causes(error) if (found := code_of(each)) is not None), None)
    if code is not None:
        known = _CODES.get(code)
        if known is None:
            # Its words would quote the command.
            known = (FailureKind.QUERY, f"The server refuses the command (code {code}).", None)
        return made(known, where)
    # Of a choice between members that failed the members tell more.
    told = reasons if isinstance(error, errors.ServerSelectionTimeoutError) else ()
    for reason in (*told, *network.causes(error)):
        told_by = _of_network(reason, where)
        if told_by is not None:
            return told_by
    return made(_words_of(error), where)


def _words_of(error: BaseException) -> Words:
    match error:
        case errors.ServerSelectionTimeoutError():
            return _NO_PRIMARY
        case errors.WaitQueueTimeoutError():
            words = "All connections of this backend are busy."
            return FailureKind.TIMEOUT, words, "Try again."
        case errors.ConnectionFailure():
            words = "The server closed the connection."
            return FailureKind.UNREACHABLE, words, "Try again; see the server's log."
        case errors.ConfigurationError() | ValueError() | TypeError():
            words = "The driver cannot use this host, or an option of its URI."
            advice = "Check the backend's host: names, ports, DNS records of mongodb+srv, and the options of a URI."
            return FailureKind.UNRESOLVED, words, advice
        case errors.ProtocolError():
            words = "What answers there does not follow MongoDB's protocol."
            return FailureKind.UNREACHABLE, words, "Check host and port, and whether the server expects TLS."
        case _:
            return FailureKind.QUERY, f"The driver failed ({type(error).__name__}).", None


def _of_network(error: BaseException, where: str) -> BackendError | None:
    """Return the error of a socket that one of the driver's tells of, None where it tells of none."""
    if isinstance(error, OSError):
        return network.of_network(error, where=where)
    if isinstance(error, errors.NetworkTimeout):
        return network.of_network(TimeoutError(), where=where)
    text = str(error)
    tls = _TLS_REASON.search(text)
    if tls is not None:
        is_certificate = tls[1] == "CERTIFICATE_VERIFY_FAILED"
        what = f": {tls[2]}" if tls[2] else ""
        words = f"The server's certificate is refused{what}." if is_certificate else f"TLS failed: {tls[1]}."
        advice = "Check tlsCAFile in the host's URI, the name in the certificate, and its dates."
        return made((FailureKind.TLS, words, advice), where)
    found = _ERRNO.search(text)
    if found is None or not isinstance(error, errors.ConnectionFailure):
        return None
    number = int(found[1])
    return network.of_network(socket.gaierror(number, "") if number < 0 else OSError(number, ""), where=where)
