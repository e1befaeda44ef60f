"""What an engine connects to, as the config says it; and where that is, in words without a secret."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.config.mongo_uri import DEFAULT_PORT, parse_host
from llama_storage_tui.config.server_login import server_login
from llama_storage_tui.model.target import (
    MongoTarget,
    PostgresTarget,
    SqliteTarget,
    Target,
    UnsupportedTarget,
)
from llama_storage_tui.secrets import Secret

KV_SQLITE_TABLE: Final = "kvstore"
UNSUPPORTED: Final = {
    "kv_redis": UnsupportedTarget("Redis", "connecting to Redis is not built in yet"),
}


class NoTarget(Exception):  # noqa: N818 - a reason, caught where it is raised from
    """Why a backend's target cannot be told; the text is shown to the operator."""


def _text(values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if value is UNKNOWN:
        raise NoTarget(f"its {name} depends on a variable that is not set")
    if not isinstance(value, str) or not value:
        raise NoTarget(f"its {name} is not set" if value in (None, "") else f"its {name} is not text")
    return value


def _port(values: Mapping[str, object]) -> int:
    value = values.get("port")
    if value is UNKNOWN:
        raise NoTarget("its port depends on a variable that is not set")
    try:
        return int(value) if isinstance(value, str | int) and not isinstance(value, bool) else int("")
    except ValueError:
        raise NoTarget("its port is not a number") from None


def read_target(
    context: Context, type_: str, values: Mapping[str, object], entry: Mapping[object, object]
) -> Target:
    """Return what to connect to; raises NoTarget. `entry` is what the file has, `values` the same with defaults."""
    if type_ in UNSUPPORTED:
        return UNSUPPORTED[type_]
    if type_ in ("kv_sqlite", "sql_sqlite"):
        return sqlite_target(context, type_, values)
    if type_ in ("kv_postgres", "sql_postgres"):
        return _postgres_target(context, type_, values, entry)
    if type_ == "kv_mongodb":
        return mongo_target(values)
    raise NoTarget(f"its type {type_!r} is unknown" if type_ else "it has no type")


def sqlite_target(context: Context, type_: str, values: Mapping[str, object]) -> SqliteTarget:
    """Return the file of a SQLite backend, where it can be read here."""
    text = _text(values, "db_path")
    table = KV_SQLITE_TABLE if type_ == "kv_sqlite" else None
    if text == ":memory:" or "mode=memory" in text:
        return SqliteTarget(FilePath(text), table, is_memory=True)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    # kv_sqlite takes a literal ~ as a directory's name; only sql_sqlite expands it.
    expanded = text if type_ == "kv_sqlite" else context.environment.expand_user(text)
    path = FilePath(os.path.abspath(context.map_path(expanded)))  # noqa: PTH100 - resolve() would follow links
    return SqliteTarget(path, table, makes_folders=type_ == "kv_sqlite")


def _postgres_target(
    context: Context, type_: str, values: Mapping[str, object], entry: Mapping[object, object]
) -> PostgresTarget:
    table = _text(values, "table_name") if type_ == "kv_postgres" else None
    if entry.get("connection_string") is not None and "connection_string" in values:
        return target_of_uri(context, _text(values, "connection_string"), values, table)
    password = values.get("password")
    if password is UNKNOWN:
        raise NoTarget("its password depends on a variable that is not set")
    if password is not None and not isinstance(password, str):
        raise NoTarget("its password is not text")
    host = _text(values, "host")
    if "@" in host:
        # A password in front of a host would end up in messages, and no driver looks for one there.
        raise NoTarget("its host holds a user name or password")
    mode = _optional_text(values, "ssl_mode")
    login = server_login(type_, context.version, _text(values, "user"), password, mode)
    if password and login.password:
        # Not the word that stands for a missing one: that is no secret, and would be masked in every text.
        context.secrets.add(Secret(login.password))
    return PostgresTarget(
        host,
        _port(values),
        _text(values, "db"),
        login.user,
        None if login.password is None else Secret(login.password),
        table,
        login.ssl_mode,
        _optional_path(context, values.get("ca_cert_path")) if login.uses_ca else None,
    )


def mongo_target(values: Mapping[str, object]) -> MongoTarget:
    """Return what a kv_mongodb backend connects to; raises NoTarget."""
    host = _text(values, "host")
    try:
        place = parse_host(host, _port(values))
    except ValueError as reason:
        raise NoTarget(f"its host {reason}") from None
    if place.user or place.password is not None:
        raise NoTarget(
            "its host holds a user or a password, which servers never use: they log in with the fields user and password alone"
        )
    user, password = values.get("user"), values.get("password")
    if UNKNOWN in (user, password):
        raise NoTarget("its user or password depends on a variable that is not set")
    if not isinstance(user, str | None) or not isinstance(password, str | None):
        raise NoTarget("its user or password is not text")
    login = mongo_login(host, _port(values), user or "", None if password is None else Secret(password))
    return replace(login, database=_text(values, "db"), collection=_text(values, "collection_name"))


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


def mongo_target_of_uri(context: Context, text: str) -> MongoTarget:
    """Return what a MongoDB URI connects to; raises NoTarget where it does not say."""
    try:
        place = parse_host(text)
    except ValueError as reason:
        raise NoTarget(f"it {reason}") from None
    secret = None if place.password is None else Secret(place.password)
    if secret:
        context.secrets.add(secret)
    return mongo_login(place.host, DEFAULT_PORT, place.user, secret)


def _optional_text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) else None


def _optional_path(context: Context, value: object) -> FilePath | None:
    return FilePath(context.map_path(value)) if isinstance(value, str) and value else None


def target_of_uri(
    context: Context, text: str, values: Mapping[str, object], table: str | None
) -> PostgresTarget:
    """Return what a `connection_string` connects to; raises NoTarget where it does not say."""
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
        host = parts.hostname
    except ValueError:
        raise NoTarget("its connection_string cannot be parsed") from None
    query = dict(parse_qsl(parts.query))
    database = unquote(parts.path.lstrip("/")) or query.get("dbname", "")
    host = query.get("host", unquote(host) if host else "")
    user = unquote(parts.username or "") or query.get("user", "")
    if parts.scheme not in ("postgres", "postgresql") or not host or not database or not user:
        raise NoTarget(
            "its connection_string lacks the scheme, host, user or database that a connection needs"
        )
    password = unquote(parts.password) if parts.password is not None else query.get("password")
    secret = None if password is None else Secret(password)
    if secret:
        context.secrets.add(secret)
    return PostgresTarget(
        host,
        int(query["port"]) if query.get("port", "").isdecimal() else port,
        database,
        user,
        secret,
        table,
        query.get("sslmode", query.get("ssl")) or _optional_text(values, "ssl_mode"),
        _optional_path(context, query.get("sslrootcert") or values.get("ca_cert_path")),
    )


def location_of(type_: str, values: Mapping[str, object], target: Target | None) -> str:
    """Say where a backend is: a file path, `postgresql://HOST:PORT/DB` and the like, passwords masked wherever they stand."""
    if isinstance(target, SqliteTarget):
        return ":memory:" if target.is_memory else mask_userinfo(str(target.path))
    if isinstance(target, PostgresTarget):
        host = f"[{target.host}]" if ":" in target.host else target.host
        return f"postgresql://{host}:{target.port}/{mask_userinfo(target.database)}"

    def shown(name: str) -> str:
        value = values.get(name)
        return mask_userinfo(str(value)) if isinstance(value, str | int | float) else "?"

    match type_:
        case "kv_redis":
            return f"redis://{shown('host')}:{shown('port')}/0"
        case "kv_mongodb":
            host = shown("host")
            server = host if "://" in host else f"mongodb://{host}:{shown('port')}"
            return f"{server}/{shown('db')}"
        case "kv_postgres" | "sql_postgres" if values.get("connection_string") is not None:
            return ""
        case "kv_postgres" | "sql_postgres":
            return f"postgresql://{shown('host')}:{shown('port')}/{shown('db')}"
        case "kv_sqlite" | "sql_sqlite":
            return shown("db_path")
        case _:
            return ""
