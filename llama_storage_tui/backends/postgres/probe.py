"""What an operator wants to know of a PostgreSQL database, asked in one read-only transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import asyncpg

from llama_storage_tui.backends.postgres.asking import ask_once
from llama_storage_tui.backends.postgres.connecting import tls_of
from llama_storage_tui.backends.postgres.target import PostgresTarget, ServerNeeds
from llama_storage_tui.backends.protocols import Prober
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.model.data import Cell, Obstacle, Probe
from llama_storage_tui.model.limits import Timeouts

_FACTS: Final = """
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
           CASE WHEN CAST($1 AS text) IS NOT NULL AND EXISTS (
                       SELECT FROM pg_class c WHERE c.relname = CAST($1 AS text) AND pg_table_is_visible(c.oid))
                THEN (SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                      AND has_table_privilege(c.oid, 'DELETE'))
                        FROM pg_class c WHERE c.relname = CAST($1 AS text) AND pg_table_is_visible(c.oid))
                WHEN current_schema() IS NULL THEN false
                ELSE has_schema_privilege(current_schema(), 'CREATE') END AS may_write,
           coalesce((SELECT bool_and(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                                     AND has_table_privilege(c.oid, 'DELETE'))
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
                        AND (CAST($1 AS text) IS NULL OR c.relname = CAST($1 AS text))), true) AS may_change,
           coalesce((SELECT bool_or(has_table_privilege(c.oid, 'INSERT'))
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema()
                        AND (CAST($1 AS text) IS NULL OR c.relname = CAST($1 AS text))), true) AS may_change_some,
           CAST($1 AS text) IS NULL OR EXISTS (
             SELECT FROM pg_class c WHERE c.relname = CAST($1 AS text) AND pg_table_is_visible(c.oid)) AS has_table,
           pg_backend_pid() AS pid
"""
_NEEDS: Final = """
    WITH needed AS (
      SELECT c.oid, c.relname, c.relowner FROM pg_class c
       WHERE c.relkind IN ('r', 'p') AND c.relname = ANY (CAST($1 AS text[])) AND pg_table_is_visible(c.oid))
    SELECT ARRAY(SELECT name FROM unnest(CAST($1 AS text[])) name
                  WHERE NOT EXISTS (SELECT FROM needed WHERE relname = name) ORDER BY name) AS missing,
           ARRAY(SELECT relname::text FROM needed
                  WHERE NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                             AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
                  ORDER BY relname) AS refused,
           ARRAY(SELECT relname::text FROM needed WHERE NOT pg_has_role(relowner, 'USAGE') ORDER BY relname) AS foreign_owned,
           (SELECT CASE WHEN rolconnlimit >= 0 AND NOT rolsuper THEN rolconnlimit END
              FROM pg_roles WHERE rolname = current_user) AS role_limit,
           (SELECT CASE WHEN datconnlimit >= 0 AND NOT rolsuper THEN datconnlimit END
              FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user) AS database_limit
"""
"""Limits of connections are those that hold for this role: a superuser has none."""
_EXTENSION: Final = """
    SELECT (SELECT extversion FROM pg_extension WHERE extname = CAST($1 AS text)) AS installed,
           EXISTS (SELECT FROM pg_available_extensions WHERE name = CAST($1 AS text)) AS is_available,
           coalesce((SELECT bool_or((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                                    OR EXISTS (SELECT FROM pg_roles r
                                                WHERE r.rolname = ANY (CAST($2 AS text[]))
                                                  AND pg_has_role(r.oid, 'USAGE'))
                                    OR coalesce(current_setting('supautils.privileged_role', true), '') = current_user
                                    OR CASE WHEN v.superuser
                                            THEN coalesce((to_jsonb(v) ->> 'trusted')::boolean, false)
                                                 AND has_database_privilege(current_database(), 'CREATE')
                                            ELSE true END)
                       FROM pg_available_extension_versions v WHERE v.name = CAST($1 AS text)), false) AS may_create
"""
_ADMINISTRATORS: Final = ("rds_superuser", "azure_pg_admin", "cloudsqlsuperuser", "alloydbsuperuser")
"""Roles of managed servers whose members create extensions that elsewhere only a superuser may."""
_CONNECTIONS: Final = """
    SELECT count(*) FILTER (WHERE datname IS NOT NULL)::int AS connections,
           count(*) FILTER (WHERE usename = current_user)::int AS of_role,
           count(*) FILTER (WHERE datname = current_database())::int AS of_database
      FROM pg_stat_activity
"""
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class _Answer:
    facts: Mapping[str, Any]
    """The columns of `_FACTS`, `_CONNECTIONS` and `_NEEDS`."""
    tls: str | None
    is_pooled: bool
    latency_ms: float
    extension: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class PostgresProber(Prober):
    """The test of a PostgreSQL database."""

    target: PostgresTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect and describe; there is nothing more thorough than that."""
        del thorough
        target = self.target
        started = time.perf_counter()

        async def asked(connection: asyncpg.Connection) -> _Answer:
            facts = await _one(connection, _FACTS, target.table)
            latency_ms = (time.perf_counter() - started) * 1000
            facts |= await _one(connection, _CONNECTIONS)
            needs = target.needs or ServerNeeds()
            facts |= await _one(connection, _NEEDS, [*needs.tables])
            return _Answer(
                facts=facts,
                tls=tls_of(connection),
                # A pooler greets with a process number of its own, another than that of the process that answers.
                is_pooled=connection.get_server_pid() != facts["pid"],
                latency_ms=latency_ms,
                extension=None
                if needs.extension is None
                else await _one(connection, _EXTENSION, needs.extension, [*_ADMINISTRATORS]),
            )

        answer = await ask_once(target, asked, timeouts=self.timeouts)
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
            obstacles=tuple(_obstacles(answer, target, target.needs or ServerNeeds())),
        )


async def _one(connection: asyncpg.Connection, statement: str, *values: object) -> dict[str, Any]:
    """Return the only row of a statement."""
    found: asyncpg.Record = await connection.fetchrow(statement, *values)
    return dict(found)


def _details(answer: _Answer, target: PostgresTarget) -> dict[str, Cell]:
    facts = answer.facts
    details: dict[str, Cell] = {
        "database": facts["database"],
        "schema": facts["schema"],
        "tables": facts["tables"],
        "database bytes": facts["database_bytes"],
        "server is": "a replica" if facts["is_replica"] else "the primary",
        "read-only by default": facts["is_read_only_by_default"],
        "max connections": facts["max_connections"],
        "reserved connections": facts["reserved"],
        "connections in use": facts["connections"],
        "connections of this role": facts["of_role"],
        "connections to this database": facts["of_database"],
        "pool budget of one server": target.pool_budget,
        "behind a pooler": answer.is_pooled,
        "may create tables": facts["may_create"],
        "may change rows": facts["may_change"],
    }
    if answer.extension is not None and target.needs is not None:
        installed = answer.extension["installed"]
        details[f"extension {target.needs.extension}"] = (
            str(installed)
            if installed
            else "not installed, available"
            if answer.extension["is_available"]
            else "not available"
        )
    limits = (
        ("connection limit of the role", "role_limit"),
        ("connection limit of the database", "database_limit"),
    )
    for name, field in limits:
        if facts[field] is not None:
            details[name] = facts[field]
    return details


def _obstacles(answer: _Answer, target: PostgresTarget, needs: ServerNeeds) -> Iterator[Obstacle]:
    """Yield what would stop a server of the config here, what it would meet first, first."""
    facts = answer.facts
    if facts["is_replica"]:
        yield Obstacle(
            FailureKind.READ_ONLY,
            "This is a replica: a server could read from it but not write.",
            "Name the primary's host.",
        )
    elif facts["is_read_only_by_default"]:
        yield Obstacle(
            FailureKind.READ_ONLY,
            "Sessions of this role are read-only by default: a server could not write.",
            f"Reset default_transaction_read_only: ALTER ROLE {target.user} RESET …, or ALTER DATABASE {target.database} RESET …, "
            "wherever it was set.",
        )
    yield from _limits(answer, target, needs)
    yield from _extension(answer, target, needs)
    yield from _tables(answer, target, needs)


def _limits(answer: _Answer, target: PostgresTarget, needs: ServerNeeds) -> Iterator[Obstacle]:
    if answer.is_pooled:
        # The pooler's own connections count there, and how many it opens is its own setting.
        return
    of_role, of_database = answer.facts["role_limit"], answer.facts["database_limit"]
    advice = "or make the pools smaller (pool_size, max_overflow, fewer workers or replicas)."
    if of_role is not None and of_role < needs.as_role:
        yield Obstacle(
            FailureKind.TOO_MANY_CONNECTIONS,
            f"The role {target.user} may have {of_role} connections, and {needs.servers} of this config may open {needs.as_role} "
            "as this role.",
            f"ALTER ROLE {target.user} CONNECTION LIMIT {needs.as_role}, {advice}",
        )
    if of_database is not None and of_database < needs.to_database:
        yield Obstacle(
            FailureKind.TOO_MANY_CONNECTIONS,
            f"The database {target.database} may have {of_database} connections, and {needs.servers} of this config may open "
            f"{needs.to_database} to it.",
            f"ALTER DATABASE {target.database} CONNECTION LIMIT {needs.to_database}, {advice}",
        )
    usable = _usable(answer)
    if needs.eager > usable:
        yield Obstacle(
            FailureKind.TOO_MANY_CONNECTIONS,
            f"The database server has {usable} connections for ordinary roles, and {needs.servers} of this config would open "
            f"{needs.eager} for this backend alone as soon as it is used.",
            f"Raise max_connections, {advice}",
        )


def _extension(answer: _Answer, target: PostgresTarget, needs: ServerNeeds) -> Iterator[Obstacle]:
    found = answer.extension
    if found is None or found["installed"]:
        return
    name, database = needs.extension, target.database
    if not found["is_available"]:
        yield Obstacle(
            FailureKind.UNSUPPORTED,
            f"The extension {name} is not available on this database server: the provider does not start.",
            "Install pgvector on the machine of the database server, or use an image that has it.",
        )
    elif not needs.creates_extension:
        yield Obstacle(
            FailureKind.UNSUPPORTED,
            f"The extension {name} is not installed in the database {database}, and servers before 0.4.3 do not create it: the "
            "provider does not start.",
            f"As an administrator, in {database}: CREATE EXTENSION {name}",
        )
    elif not found["may_create"]:
        yield Obstacle(
            FailureKind.PERMISSION,
            f"The extension {name} is not installed in the database {database}, and the role {target.user} may not create it: "
            "the provider does not start.",
            f"As an administrator, in {database}: CREATE EXTENSION {name}",
        )


def _tables(answer: _Answer, target: PostgresTarget, needs: ServerNeeds) -> Iterator[Obstacle]:
    facts, role = answer.facts, target.user
    schema = str(facts["schema"])
    missing, refused = facts["missing"], facts["refused"]
    foreign = facts["foreign_owned"] if needs.indexes else ()
    if facts["schema"] is None:
        if needs.tables:
            yield Obstacle(
                FailureKind.PERMISSION,
                "The role's search_path names no schema that exists: a server could create no table.",
                "Create the schema, or set another search_path for the role.",
            )
        return
    may_not_create = not facts["may_create"]
    grant = f"GRANT CREATE ON SCHEMA {schema} TO {role}"
    if missing and may_not_create:
        yield Obstacle(
            FailureKind.PERMISSION,
            f"The role {role} may not create tables in the schema {schema}, and a server needs {_listed(missing)}.",
            grant,
        )
    elif needs.always_creates and may_not_create:
        yield Obstacle(
            FailureKind.PERMISSION,
            f"The role {role} may not create tables in the schema {schema}: a server runs CREATE TABLE IF NOT EXISTS at "
            f"every start, which PostgreSQL refuses then although {_listed(needs.tables)} is there.",
            grant,
        )
    if refused:
        yield Obstacle(
            FailureKind.PERMISSION,
            f"The role {role} may not read and change the rows of {_listed(refused)}.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(refused)} TO {role}",
        )
    if foreign:
        yield Obstacle(
            FailureKind.PERMISSION,
            f"The table {_listed(foreign)} belongs to another role: a server from 1.0.3 on runs CREATE INDEX IF NOT EXISTS at "
            "every start, which PostgreSQL allows to the owner alone.",
            f"ALTER TABLE {foreign[0]} OWNER TO {role}",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _usable(answer: _Answer) -> int:
    usable: int = answer.facts["max_connections"] - answer.facts["reserved"]
    return usable


def _warnings(answer: _Answer, target: PostgresTarget) -> Iterator[str]:
    facts = answer.facts
    usable = _usable(answer)
    if target.pool_budget is not None and not answer.is_pooled and target.pool_budget > usable:
        yield (
            f"One server process may open {target.pool_budget} connections; the database server has {usable} for"
            " ordinary roles."
        )
    elif target.pool_budget is not None and not answer.is_pooled:
        others = max(facts["connections"] - facts["of_role"], 0)
        if target.pool_budget + others > usable:
            yield (
                f"One server process may open {target.pool_budget} connections; {usable} are for ordinary roles, and"
                f" other roles hold {others} of them now."
            )
    if not facts["has_table"] and facts["may_create"]:
        yield f"There is no key-value table {target.table!r} yet: the server creates it on first use."
    if answer.tls is None and not target.host.startswith("/") and target.host not in _LOCAL:
        yield "The connection is not encrypted."
