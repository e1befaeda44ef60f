"""What a `connection_string` connects to, read as asyncpg reads it, to which servers hand it (ogx 1.4.1 and later).

Read from asyncpg's connect_utils.py, 0.30 to 0.32. Unlike in libpq, userinfo ends at the first @, a host in the query counts only
where none stands before it, the last of equal options counts, and options that are not asyncpg's own are settings of the session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from llama_storage_tui.deferred import dataclass

DEFAULT_PORT: Final = 5432
ANY: Final = "any"
SESSION_KINDS: Final = (ANY, "primary", "standby", "prefer-standby", "read-write", "read-only")
"""What target_session_attrs may be."""
_OWN: Final = frozenset(
    {
        "host",
        "port",
        "dbname",
        "database",
        "user",
        "password",
        "passfile",
        "service",
        "sslmode",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslnegotiation",
        "sslcrl",
        "sslpassword",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
    }
)
"""The options that are asyncpg's own."""
_IPV6: Final = re.compile(r"\[([^\]]+)\](?::([0-9]+))?")


class UnreadableUriError(ValueError):
    """A connection string that asyncpg refuses; says nothing of its content, which holds a password."""


@dataclass(frozen=True, slots=True)
class PostgresUri:
    """The parts of a connection string, decoded; '' and None for what it does not say."""

    hosts: tuple[tuple[str, int], ...]
    """In the order in which they are tried."""
    database: str
    user: str
    password: str | None
    options: Mapping[str, str]
    """Those that are asyncpg's own, and say nothing of hosts or the login."""
    settings: tuple[tuple[str, str], ...]
    """What the session is begun with: `options`, `search_path`, `application_name` …"""

    @property
    def session(self) -> str:
        """Which of the hosts is taken: one of SESSION_KINDS."""
        return self.options.get("target_session_attrs", ANY)


def read_uri(text: str) -> PostgresUri:
    """Return the parts of a connection string; raises UnreadableUriError."""
    try:
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        return _read(parts.scheme, parts.netloc, parts.path, query)
    except (ValueError, IndexError):
        raise UnreadableUriError from None


def _read(scheme: str, netloc: str, path: str, query: Mapping[str, str]) -> PostgresUri:
    if scheme not in ("postgres", "postgresql"):
        raise UnreadableUriError
    userinfo, has_userinfo, specs = netloc.partition("@")
    if not has_userinfo:
        userinfo, specs = "", netloc
    user, _, password = userinfo.partition(":")
    hosts = tuple(_hosts(specs, "", is_encoded=True)) or tuple(
        _hosts(query.get("host", ""), query.get("port", ""), is_encoded=False)
    )
    found = PostgresUri(
        hosts,
        unquote(path.removeprefix("/")) or query.get("dbname", query.get("database", "")),
        unquote(user) or query.get("user", ""),
        unquote(password) if password else query.get("password"),
        {name: value for name, value in query.items() if name in _OWN},
        tuple((name, value) for name, value in query.items() if name not in _OWN),
    )
    if found.session not in SESSION_KINDS:
        raise UnreadableUriError
    return found


def _hosts(text: str, ports: str, *, is_encoded: bool) -> Iterator[tuple[str, int]]:
    specs = text.split(",") if text else []
    given = [int(port) for port in ports.split(",")] if ports else [DEFAULT_PORT]
    if len(given) == 1:
        given *= len(specs)
    for spec, default in zip(specs, given, strict=True):
        if spec[0] == "/":
            host, port = spec, ""
        elif spec[0] == "[":
            found = _IPV6.match(spec)
            if found is None:
                raise UnreadableUriError
            host, port = found[1], found[2]
        else:
            host, _, port = spec.partition(":")
        yield (unquote(host) if is_encoded else host), int(port) if port else default
