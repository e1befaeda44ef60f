"""PostgreSQL settings that servers of some versions get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.rules.view import View, is_set, setting
from llama_storage_tui.config.server_login import (
    BREAKS_USER,
    DRIVER_VARIABLES,
    ENGINE_AT_START_UNTIL,
    PERCENT_ENCODED,
    URL_SAFE_FROM,
    pasted_wrongly,
)
from llama_storage_tui.config.substitution import find_foreign
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.target import PostgresTarget
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret

MEANS_SOMETHING_IN_URLS: Final = re.compile(r"[:/#?%\[\]]")


def _password(backend: Backend) -> str | None:
    found = setting(backend, "password")
    if found is None or not isinstance(found.value, Secret):
        return None
    # What another program should have replaced is no password: its signs say nothing.
    return None if find_foreign(found.value.reveal()) else found.value.reveal()


def password_breaks_url(view: View) -> Iterator[Finding]:
    """Before 1.0.3 sql_postgres pastes user and password into a URL, which SQLAlchemy takes apart again.

    What SQLAlchemy 2 does with it: an `@` ends the password, `%41` becomes A, the other signs of URLs pass unharmed.
    """
    if view.version >= URL_SAFE_FROM:
        return
    for backend in view.backends_of("sql_postgres"):
        password, user = _password(backend), setting(backend, "user")
        if password is not None:
            yield from _judge_password(view, backend, password)
        elif not is_set(backend, "password") and isinstance(backend.target, PostgresTarget):
            yield view.on_setting(
                backend,
                "password",
                "missing-password",
                Severity.WARNING,
                Stage.NEVER,
                f"{backend.name} has no password, and sql_postgres before 1.0.3 sends the literal text None",
            )
        if (
            user is not None
            and isinstance(user.value, str)
            and BREAKS_USER.search(user.value)
            and not find_foreign(user.value)
        ):
            stage, severity = _when(view)
            yield view.on_setting(
                backend,
                "user",
                "user-breaks-url",
                severity,
                stage,
                f"The user of {backend.name} has a character that breaks the connection URL of sql_postgres before 1.0.3",
                help="Upgrade to 1.0.3 or later, or use a role whose name needs no escaping.",
            )
        host = setting(backend, "host")
        value = host.value if host is not None else None
        if pasted_wrongly("sql_postgres", view.version, value, None, None) and not find_foreign(str(value)):
            stage, severity = _when(view)
            yield view.on_setting(
                backend,
                "host",
                "host-breaks-url",
                severity,
                stage,
                f"The host of {backend.name} has a character that breaks the connection URL of sql_postgres before 1.0.3",
                help="Use a host name or an IPv4 address, or upgrade to 1.0.3 or later, which takes sockets and IPv6 addresses.",
            )


def _when(view: View) -> tuple[Stage, Severity]:
    """Until 0.6 the engine is made at the start; from 0.7 on at the first use."""
    return (
        (Stage.START, Severity.ERROR)
        if view.version < ENGINE_AT_START_UNTIL
        else (Stage.NEVER, Severity.WARNING)
    )


def _judge_password(view: View, backend: Backend, password: str) -> Iterator[Finding]:
    encoded = PERCENT_ENCODED.search(password)
    if "@" in password:
        stage, severity = _when(view)
        yield view.on_setting(
            backend,
            "password",
            "password-breaks-url",
            severity,
            stage,
            f"The password of {backend.name} has an @, which breaks the connection URL of sql_postgres before 1.0.3; the server "
            "reports it as a host that cannot be resolved",
            help="Choose another password, or upgrade to 1.0.3. Percent-encoded it would be wrong for kv_postgres.",
        )
    elif encoded:
        yield view.on_setting(
            backend,
            "password",
            "percent-encoded-password",
            Severity.WARNING,
            Stage.NEVER,
            f"sql_postgres before 1.0.3 decodes the percent signs in the password of {backend.name}; kv_postgres, and every "
            "backend from 1.0.3 on, sends it as it stands",
            help="Choose a password without % to be right for both.",
        )
    elif MEANS_SOMETHING_IN_URLS.search(password):
        yield view.on_setting(
            backend,
            "password",
            "password-breaks-url",
            Severity.INFO,
            Stage.NEVER,
            f"The password of {backend.name} has a character that means something in URLs, and sql_postgres before 1.0.3 pastes it "
            "into one unescaped",
            help="Letters and digits are safe in every version.",
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


def driver_variables(view: View) -> Iterator[Finding]:
    """Variables that the server's driver obeys where the config leaves a field unset; this program never reads them."""
    found = [name for name in DRIVER_VARIABLES if name in view.context.environment.variables]
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        if not found or is_set(backend, "ssl_mode") or is_set(backend, "connection_string"):
            continue
        yield view.on(
            backend,
            "driver-variables",
            Severity.INFO,
            Stage.NEVER,
            f"The environment has {', '.join(found)}: the driver of a server uses it for {backend.name} where a field is unset",
            help="This program does not; write the settings into the config to test what the server does.",
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


RULES = (
    password_breaks_url,
    percent_encoded_password,
    environment_fallback,
    driver_variables,
    ssl_not_honoured,
)
