"""Backends of the catalog as values: settings with their sources, a location to show, a target to connect to."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from llama_storage_tui.config import schema
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.config.environment import UNKNOWN, contains_unknown
from llama_storage_tui.config.masking import (
    is_secret_name,
    mask_expression,
    mask_userinfo,
    mask_value,
    secrets_in_userinfo,
)
from llama_storage_tui.model.catalog import NOT_SET, Backend, Credential, Family, Setting, SettingValue
from llama_storage_tui.model.target import PostgresTarget, SqliteTarget, Target, UnsupportedTarget
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret

KV_SQLITE_TABLE: Final = "kvstore"
UNSUPPORTED: Final = {
    "kv_redis": UnsupportedTarget("Redis", "connecting to Redis is not built in yet"),
    "kv_mongodb": UnsupportedTarget("MongoDB", "connecting to MongoDB is not built in yet"),
}


class NoTarget(Exception):  # noqa: N818 - a reason, caught where it is raised from
    """Why a backend's target cannot be told; the text is shown to the operator."""


def family_of(type_: str) -> Family:
    """Return the family that a backend type names by its prefix."""
    if type_.startswith("kv_"):
        return Family.KV
    return Family.SQL if type_.startswith("sql_") else Family.UNKNOWN


def read_backends(context: Context) -> tuple[Backend, ...]:
    """Return the backends of `storage.backends`, or those that a server fills in where the file has none."""
    storage = context.data.get("storage")
    entries = storage.get("backends") if isinstance(storage, Mapping) else None
    if isinstance(entries, Mapping):
        return tuple(
            read_backend(context, str(name), entry, ("storage", "backends", str(name)))
            for name, entry in entries.items()
        )
    if isinstance(storage, Mapping) and "backends" in storage:
        return ()
    return tuple(_implied(context, name, entry) for name, entry in default_backends(context).items())


def default_backends(context: Context) -> Mapping[str, Mapping[str, object]]:
    """Return what a server fills in where the file has no `storage.backends` (0.4.0 and later; 0.3 demands them).

    From 0.4.0 to 0.5.0 the default path was the literal text of an unexpanded expression (llama-stack issue 4896).
    """
    variables = context.environment.variables

    def variable(name: str) -> str:
        return variables[name].value if name in variables else ""

    if context.version < Version(0, 4):
        return {}
    if context.version < Version(0, 5, 1):
        base = "${env.SQLITE_STORE_DIR:=~/.llama/distributions}"
    elif context.version < Version(0, 8):
        base = (
            variable("SQLITE_STORE_DIR")
            or f"{variable('LLAMA_STACK_CONFIG_DIR') or '~/.llama'}/distributions"
        )
    else:
        base = variable("SQLITE_STORE_DIR") or f"{variable('OGX_CONFIG_DIR') or '~/.ogx'}/distributions"
    if not base.startswith("$"):
        base = context.environment.expand_user(base)
    return {
        "kv_default": {"type": "kv_sqlite", "db_path": f"{base}/kvstore.db"},
        "sql_default": {"type": "sql_sqlite", "db_path": f"{base}/sql_store.db"},
    }


def _implied(context: Context, name: str, entry: Mapping[str, object]) -> Backend:
    type_ = str(entry["type"])
    settings = tuple(
        Setting(key, _plain(value), NOT_SET, is_default=True) for key, value in entry.items() if key != "type"
    )
    return Backend(
        name,
        type_,
        family_of(type_),
        str(entry.get("db_path", "")),
        settings,
        Credential(),
        _sqlite_target(context, type_, entry),
        path=f"storage.backends.{name}",
        is_implied=True,
    )


def read_backend(context: Context, name: str, entry: object, path: Path) -> Backend:
    """Turn one resolved entry into a Backend; whatever it holds, it is shown."""
    if not isinstance(entry, Mapping):
        return Backend(
            name,
            "",
            Family.UNKNOWN,
            "",
            (),
            Credential(),
            None,
            "its entry is not a mapping",
            show_path(path),
            context.line(path),
        )
    raw_type = entry.get("type")
    type_ = raw_type if isinstance(raw_type, str) else "" if raw_type is None else str(raw_type)
    fields = schema.backend_fields(type_, context.version)
    settings = _settings(context, entry, path, fields)
    values = {field.name: field.default for field in fields or ()} | {
        str(key): value for key, value in entry.items()
    }
    target: Target | None = None
    problem: str | None = None
    try:
        target = _target(context, type_, values, entry)
    except NoTarget as reason:
        problem = str(reason)
    return Backend(
        name,
        type_,
        family_of(type_),
        _location(type_, values, target),
        settings,
        _credential(context, entry, values, path),
        target,
        problem,
        show_path(path),
        context.line(path),
    )


def _settings(
    context: Context,
    entry: Mapping[object, object],
    path: Path,
    fields: tuple[schema.FieldInfo, ...] | None,
) -> tuple[Setting, ...]:
    known = {field.name: field for field in fields or ()}
    settings: list[Setting] = []
    for key, value in entry.items():
        name = str(key)
        if name == "type":
            continue
        field = known.get(name)
        is_secret = is_secret_name(name) or (field is not None and field.is_secret)
        expression = context.expression((*path, name))
        if expression is not None:
            expression = mask_expression(expression) if is_secret else mask_userinfo(expression)
        settings.append(
            Setting(
                name,
                _shown(context, name, value, is_secret=is_secret),
                context.source((*path, name)),
                expression,
                is_known=field is not None or fields is None,
                is_resolved=not contains_unknown(value),
            )
        )
    settings += [
        Setting(field.name, _plain(field.default), NOT_SET, is_default=True)
        for field in fields or ()
        if field.name not in entry and field.name != "type" and field.default is not None
    ]
    return tuple(settings)


def _shown(context: Context, name: str, value: object, *, is_secret: bool) -> SettingValue:
    if contains_unknown(value) and value is not UNKNOWN:
        return _plain(mask_value(name, str(value)))
    if value is UNKNOWN:
        return None
    if is_secret and value not in (None, ""):
        secret = Secret(str(value))
        context.secrets.add(secret)
        if isinstance(value, str):
            context.secrets.update(secrets_in_userinfo(value))
        return secret
    if isinstance(value, str):
        context.secrets.update(secrets_in_userinfo(value))
    return _plain(mask_value(name, value))


def _plain(value: object) -> SettingValue:
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    return value if isinstance(value, str | int | float | bool | list | None) else str(value)


def _credential(
    context: Context, entry: Mapping[object, object], values: Mapping[str, object], path: Path
) -> Credential:
    connection = values.get("connection_string")
    if isinstance(connection, str):
        try:
            uri_user = unquote(urlsplit(connection).username or "") or None
        except ValueError:
            uri_user = None
        return Credential(uri_user, "connection_string", context.source((*path, "connection_string")))
    user = values.get("user")
    shown_user = mask_userinfo(user) if isinstance(user, str) else None
    for field in ("connection_string", "password"):
        if entry.get(field) is not None:
            return Credential(shown_user, field, context.source((*path, field)))
    return Credential(shown_user)


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


def _target(
    context: Context, type_: str, values: Mapping[str, object], entry: Mapping[object, object]
) -> Target:
    if type_ in UNSUPPORTED:
        return UNSUPPORTED[type_]
    if type_ in ("kv_sqlite", "sql_sqlite"):
        return _sqlite_target(context, type_, values)
    if type_ in ("kv_postgres", "sql_postgres"):
        return _postgres_target(context, type_, values, entry)
    raise NoTarget(f"its type {type_!r} is unknown" if type_ else "it has no type")


def _sqlite_target(context: Context, type_: str, values: Mapping[str, object]) -> SqliteTarget:
    text = _text(values, "db_path")
    table = KV_SQLITE_TABLE if type_ == "kv_sqlite" else None
    if text == ":memory:" or "mode=memory" in text:
        return SqliteTarget(FilePath(text), table, is_memory=True)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    # kv_sqlite takes a literal ~ as a directory's name; only sql_sqlite expands it.
    expanded = text if type_ == "kv_sqlite" else context.environment.expand_user(text)
    return SqliteTarget(FilePath(os.path.abspath(context.map_path(expanded))), table)  # noqa: PTH100 - resolve() would follow links


def _postgres_target(
    context: Context, type_: str, values: Mapping[str, object], entry: Mapping[object, object]
) -> PostgresTarget:
    table = _text(values, "table_name") if type_ == "kv_postgres" else None
    if entry.get("connection_string") is not None and "connection_string" in values:
        return _from_connection_string(context, _text(values, "connection_string"), values, table)
    password = values.get("password")
    if password is UNKNOWN:
        raise NoTarget("its password depends on a variable that is not set")
    if password is not None and not isinstance(password, str):
        raise NoTarget("its password is not text")
    return PostgresTarget(
        _text(values, "host"),
        _port(values),
        _text(values, "db"),
        _text(values, "user"),
        None if password is None else Secret(password),
        table,
        _optional_text(values, "ssl_mode"),
        _optional_path(context, values.get("ca_cert_path")),
    )


def _optional_text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) else None


def _optional_path(context: Context, value: object) -> FilePath | None:
    return FilePath(context.map_path(value)) if isinstance(value, str) and value else None


def _from_connection_string(
    context: Context, text: str, values: Mapping[str, object], table: str | None
) -> PostgresTarget:
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


def _location(type_: str, values: Mapping[str, object], target: Target | None) -> str:
    if isinstance(target, SqliteTarget):
        return ":memory:" if target.is_memory else str(target.path)
    if isinstance(target, PostgresTarget):
        host = f"[{target.host}]" if ":" in target.host else target.host
        return mask_userinfo(f"postgresql://{host}:{target.port}/{target.database}")

    def shown(name: str) -> str:
        value = values.get(name)
        return "?" if value is UNKNOWN or value is None else mask_userinfo(str(value))

    match type_:
        case "kv_redis":
            return f"redis://{shown('host')}:{shown('port')}/0"
        case "kv_mongodb":
            host = shown("host")
            server = host if "://" in host else f"mongodb://{host}:{shown('port')}"
            return f"{server}/{shown('db')}"
        case "kv_postgres" | "sql_postgres":
            return f"postgresql://{shown('host')}:{shown('port')}/{shown('db')}"
        case "kv_sqlite" | "sql_sqlite":
            return shown("db_path")
        case _:
            return ""
