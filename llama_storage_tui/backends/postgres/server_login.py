"""How a server of a version logs in to PostgreSQL with a backend's fields, where that is not what they say.

Read from the packages: `engine_str` and `create_engine` of sql_postgres (llama-stack 0.3.0 to ogx 1.5.0), `_build_ssl` of both, and
what SQLAlchemy makes of a URL. Before 1.0.3 sql_postgres pastes host, user and password into one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from llama_storage_tui.backends.settings import BackendSettings
from llama_storage_tui.backends.spec import HostFault, WrittenHost
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes

PASTED_NONE: Final = "None"
"""What sql_postgres before 1.0.3 sends where the config has no password."""
PERCENT_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
BREAKS_USER: Final = re.compile(r"[:/@]")
BREAKS_HOST: Final = re.compile(r"[/:?@]")
PATHS_OF_DRIVERS: Final = ("PGSSLMODE", "PGSSLROOTCERT", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE")
ENDS_IN_LINE_BREAK: Final = "The password ends in a line break, and is sent with it."
"""What `kubectl create secret --from-file` makes of a file that an editor wrote."""
SENDS_EMPTY: Final = (
    "The config has no password: this test sends an empty one, while a server takes one from $PGPASSWORD or a passfile if it finds "
    "any."
)


@dataclass(frozen=True, slots=True)
class ServerLogin:
    """What a server sends and how it protects the connection: each None where it leaves that to its driver."""

    user: str
    password: str | None
    ssl_mode: str | None
    uses_ca: bool


def is_pasted(type_: str, version: Version) -> bool:
    """Tell whether a server of the version pastes user and password into a URL."""
    return type_ == "sql_postgres" and version < changes.SQL_URL_ESCAPED


def server_login(
    type_: str, version: Version, user: str, password: str | None, ssl_mode: str | None
) -> ServerLogin:
    """Return how a server of the version uses a backend's fields."""
    if is_pasted(type_, version):
        user = unquote(user)
        password = PASTED_NONE if password is None else unquote(password)
    if type_ == "sql_postgres" and version < changes.SQL_TLS:
        return ServerLogin(user, password, None, uses_ca=False)
    if type_ == "kv_postgres" and version < changes.KV_POSTGRES_POOLED:
        return ServerLogin(user, password, ssl_mode, uses_ca=True)
    # Both hand the mode to asyncpg, `disable` as nothing at all, which is its default: prefer.
    verifying = ("verify-full",) if type_ == "kv_postgres" else ("verify-ca", "verify-full")
    mode = None if ssl_mode == "disable" else ssl_mode
    # For verify-ca asyncpg needs a certificate authority: one is checked here, if not the server's.
    return ServerLogin(user, password, mode, uses_ca=mode in verifying or mode == "verify-ca")


def pasted_wrongly(type_: str, version: Version, host: object, user: object, password: object) -> str | None:
    """Return which field breaks the URL that a server of the version makes of them; None where none does."""
    if not is_pasted(type_, version):
        return None
    if isinstance(password, str) and "@" in password:
        return "password"
    if isinstance(user, str) and BREAKS_USER.search(user):
        return "user"
    if isinstance(host, str) and BREAKS_HOST.search(host) and not re.fullmatch(r"\[[^/?]+\]", host):
        return "host"
    return None


def host_fault(host: WrittenHost) -> HostFault | None:
    """Return why a server's driver finds no server under a host, where it is given as a field of its own (by all but pasted URLs).

    Seen with psycopg2 2.9 and asyncpg 0.32: the whole text is looked up as a name, a port or brackets with it.
    """
    text = host.text
    if is_pasted(host.type, host.version) or text.startswith("/"):
        return None
    if "@" in text:
        return HostFault("holds a login, and the whole is looked up as a name")
    if "://" in text:
        return HostFault("is a URL, which is looked up as a name")
    if text.startswith("[") and text.endswith("]"):
        return HostFault(
            "is an IPv6 address in brackets, which PostgreSQL's drivers take for a name: it goes without"
        )
    if text.count(":") == 1 or "]:" in text:
        return HostFault("holds a port, and the whole is looked up as a name")
    return None


def unlike_config(settings: BackendSettings) -> Iterator[str]:
    """Yield what is not as the fields of a PostgreSQL backend say, in a test's connection or in a server's."""
    version, type_ = settings.version, settings.type
    if settings.get("connection_string") is None:
        yield from _unlike_password(version, type_, settings.get("password"))
    yield from _unlike_mode(version, type_, settings.get("ssl_mode"), settings.get("ca_cert_path"))
    found = [each for each in PATHS_OF_DRIVERS if each in settings.variables]
    if settings.get("connection_string") is None and found and settings.get("ssl_mode") is None:
        yield f"{', '.join(found)} is set here: a server's driver obeys it, this test does not."


def _unlike_password(version: Version, type_: str, password: object) -> Iterator[str]:
    if isinstance(password, str) and password.endswith(("\n", "\r")):
        yield ENDS_IN_LINE_BREAK
    if not is_pasted(type_, version):
        if not password:
            yield SENDS_EMPTY
    elif password is None:
        yield f"The config has no password: {type_} before 1.0.3 sends the word {PASTED_NONE} instead, and so does this test."
    elif isinstance(password, str) and PERCENT_ENCODED.search(password):
        yield f"The password is sent with its percent signs decoded, as {type_} before 1.0.3 does."


def _unlike_mode(version: Version, type_: str, mode: object, ca: object) -> Iterator[str]:
    if type_ == "sql_postgres" and version < changes.SQL_TLS:
        if mode is not None or ca is not None:
            field = f"ssl_mode {mode}" if mode is not None else "ca_cert_path"
            yield (
                f"{field} is ignored, as {type_} before 1.4 does: TLS is used only where the database server offers it, and no "
                "certificate is checked."
            )
        return
    if type_ == "kv_postgres" and version < changes.KV_POSTGRES_POOLED:
        return
    name = f"{type_} in {version.product} {version}"
    if mode == "disable":
        yield f"ssl_mode disable does not switch TLS off for {name}: tested like prefer, as the server connects."
    elif ca is not None and mode == "verify-ca" and type_ == "kv_postgres":
        yield (
            f"The certificate was checked with ca_cert_path. {name} ignores that with verify-ca and reads "
            "~/.postgresql/root.crt of its own user."
        )
    elif ca is not None and mode not in ("verify-ca", "verify-full"):
        yield f"ca_cert_path is ignored without a verifying ssl_mode, as {name} does: no certificate is checked."
