"""libpq's ssl_mode, built here.

The driver's own reading of it takes certificates, keys and versions from the environment and from ~/.postgresql, which are the
operator's and not the server's.
"""

from __future__ import annotations

import ssl
from enum import StrEnum
from pathlib import Path

from llama_storage_tui.backends.postgres.target import PostgresSession, PostgresTarget
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.next_steps import Advice, Step


class SslMode(StrEnum):
    """libpq's words."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


Attempts = tuple[ssl.SSLContext | None, ...]
"""What to try, in this order: a context for TLS, None for a plain connection."""


def attempts_of(target: PostgresTarget, where: str) -> Attempts:
    """Return the attempts of a target's mode, with the certificate and the revocation list that its URI names; see `attempts`."""
    made = attempts(target.ssl_mode, target.ca_cert_path, host=target.host, where=where)
    session = target.session
    for context in filter(None, made):
        if session.crl_path is not None and context.verify_mode is ssl.CERT_REQUIRED:
            _trust(context, session.crl_path, "The list of revoked certificates", "sslcrl", where)
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
        if session.certificate_path is not None:
            _load_certificate(context, session, where)
    return made


def _trust(context: ssl.SSLContext, path: Path, what: str, field: str, where: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        raise _unreadable(f"{what} cannot be read: {path}.", field, where) from None


def _load_certificate(context: ssl.SSLContext, session: PostgresSession, where: str) -> None:
    secret = session.key_password
    try:
        context.load_cert_chain(
            session.certificate_path or "",
            session.key_path,
            # Without one OpenSSL would ask on the terminal for that of an encrypted key.
            password=lambda: "" if secret is None else secret.reveal(),
        )
    except (OSError, ssl.SSLError):
        path = session.certificate_path
        failure = _unreadable(
            f"The client's certificate or its key cannot be read: {path}.", "sslcert", where
        )
    else:
        return
    raise failure


def _unreadable(words: str, field: str, where: str) -> BackendError:
    advice = Advice(f"{field} must name a readable PEM file.", Step.MAP_PATH)
    return BackendError(words, failure=FailureKind.TLS, where=where, help=advice)


def attempts(mode: str | None, ca_cert_path: Path | None, *, host: str, where: str) -> Attempts:
    """Return the attempts of a mode (None: `prefer`, the driver's default); raises BackendError(TLS).

    As in libpq: sockets in the file system have no TLS; `prefer` and `allow` fall back only where the server refuses
    the first attempt; `require` checks the certificate where a CA is given; the verifying modes need one.
    """
    try:
        chosen = SslMode(mode or SslMode.PREFER)
    except ValueError:
        raise BackendError(
            f"ssl_mode {mode!r} is not known.",
            failure=FailureKind.TLS,
            where=where,
            help=f"It is one of {', '.join(SslMode)}.",
        ) from None
    if host.startswith("/"):
        return (None,)
    match chosen:
        case SslMode.DISABLE:
            return (None,)
        case SslMode.ALLOW:
            return (None, _context(None, where, is_name_checked=False))
        case SslMode.PREFER:
            return (_context(None, where, is_name_checked=False), None)
        case SslMode.REQUIRE:
            return (_context(ca_cert_path, where, is_name_checked=False),)
        case SslMode.VERIFY_CA | SslMode.VERIFY_FULL:
            if ca_cert_path is None:
                raise BackendError(
                    f"ssl_mode {chosen} needs a ca_cert_path.",
                    failure=FailureKind.TLS,
                    where=where,
                    help="A server without one reads ~/.postgresql/root.crt of its own user; name that file here.",
                )
            is_name_checked = chosen is SslMode.VERIFY_FULL
            return (_context(ca_cert_path, where, is_name_checked=is_name_checked),)


def _context(ca_cert_path: Path | None, where: str, *, is_name_checked: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = is_name_checked
    context.set_alpn_protocols(["postgresql"])
    if ca_cert_path is None:
        context.verify_mode = ssl.CERT_NONE
        return context
    _trust(context, ca_cert_path, "The CA certificate", "ca_cert_path", where)
    return context
