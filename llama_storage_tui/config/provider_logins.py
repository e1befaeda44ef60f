"""What providers log in to by themselves, beside the catalog: pgvector with its own host, database and role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.backends.postgres.server_login import ENDS_IN_LINE_BREAK, SENDS_EMPTY
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.config.backends import is_password_too
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, show_path
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.config.pools import PGVECTOR
from llama_storage_tui.config.providers import provider_configs
from llama_storage_tui.model.catalog import NOT_SET, Backend, Credential, Family, Setting
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.upstream import changes

DEFAULTS: Final[Mapping[str, object]] = {
    "host": "localhost",
    "port": 5432,
    "db": "postgres",
    "user": "postgres",
    "pool_min_size": 4,
    "pool_max_size": 20,
}
BUILT_IN_PASSWORD: Final = "mysecretpassword"  # noqa: S105 - what the package itself ships


def read_logins(context: Context) -> Iterator[Backend]:
    """Yield the logins of the providers that a server would start, each under the name `API/PROVIDER_ID`."""
    for provider, path, config in provider_configs(context):
        if provider.type != PGVECTOR:
            continue
        written = {str(key): value for key, value in config.items() if value is not None}
        values = {**DEFAULTS, **written}
        target, problem, notes = _target(context, (*path, "config"), values)
        user = values["user"]
        if is_password_too(context, config, (*path, "config", "user")):
            user = MASK
        settings = tuple(
            Setting(
                name,
                MASK if name == "user" and user is MASK else value,
                NOT_SET,
                is_default=name not in written,
            )
            for name, value in values.items()
            if name in DEFAULTS and isinstance(value, str | int) and not isinstance(value, bool)
        )
        yield Backend(
            f"{provider.api}/{mask_userinfo(provider.id)}",
            provider.type,
            Family.UNKNOWN,
            "" if target is None else target.location,
            settings,
            Credential(user if isinstance(user, str) else None),
            target,
            problem,
            show_path((*path, "config")),
            context.line((*path, "config")),
            unlike_config=notes,
        )


def _target(
    context: Context, path: Path, values: Mapping[str, object]
) -> tuple[PostgresTarget | None, str | None, tuple[str, ...]]:
    host, port, database, user = (values[name] for name in ("host", "port", "db", "user"))
    password = values.get("password")
    if UNKNOWN in (host, port, database, user, password):
        return None, f"it {context.resolution.depends(path)}", ()
    if not (isinstance(host, str) and isinstance(database, str) and isinstance(user, str)):
        return None, "its host, db or user is not text", ()
    if "@" in host:
        return None, "its host holds a user name or password", ()
    if not isinstance(port, int | str) or isinstance(port, bool) or not str(port).isdecimal():
        return None, "its port is not a number", ()
    if not isinstance(password, str | None):
        return None, "its password is not text", ()
    notes: tuple[str, ...] = ()
    if password is None and context.version < changes.PGVECTOR_WITHOUT_PASSWORD:
        password = BUILT_IN_PASSWORD
        notes = (
            "The provider has no password: before 1.0.3 it sends the one that the package ships, and so does this test.",
        )
    elif password is None:
        notes = (SENDS_EMPTY,)
    elif password.endswith(("\n", "\r")):
        notes = (ENDS_IN_LINE_BREAK,)
    secret = None if password is None else Secret(password)
    return PostgresTarget(host, int(port), database, user, secret), None, notes
