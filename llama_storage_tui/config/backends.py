"""Backends of the catalog as values: settings with their sources, a location to show, a target to connect to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.backends.settings import NoTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.config.environment import UNKNOWN, contains_unknown, map_unknown
from llama_storage_tui.config.masking import (
    is_secret_name,
    mask_expression,
    mask_userinfo,
    mask_value,
    mask_written,
    secrets_in_userinfo,
)
from llama_storage_tui.config.targets import EntrySettings, location_of, read_target
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.catalog import NOT_SET, Backend, Credential, Family, Setting, SettingValue
from llama_storage_tui.model.target import Target
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema


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
            read_backend(context, mask_userinfo(str(name)), entry, ("storage", "backends", str(name)))
            for name, entry in entries.items()
        )
    if isinstance(storage, Mapping) and "backends" in storage:
        return ()
    return tuple(_implied(context, name, entry) for name, entry in default_backends(context).items())


def with_shared_folders(backends: Iterable[Backend]) -> tuple[Backend, ...]:
    """Return the backends, with the folder of a sql_sqlite file taken as made where a kv_sqlite backend of the config makes it."""
    found = tuple(backends)
    made = [
        target.path.parent
        for backend in found
        if isinstance(target := backend.target, SqliteTarget)
        and target.makes_folders
        and not target.is_memory
    ]

    def is_made(target: SqliteTarget) -> bool:
        return any(folder.is_relative_to(target.path.parent) for folder in made)

    return tuple(
        replace(backend, target=replace(target, makes_folders=True))
        if isinstance(target := backend.target, SqliteTarget) and is_made(target)
        else backend
        for backend in found
    )


def default_backends(context: Context) -> Mapping[str, Mapping[str, object]]:
    """Return what a server fills in where the file has no `storage.backends` (0.4.0 and later; 0.3 demands them).

    From 0.4.0 to 0.5.0 the default path was the literal text of an unexpanded expression (llama-stack issue 4896).
    """
    variables = context.environment.variables

    def variable(name: str) -> str:
        return (variables[name].value or "") if name in variables else ""

    if context.version < changes.STORAGE_OPTIONAL:
        return {}
    if context.version < changes.DEFAULT_PATH_EXPANDED:
        base = "${env.SQLITE_STORE_DIR:=~/.llama/distributions}"
    elif context.version < changes.OGX:
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
    told = EntrySettings(context, type_, entry)
    target = read_target(told)
    return Backend(
        name,
        type_,
        family_of(type_),
        location_of(told, target),
        settings,
        Credential(),
        target,
        path=f"storage.backends.{name}",
        is_implied=True,
    )


def read_backend(context: Context, name: str, entry: object, path: Path) -> Backend:
    """Turn one resolved entry into a Backend; whatever it holds, it is shown. `name` holds no secret, its key in `path` may."""
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
    type_ = mask_userinfo(str(raw_type)) if isinstance(raw_type, str | int | float) else ""
    fields = schema.backend_fields(type_, context.version)
    own_secrets = {field.name for field in fields or () if field.is_secret}
    mistaken = [
        name
        for name in entry
        if isinstance(name, str) and name not in own_secrets and _has_password(context, entry, (*path, name))
    ]
    settings = _settings(context, entry, path, fields, mistaken)
    values = {field.name: field.default for field in fields or ()} | {
        str(key): value for key, value in entry.items()
    }
    told = EntrySettings(context, type_, values, entry, path)
    engine = engine_of_type(type_)
    target, problem = _target(told, [name for name in mistaken if name not in USER_FIELDS])
    return Backend(
        name,
        type_,
        family_of(type_),
        _without(location_of(told, target), [str(entry[name]) for name in mistaken]),
        settings,
        _credential(context, entry, values, path),
        target,
        problem,
        show_path(path),
        context.line(path),
        unlike_config=() if engine is None or target is None else tuple(engine.unlike_config(told)),
        cannot_connect=None if engine is None else engine.cannot_connect(told, name),
    )


def _target(told: EntrySettings, mistaken: list[str]) -> tuple[Target | None, str | None]:
    """Return what to connect to, or why there is nothing."""
    if mistaken:
        # To look such a host up would tell the password to a name server.
        return None, f"its {mistaken[0]} contains the password"
    try:
        return read_target(told), None
    except NoTarget as reason:
        return None, str(reason)


def _without(location: str, passwords: list[str]) -> str:
    """Return a location without what its parts were given of a password by mistake."""
    scheme, separator, place = location.rpartition("://")
    for password in passwords:
        place = place.replace(password, MASK)
    return f"{scheme}{separator}{place}"


def _settings(
    context: Context,
    entry: Mapping[object, object],
    path: Path,
    fields: tuple[schema.FieldInfo, ...] | None,
    mistaken: list[str],
) -> tuple[Setting, ...]:
    known = {field.name: field for field in fields or ()}
    settings: list[Setting] = []
    for key, value in entry.items():
        name = str(key)
        if name == "type":
            continue
        field = known.get(name)
        is_secret = (
            is_secret_name(name)
            or (field is not None and field.is_secret)
            or (name in USER_FIELDS and is_password_too(context, entry, (*path, name)))
            or name in mistaken
        )
        expression = context.expression((*path, name))
        if expression is not None:
            expression = mask_expression(expression) if is_secret else mask_written(expression)
        settings.append(
            Setting(
                name,
                _shown(context, (*path, name), value, is_secret=is_secret),
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


USER_FIELDS: Final = frozenset({"user", "username"})
SHORTEST_SECRET: Final = 6
"""Shorter texts are in many names by chance."""


def is_password_too(context: Context, entry: Mapping[object, object], path: Path) -> bool:
    """Tell whether the file gives a user the very value of a password: by one variable, by one anchor, or inside a longer name.

    Equal words are no proof: many servers have a role whose password is its name, and the name is shown everywhere.
    """
    user = entry.get(path[-1])
    variables = {use.variable for use in context.resolution.uses.get(path, ())}
    node = context.document.node(path)
    for name in entry:
        if not is_secret_name(str(name)):
            continue
        secret: Path = (*path[:-1], str(name))
        if variables & {use.variable for use in context.resolution.uses.get(secret, ())}:
            return True
        if node is not None and node is context.document.node(secret):
            return True
        value = entry[name]
        is_inside = isinstance(value, str) and isinstance(user, str) and value in user and value != user
        if is_inside and len(str(value)) >= SHORTEST_SECRET:
            return True
    return any(is_secret_name(variable) for variable in variables)


def _has_password(context: Context, entry: Mapping[object, object], path: Path) -> bool:
    """Tell whether a field that is no secret was given a password by mistake: the very value, by its variable or its anchor.

    Equal words prove it of a port alone: many servers have a database that is called as its password is.
    """
    name, value = str(path[-1]), entry.get(path[-1])
    if is_secret_name(name):
        return False
    is_wrong_port = name == "port" and isinstance(value, str) and not value.isdecimal()
    variables = {use.variable for use in context.resolution.uses.get(path, ())}
    node = context.document.node(path)
    for other in entry:
        if not is_secret_name(str(other)) or entry[other] != value:
            continue
        secret: Path = (*path[:-1], str(other))
        is_shared = variables & {use.variable for use in context.resolution.uses.get(secret, ())}
        if is_wrong_port or is_shared or (node is not None and node is context.document.node(secret)):
            return True
    return False


def _shown(context: Context, path: Path, value: object, *, is_secret: bool) -> SettingValue:
    name = str(path[-1])
    if contains_unknown(value) and value is not UNKNOWN:
        return _plain(mask_value(name, map_unknown(value, lambda: "<unknown>")))
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
    return _plain(_concealed(context, path, mask_value(name, context.shown_at.get(path, value))))


def _concealed(context: Context, path: Path, value: object) -> object:
    """Return a value with what it has inside of the config's secrets masked."""
    if isinstance(value, dict):
        return {key: _concealed(context, (*path, str(key)), item) for key, item in value.items()}
    if isinstance(value, list):
        return [_concealed(context, (*path, index), item) for index, item in enumerate(value)]
    value = context.shown_at.get(path, value)
    return context.redact(value) if isinstance(value, str) else value


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
    shown_user = context.shown_at.get((*path, "user"), user) if isinstance(user, str) else None
    shown_user = context.redact(mask_userinfo(shown_user)) if shown_user else shown_user
    if shown_user and is_password_too(context, entry, (*path, "user")):
        shown_user = MASK
    for field in ("connection_string", "password"):
        if entry.get(field) is not None:
            return Credential(shown_user, field, context.source((*path, field)))
    return Credential(shown_user)
