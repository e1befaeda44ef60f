"""What the `host` of kv_mongodb means: a name, a list of seeds, or a whole MongoDB URI, as pymongo reads it.

Servers pass `host`, `port`, `user` and `password` to pymongo's client (every release from 0.3.0 to 1.5.0). `port` is that of
every host without one. Fields take the place of a URI's login even where they are empty, so that a login inside the URI is never
used (pymongo 4.20, measured). The user is looked up in the URI's authSource, else in its database, else in `admin`.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final
from urllib.parse import unquote_plus

from llama_storage_tui.backends.settings import LOGIN_NOT_ENCODED
from llama_storage_tui.backends.spec import HostFault, WrittenHost
from llama_storage_tui.deferred import dataclass

SCHEME: Final = "mongodb://"
SRV_SCHEME: Final = "mongodb+srv://"
DEFAULT_PORT: Final = 27017
DEFAULT_SOURCE: Final = "admin"
_TRUE: Final = "true"


@dataclass(frozen=True, slots=True)
class MongoPlace:
    """A host as pymongo reads it; `host` is the same without a login. A seed of port 0 is a name whose DNS lists the hosts."""

    host: str = field(repr=False)
    seeds: tuple[tuple[str, int], ...]
    auth_source: str
    mechanism: str | None
    uses_tls: bool
    user: str = ""
    password: str | None = field(default=None, repr=False)


def is_uri(text: str) -> bool:
    """Tell a URI from a host."""
    return text.startswith((SCHEME, SRV_SCHEME))


def parse_host(text: str, port: int = DEFAULT_PORT) -> MongoPlace:
    """Read a host; raises ValueError with the reason, which quotes nothing, for what the driver would refuse."""
    if not is_uri(text):
        if "/" in text or "@" in text:
            raise ValueError("is neither a name nor a mongodb:// URI")
        return MongoPlace(text, _seeds(text, port), DEFAULT_SOURCE, None, uses_tls=False)
    is_srv = text.startswith(SRV_SCHEME)
    scheme = SRV_SCHEME if is_srv else SCHEME
    front, mark, query = text.removeprefix(scheme).partition("?")
    hosts, slash, database = front.partition("/")
    login, _, hosts = hosts.rpartition("@")
    user, colon, password = login.partition(":")
    if "@" in login or ":" in password:
        raise ValueError(LOGIN_NOT_ENCODED)
    options = dict(_options(query))
    source = options.get("authsource") or unquote_plus(database).partition(".")[0] or DEFAULT_SOURCE
    tls = options.get("tls", options.get("ssl", _TRUE if is_srv else ""))
    return MongoPlace(
        f"{scheme}{hosts}{slash}{database}{mark}{query}",
        ((hosts.lower(), 0),) if is_srv else _seeds(hosts, port),
        source,
        options.get("authmechanism"),
        tls.lower() == _TRUE,
        unquote_plus(user),
        unquote_plus(password) if colon else None,
    )


def host_fault(host: WrittenHost) -> HostFault | None:
    """Return why pymongo refuses a host; None where it does not."""
    try:
        parse_host(host.text, host.port)
    except ValueError as reason:
        return HostFault(str(reason))
    return None


def _options(query: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in query.replace(";", "&").split("&") if part)
    return [(name.lower(), unquote_plus(value)) for name, _, value in pairs]


def _seeds(text: str, port: int) -> tuple[tuple[str, int], ...]:
    return tuple(_seed(part, port) for part in text.split(","))


def _seed(text: str, default: int) -> tuple[str, int]:
    if text.startswith("["):
        name, closing, rest = text[1:].partition("]")
        number = rest.removeprefix(":")
        if not closing or (rest and not rest.startswith(":")):
            raise ValueError("has an address in brackets that does not end")
    elif text.lower().endswith(".sock"):
        return unquote_plus(text), default
    else:
        name, _, number = text.partition(":")
    if not name or text.count(":") > 1 > text.count("["):
        if ":" in text[1:]:
            raise ValueError("is an IPv6 address, which needs brackets")
        raise ValueError("lacks the name of a host")
    if number and not (number.isdecimal() and 0 < int(number) < 65536):
        raise ValueError("has a port that is not a number")
    return name.lower(), int(number) if number else default
