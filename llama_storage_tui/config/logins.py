"""Every place of a run config that logs in to PostgreSQL or MongoDB with a password: backends, inline stores, providers, any URI.

A rotation must know them all, the disabled ones too: a provider that is switched off today logs in with what stands there
tomorrow. So the file is searched as it is written, not as a server would load it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from llama_storage_tui.backends.mongodb.target import MongoTarget, mongo_target, mongo_target_of_uri
from llama_storage_tui.backends.mongodb.uri import DEFAULT_PORT
from llama_storage_tui.backends.postgres.server_login import is_pasted
from llama_storage_tui.backends.postgres.target import PostgresTarget, target_of_uri
from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.backends.settings import NoTarget
from llama_storage_tui.config.backends import read_backends
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, get, show_path, walk
from llama_storage_tui.config.edit.uri import is_mongo, password_span
from llama_storage_tui.config.environment import UNKNOWN, resolve
from llama_storage_tui.config.legacy import read_legacy, reads_inline_stores, snippets
from llama_storage_tui.config.targets import EntrySettings
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret

TYPES: Final = frozenset({"kv_postgres", "sql_postgres"})
MONGO_TYPES: Final = frozenset({"kv_mongodb", "mongodb"})
"""`mongodb` is what an inline store of 0.2 calls itself."""
OWN_MECHANISMS: Final = frozenset({"DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256"})
"""What checks a password that the server itself keeps; other mechanisms ask a directory, a cloud or a certificate."""
PGVECTOR: Final = "remote::pgvector"
_PGVECTOR_DEFAULTS: Final = {"host": "localhost", "port": 5432, "db": "postgres", "user": "postgres"}
_MONGO_DEFAULTS: Final[dict[str, object]] = {
    "host": "localhost",
    "port": DEFAULT_PORT,
    "db": "llamastack",
    "collection_name": "llamastack_kvstore",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """One login that a config holds.

    `path` leads to the field, `password` or one with a URI, in the file; `target` is where it logs in, with the password as the
    server reads it; None where that cannot be told, in which case `problem` says why. `is_pasted` marks sql_postgres before
    1.0.3, which pastes the password into a URL: there `%41` means A, and `@` breaks.
    """

    config: str
    name: str
    path: Path
    target: LoginTarget | None
    problem: str | None = None
    is_backend: bool = False
    is_uri: bool = False
    is_pasted: bool = False
    has_password: bool = True
    """Whether the file has something where the password belongs."""

    def as_read(self, password: Secret) -> Secret:
        """Return what the server makes of the password that stands in the file."""
        return _as_pasted(password) if self.is_pasted else password

    @property
    def shown(self) -> str:
        """The path as servers write it."""
        return show_path(self.path)


def _as_pasted(password: Secret) -> Secret:
    """Decode as SQLAlchemy does with a URL's password; an `@` would end it, so such a one reaches no server anyway."""
    text = password.reveal()
    return password if "@" in text else Secret(unquote(text))


def find_holders(context: Context) -> tuple[Holder, ...]:
    """Return all logins of a config, backends first."""
    found = list(_backends(context))
    covered = {holder.path[:-1] for holder in found}
    found += [holder for holder in _others(context) if holder.path[:-1] not in covered]
    return tuple(found)


def _backends(context: Context) -> Iterator[Holder]:
    if reads_inline_stores(context.raw, context.version):
        paths = [context.resolution.file_path(path) for path, _ in snippets(context.data)]
        pairs: list[tuple[Backend, Path]] = list(zip(read_legacy(context)[0], paths, strict=True))
    else:
        # A name that holds a password is shown without it: the place in the file is under the key as it stands there.
        backends = read_backends(context)
        entries = get(context.data, "storage", "backends")
        keys = entries if isinstance(entries, Mapping) else [backend.name for backend in backends]
        pairs = [
            (backend, ("storage", "backends", str(key))) for backend, key in zip(backends, keys, strict=True)
        ]
    for backend, path in pairs:
        if backend.type in MONGO_TYPES or (backend.type in TYPES and not backend.is_implied):
            yield _backend(context, backend, path)


def _backend(context: Context, backend: Backend, path: Path) -> Holder:
    is_uri = backend.type in TYPES and backend.credential.field == "connection_string"
    field = (*path, "connection_string" if is_uri else "password")
    kind = PostgresTarget if backend.type in TYPES else MongoTarget
    target = backend.target if isinstance(backend.target, kind) else None
    has_password = _is_there(context, field)
    if isinstance(target, PostgresTarget) and not has_password:
        # What a server sends instead is no password that could be changed in the file.
        target = replace(target, password=None)
    holder = Holder(
        context.document.name,
        backend.name,
        field,
        target,
        backend.problem,
        is_backend=True,
        is_uri=is_uri,
        is_pasted=not is_uri and is_pasted(backend.type, context.version),
        has_password=has_password,
    )
    return _without_foreign_login(holder)


def _without_foreign_login(holder: Holder) -> Holder:
    """Return a MongoDB login, without its target where no password of the server's own logs in."""
    target = holder.target
    if not isinstance(target, MongoTarget):
        return holder
    if not target.user:
        return replace(holder, target=None, problem="servers connect to it without a user")
    if target.mechanism is not None and target.mechanism not in OWN_MECHANISMS:
        words = f"it logs in with {target.mechanism}, whose secrets MongoDB does not keep"
        return replace(holder, target=None, problem=words)
    return holder


def _others(context: Context) -> Iterator[Holder]:
    for path, mapping in walk(context.document.data):
        if not isinstance(mapping, Mapping):
            continue
        values = resolve(dict(mapping), context.environment, context.version).data
        if not isinstance(values, Mapping):
            continue
        for key, value in values.items():
            if isinstance(key, str) and isinstance(value, str) and password_span(value) is not None:
                yield _uri(context, (*path, key), value)
        raw_type = str(values.get("type", ""))
        if "password" in mapping and raw_type in MONGO_TYPES:
            yield _mongo_fields(context, path, values)
        elif "password" in mapping and not _has_no_roles(raw_type) and _is_server(context, path, values):
            yield _fields(context, path, values)


def _has_no_roles(type_: str) -> bool:
    engine = engine_of_type(type_)
    return engine is not None and engine.roles is None


def _is_server(context: Context, path: Path, values: Mapping[object, object]) -> bool:
    """Tell whether a mapping looks like a PostgreSQL login: pgvector's, or any with host, database and user."""
    if _is_pgvector(context, path):
        return True
    return {"host", "user"} <= values.keys() and bool({"db", "database", "dbname"} & values.keys())


def _is_pgvector(context: Context, path: Path) -> bool:
    return path[-1:] == ("config",) and get(context.document.data, *path[:-1], "provider_type") == PGVECTOR


def _uri(context: Context, path: Path, text: str) -> Holder:
    name = _provider_name(context, path)
    target: LoginTarget
    told = EntrySettings(context, "", {})
    try:
        target = mongo_target_of_uri(text, told) if is_mongo(text) else target_of_uri(text, told)
    except NoTarget as reason:
        return Holder(context.document.name, name, path, None, str(reason), is_uri=True)
    return _without_foreign_login(Holder(context.document.name, name, path, target, is_uri=True))


def _mongo_fields(context: Context, path: Path, values: Mapping[object, object]) -> Holder:
    """Return the login of a mapping that calls itself MongoDB and is no backend of this config."""
    known = _MONGO_DEFAULTS | {str(key): value for key, value in values.items() if value is not None}
    name, field = _provider_name(context, path), (*path, "password")
    try:
        target = mongo_target(EntrySettings(context, "kv_mongodb", known))
    except NoTarget as reason:
        has_password = _is_there(context, field)
        return Holder(context.document.name, name, field, None, str(reason), has_password=has_password)
    return _without_foreign_login(Holder(context.document.name, name, field, target))


def _fields(context: Context, path: Path, values: Mapping[object, object]) -> Holder:
    defaults = _PGVECTOR_DEFAULTS if _is_pgvector(context, path) else {"port": 5432}
    known = {**defaults, **{str(key): value for key, value in values.items() if value is not None}}
    database = next((known[name] for name in ("db", "database", "dbname") if name in known), None)
    host, user, password, port = (known.get(name) for name in ("host", "user", "password", "port"))
    name = _provider_name(context, path)
    field = (*path, "password")
    problem: str | None = None
    if UNKNOWN in (host, user, password, port, database):
        problem = f"it {context.resolution.depends(path)}"
    elif not isinstance(password, str):
        problem = "its password is not text" if password is not None else "it has no password"
    elif not (isinstance(host, str) and isinstance(user, str) and isinstance(database, str)):
        problem = "its host, user or database is not text"
    elif "@" in host:
        problem = "its host holds a user name or password"
    elif not isinstance(port, int | str) or not str(port).isdecimal():
        problem = "its port is not a number"
    else:
        target = PostgresTarget(host, int(port), database, user, Secret(password))
        return Holder(context.document.name, name, field, target)
    return Holder(context.document.name, name, field, None, problem, has_password=_is_there(context, field))


def _is_there(context: Context, field: Path) -> bool:
    return get(context.document.data, *field) not in (None, "")


def _provider_name(context: Context, path: Path) -> str:
    if path[:1] == ("providers",) and len(path) > 2:
        provider = get(context.document.data, *path[:3], "provider_id")
        if isinstance(provider, str):
            return provider
    return show_path(path[:-1])
