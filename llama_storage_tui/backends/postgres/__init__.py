"""PostgreSQL: reading in read-only transactions, with nothing taken from the environment. The only room that imports asyncpg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends.postgres.server_login import host_fault, pasted_wrongly, unlike_config
from llama_storage_tui.backends.postgres.target import (
    PLAIN_SESSION,
    PostgresTarget,
    container,
    location,
    postgres_target,
)
from llama_storage_tui.backends.settings import BackendSettings
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, Roles
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, ItemWriter, Reader, RoleLogin, RoleServer
    from llama_storage_tui.model.raw_rows import Sheet


def _reader(target: PostgresTarget, timeouts: Timeouts) -> Reader:
    from llama_storage_tui.backends.postgres.reader import postgres_reader

    return postgres_reader(target, timeouts=timeouts)


def _source(target: PostgresTarget, timeouts: Timeouts) -> ItemSource:
    from llama_storage_tui.backends.postgres.source import PostgresSource

    return PostgresSource(target, timeouts=timeouts)


def _writer(target: PostgresTarget, timeouts: Timeouts) -> ItemWriter:
    from llama_storage_tui.backends.postgres.writer import PostgresWriter

    return PostgresWriter(target, timeouts=timeouts)


def _login(target: PostgresTarget, timeouts: Timeouts) -> RoleLogin:
    from llama_storage_tui.backends.postgres.role import PostgresRole

    return PostgresRole(replace(target, session=PLAIN_SESSION), timeouts=timeouts)


def _server(target: PostgresTarget, timeouts: Timeouts) -> RoleServer:
    from llama_storage_tui.backends.postgres.role_change import PostgresRoleWriter

    return PostgresRoleWriter(replace(target, session=PLAIN_SESSION), timeouts=timeouts)


def _cannot_connect(settings: BackendSettings, name: str) -> str | None:
    login = (settings.get(field) for field in ("host", "user", "password"))
    field = pasted_wrongly(settings.type, settings.version, *login)
    if field is None:
        return None
    return (
        f"The {field} of {name} has a character that breaks the connection URL of sql_postgres before 1.0.3"
    )


def _statements(sheet: Sheet) -> tuple[str, ...]:
    from llama_storage_tui.backends.postgres.writer import statements

    return statements(sheet)


ENGINE: Final = EngineSpec(
    name="PostgreSQL",
    types=("kv_postgres", "sql_postgres"),
    target=PostgresTarget,
    read_target=postgres_target,
    location=location,
    container=container,
    reader=_reader,
    size_details=("database bytes",),
    bulk_copy=BulkCopy(_source, _writer, _statements),
    roles=Roles(_login, _server),
    unlike_config=unlike_config,
    cannot_connect=_cannot_connect,
    host_fault=host_fault,
)
