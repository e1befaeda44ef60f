"""PostgreSQL settings that servers of some versions get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llama_storage_tui.backends.postgres.server_login import (
    BREAKS_USER,
    PATHS_OF_DRIVERS,
    PERCENT_ENCODED,
    pasted_wrongly,
)
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.config.rules.view import View, is_set, setting
from llama_storage_tui.config.substitution import find_foreign
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.finding import Finding, Severity, Stage, informs, warns
from llama_storage_tui.secrets import Secret
from llama_storage_tui.upstream import changes

HOST_BREAKS_URL: Final = warns(
    id="host-breaks-url",
    title="A host breaks the connection URL of sql_postgres",
    advice="Use a host name or an IPv4 address, or upgrade to 1.0.3 or later, which takes sockets and IPv6 addresses.",
    also=((Severity.ERROR, Stage.START),),
    until=changes.SQL_URL_ESCAPED,
)
MISSING_PASSWORD: Final = warns(
    id="missing-password",
    title="A sql_postgres backend has no password, and the server sends the text None",
    advice="Set the password, or upgrade to 1.0.3 or later.",
    until=changes.SQL_URL_ESCAPED,
)
USER_BREAKS_URL: Final = warns(
    id="user-breaks-url",
    title="A user name breaks the connection URL of sql_postgres",
    advice="Upgrade to 1.0.3 or later, or use a role whose name needs no escaping.",
    also=((Severity.ERROR, Stage.START),),
    until=changes.SQL_URL_ESCAPED,
)
PASSWORD_BREAKS_URL: Final = warns(
    id="password-breaks-url",
    title="A password breaks, or may break, the connection URL of sql_postgres",
    advice="Choose a password of letters and digits, or upgrade to 1.0.3. Percent-encoded it would be wrong "
    "for kv_postgres.",
    also=(
        (Severity.ERROR, Stage.START),
        (Severity.INFO, Stage.NEVER),
    ),
    until=changes.SQL_URL_ESCAPED,
)
PERCENT_ENCODED_PASSWORD: Final = warns(
    id="percent-encoded-password",
    title="A password holds percent signs, which releases read differently",
    advice="Choose a password without % to be right for every release and both families.",
    also=((Severity.INFO, Stage.NEVER),),
)
ENVIRONMENT_FALLBACK: Final = informs(
    id="environment-fallback",
    title="A backend has no password, and the server's driver looks for one in its environment",
    advice="This program does not look there. Set the password in the config, so that this program uses the same one.",
)
DRIVER_VARIABLES: Final = informs(
    id="driver-variables",
    title="Variables of the PostgreSQL driver stand in for fields that the config leaves unset",
    advice="This program does not read them; write the settings into the config to test what the server "
    "does.",
)
SSL_DISABLE_IGNORED: Final = informs(
    id="ssl-disable-ignored",
    title="ssl_mode disable does not switch TLS off",
    advice="Switch TLS off in the PostgreSQL server, or leave it on.",
    since=changes.KV_POSTGRES_POOLED,
)
CA_CERT_IGNORED: Final = informs(
    id="ca-cert-ignored",
    title="ca_cert_path is ignored with ssl_mode verify-ca",
    advice="Use verify-full.",
    since=changes.KV_POSTGRES_POOLED,
)

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
    if view.version >= changes.SQL_URL_ESCAPED:
        return
    for backend in view.backends_of("sql_postgres"):
        password, user = _password(backend), setting(backend, "user")
        if password is not None:
            yield from _judge_password(view, backend, password)
        elif not is_set(backend, "password") and isinstance(backend.target, PostgresTarget):
            yield view.on_setting(
                backend,
                "password",
                MISSING_PASSWORD,
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
                USER_BREAKS_URL,
                f"The user of {backend.name} has a character that breaks the connection URL of sql_postgres before 1.0.3",
                severity=severity,
                stage=stage,
            )
        host = setting(backend, "host")
        value = host.value if host is not None else None
        if pasted_wrongly("sql_postgres", view.version, value, None, None) and not find_foreign(str(value)):
            stage, severity = _when(view)
            yield view.on_setting(
                backend,
                "host",
                HOST_BREAKS_URL,
                f"The host of {backend.name} has a character that breaks the connection URL of sql_postgres before 1.0.3",
                severity=severity,
                stage=stage,
            )


def _when(view: View) -> tuple[Stage, Severity]:
    """Until 0.6 the engine is made at the start; from 0.7 on at the first use."""
    return (
        (Stage.START, Severity.ERROR)
        if view.version < changes.SQL_ENGINE_MADE_LATE
        else (Stage.NEVER, Severity.WARNING)
    )


def _judge_password(view: View, backend: Backend, password: str) -> Iterator[Finding]:
    encoded = PERCENT_ENCODED.search(password)
    if "@" in password:
        stage, severity = _when(view)
        yield view.on_setting(
            backend,
            "password",
            PASSWORD_BREAKS_URL,
            f"The password of {backend.name} has an @, which breaks the connection URL of sql_postgres before 1.0.3; the server "
            "reports it as a host that cannot be resolved",
            help="Choose another password, or upgrade to 1.0.3. Percent-encoded it would be wrong for kv_postgres.",
            severity=severity,
            stage=stage,
        )
    elif encoded:
        yield view.on_setting(
            backend,
            "password",
            PERCENT_ENCODED_PASSWORD,
            f"sql_postgres before 1.0.3 decodes the percent signs in the password of {backend.name}; kv_postgres, and every "
            "backend from 1.0.3 on, sends it unchanged",
            help="Choose a password without % to be right for both.",
        )
    elif MEANS_SOMETHING_IN_URLS.search(password):
        yield view.on_setting(
            backend,
            "password",
            PASSWORD_BREAKS_URL,
            f"The password of {backend.name} has a character that means something in URLs, and sql_postgres before 1.0.3 pastes it "
            "into one unescaped",
            help="Letters and digits are safe in every version.",
            severity=Severity.INFO,
        )


def percent_encoded_password(view: View) -> Iterator[Finding]:
    """From 1.0.3 on a password that was percent-encoded for older versions is wrong."""
    if view.version < changes.SQL_URL_ESCAPED:
        return
    for backend in view.backends_of("sql_postgres"):
        password = _password(backend)
        if password and PERCENT_ENCODED.search(password):
            yield view.on_setting(
                backend,
                "password",
                PERCENT_ENCODED_PASSWORD,
                f"The password of {backend.name} looks percent-encoded; from 1.0.3 on it is sent unchanged",
                help="If it was encoded for an older server, write the plain value.",
                severity=Severity.INFO,
            )


def environment_fallback(view: View) -> Iterator[Finding]:
    """An unset password lets the server's driver take one from PGPASSWORD or a passfile; this program never does."""
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        target = backend.target
        if isinstance(target, PostgresTarget) and target.password is None:
            if backend.type == "sql_postgres" and view.version < changes.SQL_URL_ESCAPED:
                continue
            yield view.on_setting(
                backend,
                "password",
                ENVIRONMENT_FALLBACK,
                f"{backend.name} has no password: a server takes one from $PGPASSWORD or a passfile if it finds any",
            )


def driver_variables(view: View) -> Iterator[Finding]:
    """Variables that the server's driver obeys where the config leaves a field unset; this program never reads them."""
    found = [name for name in PATHS_OF_DRIVERS if name in view.context.environment.variables]
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        if not found or is_set(backend, "ssl_mode") or is_set(backend, "connection_string"):
            continue
        yield DRIVER_VARIABLES.found_on(
            backend,
            f"The environment has {', '.join(found)}: the driver of a server uses it for {backend.name} where a field is unset",
            help="This program does not; write the settings into the config to test what the server does.",
        )


def ssl_not_honoured(view: View) -> Iterator[Finding]:
    """SSL settings that do less than they say."""
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        mode, certificate = setting(backend, "ssl_mode"), setting(backend, "ca_cert_path")
        value = mode.value if mode is not None and mode.is_known else None
        from_asyncpg = view.version >= (
            changes.KV_POSTGRES_POOLED if backend.type == "kv_postgres" else changes.SQL_TLS
        )
        if value == "disable" and from_asyncpg:
            yield view.on_setting(
                backend,
                "ssl_mode",
                SSL_DISABLE_IGNORED,
                f"ssl_mode disable on {backend.name} does not switch TLS off: the driver's default, prefer, stays",
            )
        is_verify_ca = (
            value == "verify-ca"
            and backend.type == "kv_postgres"
            and view.version >= changes.KV_POSTGRES_POOLED
        )
        if is_verify_ca and certificate is not None and certificate.value:
            yield view.on_setting(
                backend,
                "ca_cert_path",
                CA_CERT_IGNORED,
                f"ca_cert_path on {backend.name} is ignored with ssl_mode verify-ca",
            )


CHECKS = (
    password_breaks_url,
    percent_encoded_password,
    environment_fallback,
    driver_variables,
    ssl_not_honoured,
)
