"""PostgreSQL: reading in read-only transactions, with nothing taken from the environment. The only room that imports asyncpg."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.postgres.server_login import host_fault, pasted_wrongly, unlike_config
from llama_storage_tui.backends.postgres.target import PostgresTarget, container, location, postgres_target
from llama_storage_tui.backends.settings import BackendSettings
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, Roles, later


def _cannot_connect(settings: BackendSettings, name: str) -> str | None:
    login = (settings.get(field) for field in ("host", "user", "password"))
    field = pasted_wrongly(settings.type, settings.version, *login)
    if field is None:
        return None
    return (
        f"The {field} of {name} has a character that breaks the connection URL of sql_postgres before 1.0.3"
    )


ENGINE: Final = EngineSpec(
    name="PostgreSQL",
    types=("kv_postgres", "sql_postgres"),
    target=PostgresTarget,
    read_target=postgres_target,
    location=location,
    container=container,
    reader=later(f"{__name__}.reader", "postgres_reader"),
    size_details=("database bytes",),
    bulk_copy=BulkCopy(
        later(f"{__name__}.source", "PostgresSource"),
        later(f"{__name__}.writer", "PostgresWriter"),
        later(f"{__name__}.writer", "statements"),
    ),
    roles=Roles(
        later(f"{__name__}.role", "PostgresRole"), later(f"{__name__}.role_change", "PostgresRoleWriter")
    ),
    unlike_config=unlike_config,
    cannot_connect=_cannot_connect,
    host_fault=host_fault,
)
