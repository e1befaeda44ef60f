"""What an operator wants to know of a PostgreSQL database, asked in one read-only transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.postgres.connecting import tls_of
from llama_storage_tui.backends.postgres.engine import PostgresEngine
from llama_storage_tui.model.data import Cell, Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.target import PostgresTarget

_FACTS: Final = sa.text(
    """
    SELECT current_setting('server_version') AS server_version, current_user::text AS role,
           current_database()::text AS database, current_schema()::text AS schema,
           pg_is_in_recovery() AS is_replica,
           current_setting('default_transaction_read_only') = 'on' AS is_read_only_by_default,
           current_setting('max_connections')::int AS max_connections,
           current_setting('superuser_reserved_connections')::int
             + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
           CASE WHEN has_database_privilege(current_database(), 'CONNECT')
                THEN pg_database_size(current_database()) END AS database_bytes,
           (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (current_schemas(false)))::int AS tables,
           CASE WHEN current_schema() IS NULL THEN false
                ELSE has_schema_privilege(current_schema(), 'CREATE') END AS may_create,
           CASE WHEN CAST(:table AS text) IS NOT NULL AND EXISTS (
                       SELECT FROM pg_class c WHERE c.relname = CAST(:table AS text) AND pg_table_is_visible(c.oid))
                THEN (SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                      AND has_table_privilege(c.oid, 'DELETE'))
                        FROM pg_class c WHERE c.relname = CAST(:table AS text) AND pg_table_is_visible(c.oid))
                WHEN current_schema() IS NULL THEN false
                ELSE has_schema_privilege(current_schema(), 'CREATE') END AS may_write,
           coalesce((SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                     AND has_table_privilege(c.oid, 'DELETE'))
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
                        AND (CAST(:table AS text) IS NULL OR c.relname = CAST(:table AS text))), true) AS may_change,
           coalesce((SELECT bool_or(has_table_privilege(c.oid, 'INSERT'))
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
                        AND (CAST(:table AS text) IS NULL OR c.relname = CAST(:table AS text))), true) AS may_change_some,
           CAST(:table AS text) IS NULL OR EXISTS (
             SELECT FROM pg_class c WHERE c.relname = CAST(:table AS text) AND pg_table_is_visible(c.oid)) AS has_table,
           pg_backend_pid() AS pid
    """
)
_CONNECTIONS: Final = sa.text(
    """
    SELECT count(*) FILTER (WHERE datname IS NOT NULL)::int,
           count(*) FILTER (WHERE usename = current_user)::int,
           count(*) FILTER (WHERE datname = current_database())::int
      FROM pg_stat_activity
    """
)
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class _Answer:
    facts: Mapping[str, Cell]
    connections: int
    of_role: int
    of_database: int
    tls: str | None
    is_pooled: bool
    latency_ms: float


async def probe(engine: PostgresEngine, target: PostgresTarget, *, timeouts: Timeouts) -> Probe:
    """Connect and describe."""
    started = time.perf_counter()

    async def asked(connection: AsyncConnection) -> _Answer:
        facts = (await connection.execute(_FACTS, {"table": target.table})).mappings().one()
        latency_ms = (time.perf_counter() - started) * 1000
        total, of_role, of_database = (await connection.execute(_CONNECTIONS)).one()
        driver = (await connection.get_raw_connection()).driver_connection
        greeted_by = driver.get_server_pid() if isinstance(driver, asyncpg.Connection) else facts["pid"]
        return _Answer(
            facts=dict(facts),
            connections=total,
            of_role=of_role,
            of_database=of_database,
            tls=tls_of(driver),
            # A pooler greets with a process number of its own, another than that of the process that answers.
            is_pooled=greeted_by != facts["pid"],
            latency_ms=latency_ms,
        )

    answer = await engine.run(asked, seconds=timeouts.query)
    facts = answer.facts
    is_blocked = bool(facts["is_replica"] or facts["is_read_only_by_default"])
    return Probe(
        server=f"PostgreSQL {facts['server_version']!s}",
        user=str(facts["role"]),
        tls=answer.tls,
        is_writable=bool(facts["may_write"] and facts["may_change_some"]) and not is_blocked,
        latency_ms=answer.latency_ms,
        details=_details(answer, target),
        warnings=tuple(_warnings(answer, target)),
    )


def _details(answer: _Answer, target: PostgresTarget) -> dict[str, Cell]:
    facts = answer.facts
    return {
        "database": facts["database"],
        "schema": facts["schema"],
        "tables": facts["tables"],
        "database bytes": facts["database_bytes"],
        "server is": "a replica" if facts["is_replica"] else "the primary",
        "read-only by default": facts["is_read_only_by_default"],
        "max connections": facts["max_connections"],
        "reserved connections": facts["reserved"],
        "connections in use": answer.connections,
        "connections of this role": answer.of_role,
        "connections to this database": answer.of_database,
        "pool budget of one server": target.pool_budget,
        "behind a pooler": answer.is_pooled,
        "may create tables": facts["may_create"],
        "may change rows": facts["may_change"],
    }


def _warnings(answer: _Answer, target: PostgresTarget) -> Iterator[str]:
    facts = answer.facts
    usable = int(str(facts["max_connections"])) - int(str(facts["reserved"]))
    if target.pool_budget is not None and not answer.is_pooled and target.pool_budget > usable:
        yield (
            f"One server process may open {target.pool_budget} connections; the database server has {usable} for"
            " ordinary roles."
        )
    elif target.pool_budget is not None and not answer.is_pooled:
        others = max(answer.connections - answer.of_role, 0)
        if target.pool_budget + others > usable:
            yield (
                f"One server process may open {target.pool_budget} connections; {usable} are for ordinary roles, and"
                f" other roles hold {others} of them now."
            )
    if facts["is_replica"]:
        yield "This is a replica: a server could read from it and not write."
    elif facts["is_read_only_by_default"]:
        yield "Sessions of this role are read-only by default: a server could not write."
    if facts["schema"] is None:
        yield "The role's search_path names no schema that exists: a server could create no table."
    if not facts["has_table"]:
        yield f"There is no key-value table {target.table!r} yet: the server creates it on first use."
        if facts["schema"] is not None and not facts["may_create"]:
            yield "And the role may not create tables."
    if answer.tls is None and not target.host.startswith("/") and target.host not in _LOCAL:
        yield "The connection is not encrypted."
