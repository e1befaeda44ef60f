"""PostgreSQL settings that servers of some versions get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.rules.view import View, is_set, setting
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.target import PostgresTarget
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret

URL_SAFE_FROM: Final = Version(1, 0, 3)
"""From here on sql_postgres builds its URL from parameters (issue 5936)."""

BREAKS_URL: Final = re.compile(r"[@:/%#?\[\]]")
PERCENT_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")


def _password(backend: Backend) -> str | None:
    found = setting(backend, "password")
    return found.value.reveal() if found is not None and isinstance(found.value, Secret) else None


def password_breaks_url(view: View) -> Iterator[Finding]:
    """Before 1.0.3 sql_postgres pastes user and password into a URL."""
    if view.version >= URL_SAFE_FROM:
        return
    # Until 0.6 the engine is made at the start; from 0.7 on at the first use.
    stage, severity = (
        (Stage.START, Severity.ERROR) if view.version < Version(0, 7) else (Stage.NEVER, Severity.WARNING)
    )
    for backend in view.backends_of("sql_postgres"):
        password, user = _password(backend), setting(backend, "user")
        for name, value in (("password", password), ("user", user.value if user else None)):
            if isinstance(value, str) and BREAKS_URL.search(value):
                yield view.on_setting(
                    backend,
                    name,
                    "password-breaks-url" if name == "password" else "user-breaks-url",
                    severity,
                    stage,
                    f"The {name} of {backend.name} has a character that breaks the connection URL of sql_postgres before 1.0.3; "
                    "the server reports it as a host that cannot be resolved",
                    help="Use letters and digits, or upgrade to 1.0.3. Percent-encoding it would break kv_postgres and 1.0.3.",
                )
        if (
            password is None
            and not is_set(backend, "password")
            and isinstance(backend.target, PostgresTarget)
        ):
            yield view.on_setting(
                backend,
                "password",
                "missing-password",
                Severity.WARNING,
                Stage.NEVER,
                f"{backend.name} has no password, and sql_postgres before 1.0.3 sends the literal text None",
            )


def percent_encoded_password(view: View) -> Iterator[Finding]:
    """From 1.0.3 on a password that was percent-encoded for older versions is wrong."""
    if view.version < URL_SAFE_FROM:
        return
    for backend in view.backends_of("sql_postgres"):
        password = _password(backend)
        if password and PERCENT_ENCODED.search(password):
            yield view.on_setting(
                backend,
                "password",
                "percent-encoded-password",
                Severity.INFO,
                Stage.NEVER,
                f"The password of {backend.name} looks percent-encoded; from 1.0.3 on it is sent as it stands",
                help="If it was encoded for an older server, write the plain value.",
            )


def environment_fallback(view: View) -> Iterator[Finding]:
    """An unset password lets the server's driver take one from PGPASSWORD or a passfile; this program never does."""
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        target = backend.target
        if isinstance(target, PostgresTarget) and target.password is None:
            if backend.type == "sql_postgres" and view.version < URL_SAFE_FROM:
                continue
            yield view.on_setting(
                backend,
                "password",
                "environment-fallback",
                Severity.INFO,
                Stage.NEVER,
                f"{backend.name} has no password: a server takes one from $PGPASSWORD or a passfile if it finds any",
                help="This program does not; give the password in the config to test what the config says.",
            )


def ssl_not_honoured(view: View) -> Iterator[Finding]:
    """SSL settings that do less than they say."""
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        mode, certificate = setting(backend, "ssl_mode"), setting(backend, "ca_cert_path")
        value = mode.value if mode is not None and mode.is_known else None
        from_asyncpg = view.version >= (Version(1, 0) if backend.type == "kv_postgres" else Version(1, 4))
        if value == "disable" and from_asyncpg:
            yield view.on_setting(
                backend,
                "ssl_mode",
                "ssl-disable-ignored",
                Severity.INFO,
                Stage.NEVER,
                f"ssl_mode disable on {backend.name} does not switch TLS off: the driver's default, prefer, stays",
            )
        is_verify_ca = (
            value == "verify-ca" and backend.type == "kv_postgres" and view.version >= Version(1, 0)
        )
        if is_verify_ca and certificate is not None and certificate.value:
            yield view.on_setting(
                backend,
                "ca_cert_path",
                "ca-cert-ignored",
                Severity.INFO,
                Stage.NEVER,
                f"ca_cert_path on {backend.name} is ignored with ssl_mode verify-ca",
                help="Use verify-full.",
            )


RULES = (password_breaks_url, percent_encoded_password, environment_fallback, ssl_not_honoured)
