"""What the `host` of kv_redis means in the URL that servers make of it, as redis-py reads that (8.1, run against each form).

Servers write `redis://HOST:PORT` (every release from 0.3.0 to 1.5.0). So a host may bring a login (`:PASSWORD@HOST`), and with a
sign that ends the address, after which the field `port` has no effect, another port and database (`HOST:6379/2#`), but never TLS.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from llama_storage_tui.backends.settings import LOGIN_NOT_ENCODED
from llama_storage_tui.backends.spec import HostFault, WrittenHost
from llama_storage_tui.deferred import dataclass

DEFAULT_HOST: Final = "localhost"
DEFAULT_PORT: Final = 6379
ENDS_ADDRESS: Final = "/?#"


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """What redis-py connects to."""

    host: str
    port: int
    database: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_place(host: str, port: int) -> RedisPlace:
    """Read a host; raises ValueError with the reason, which quotes nothing, for what redis-py refuses."""
    try:
        parts = urlsplit(f"redis://{host}:{port}")
        name, number = parts.hostname, parts.port
    except ValueError:
        raise ValueError(_why_no_url(host)) from None
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    user = unquote(parts.username) if parts.username else options.get("username")
    password = unquote(parts.password) if parts.password else options.get("password")
    return RedisPlace(
        unquote(name) if name else DEFAULT_HOST,
        number or DEFAULT_PORT,
        _database(options.get("db"), unquote(parts.path).replace("/", "")),
        user,
        password,
    )


def host_fault(host: WrittenHost) -> HostFault | None:
    """Return what is wrong with a host: redis-py refuses it, or the scheme of a URL becomes the host."""
    try:
        place = parse_place(host.text, host.port)
    except ValueError as reason:
        return HostFault(str(reason))
    if "://" not in host.text:
        return None
    return HostFault(
        f"is a URL. Servers write it into redis://HOST:PORT, and so connect to {place.host}, port {place.port}, without TLS",
        is_refused=False,
    )


def _database(option: str | None, path: str) -> int:
    try:
        return int(path if option is None else option)
    except ValueError:
        if option is not None:
            raise ValueError("names a database that is not a number") from None
        # redis-py leaves a path alone that is no number.
        return 0


def _why_no_url(host: str) -> str:
    if "@" in host:
        return LOGIN_NOT_ENCODED
    if host.count(":") > 1 and not any(sign in host for sign in f"{ENDS_ADDRESS}["):
        return "is an IPv6 address, which needs brackets"
    if "[" in host or "]" in host:
        return "has brackets that hold no IPv6 address"
    return "holds a port, and servers write the field port behind it"
