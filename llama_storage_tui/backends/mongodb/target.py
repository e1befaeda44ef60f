"""A MongoDB collection, or a login alone, as the config names it."""

from __future__ import annotations

from dataclasses import field

from llama_storage_tui.backends.mongodb.uri import DEFAULT_PORT, parse_host
from llama_storage_tui.backends.settings import BackendSettings, NoTarget
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret


@dataclass(frozen=True, slots=True)
class MongoTarget(LoginTarget):
    """A MongoDB collection, or a login alone; `host` is a name, a list of seeds or a URI, without a login in any case.

    `seeds` are its hosts and ports; port 0 marks a name whose DNS lists them (mongodb+srv). The user belongs to the database
    `auth_source`. `user` is empty where servers connect without a login.
    """

    host: str = field(repr=False)
    port: int
    database: str
    user: str
    password: Secret | None = None
    collection: str | None = None
    seeds: tuple[tuple[str, int], ...] = ()
    auth_source: str = "admin"
    mechanism: str | None = None
    uses_tls: bool = False

    @property
    def role(self) -> str:
        """Who logs in, as an operator names it."""
        return f"{self.user}@{self.auth_source}"

    @property
    def principal(self) -> tuple[str, ...]:
        """Who logs in, as the server tells one from another."""
        return self.user, self.auth_source

    @property
    def location(self) -> str:
        """Where this is, without its credentials and further options."""
        scheme = "mongodb+srv" if any(port == 0 for _, port in self.seeds) else "mongodb"
        return f"{scheme}://{self.place}/?authSource={self.auth_source}"

    @property
    def place(self) -> str:
        """The server alone."""
        names = ((f"[{host}]" if ":" in host else host, port) for host, port in self.seeds)
        return ",".join(f"{host}:{port}" if port else host for host, port in names)


def mongo_target(settings: BackendSettings) -> MongoTarget:
    """Return what a kv_mongodb backend connects to; raises NoTarget."""
    host, port = settings.text("host"), settings.port()
    try:
        place = parse_host(host, port)
    except ValueError as reason:
        raise NoTarget(f"its host {reason}") from None
    if place.user or place.password is not None:
        raise NoTarget(
            "its host holds a user or a password, which servers never use: they log in with the fields user and password alone"
        )
    for name in ("user", "password"):
        if settings.is_unknown(name):
            raise settings.unknown(name)
    user, password = settings.get("user"), settings.get("password")
    if not isinstance(user, str | None) or not isinstance(password, str | None):
        raise NoTarget("its user or password is not text")
    login = mongo_login(host, port, user or "", None if password is None else Secret(password))
    return replace(login, database=settings.text("db"), collection=settings.text("collection_name"))


def mongo_login(host: str, port: int, user: str, password: Secret | None = None) -> MongoTarget:
    """Return what a user logs in to at a host that was read before."""
    place = parse_host(host, port)
    return MongoTarget(
        place.host,
        port,
        "",
        user,
        password,
        None,
        place.seeds,
        place.auth_source,
        place.mechanism,
        place.uses_tls,
    )


def mongo_target_of_uri(text: str, settings: BackendSettings) -> MongoTarget:
    """Return what a MongoDB URI connects to; raises NoTarget where it does not say."""
    try:
        place = parse_host(text)
    except ValueError as reason:
        raise NoTarget(f"it {reason}") from None
    secret = None if place.password is None else settings.secret(place.password)
    return mongo_login(place.host, DEFAULT_PORT, place.user, secret)


def location(settings: BackendSettings, _: MongoTarget | None) -> str:
    """Say where the collection is."""
    host = settings.shown("host")
    server = host if "://" in host else f"mongodb://{host}:{settings.shown('port')}"
    return f"{server}/{settings.shown('db')}"


def container(backend: Backend) -> str:
    """Name database and collection."""
    return f"{backend.value_of('db') or ''}.{backend.value_of('collection_name') or ''}"
