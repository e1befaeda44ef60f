"""What the servers of a config need of a PostgreSQL database: connections, and what their role must be allowed to do.

kv_postgres: one pool per namespace from ogx 1.0 on (pool_size + max_overflow each, pool_size of them opened at once), one
connection per namespace before; sql_postgres: one pool, whose size can be set from 0.7 on and was SQLAlchemy's own 5 + 10 before.
pgvector: one pool from 1.1 on, one connection before. Each worker of each replica has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget, ServerNeeds
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import get
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.catalog import Backend, Family, Reference
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes

UNSET_SQL_POOL = 5 + 10
PGVECTOR: Final = "remote::pgvector"


@dataclass(frozen=True, slots=True)
class _Pools:
    """The connections of one login in one worker: at most, and at once."""

    most: int
    eager: int


def with_needs(
    context: Context, backends: Sequence[Backend], logins: Sequence[Backend], references: Sequence[Reference]
) -> tuple[tuple[Backend, ...], tuple[Backend, ...]]:
    """Return backends and providers' own logins, each PostgreSQL target with its budget and what servers need of it."""
    workers, servers = workers_of(context), context.document.replicas
    pools = {
        backend.name: _pools(context.version, backend, references)
        for backend in (*backends, *logins)
        if isinstance(backend.target, PostgresTarget)
    }
    targets = {found.name: found.target for found in (*backends, *logins)}

    def total(target: PostgresTarget, key: Callable[[PostgresTarget], object]) -> int:
        return sum(
            found.most * workers * servers
            for name, found in pools.items()
            if isinstance(other := targets[name], PostgresTarget) and key(other) == key(target)
        )

    def with_need(backend: Backend) -> Backend:
        target = backend.target
        if not isinstance(target, PostgresTarget):
            return backend
        needs = replace(
            _permissions(context.version, backend, references),
            as_role=total(target, lambda found: (found.host, found.port, found.user)),
            to_database=total(target, lambda found: (found.host, found.port, found.database)),
            eager=pools[backend.name].eager * workers * servers,
            servers=_said(servers, workers),
        )
        budget = pools[backend.name].most * workers
        return replace(backend, target=replace(target, pool_budget=budget, needs=needs))

    return tuple(map(with_need, backends)), tuple(map(with_need, logins))


def workers_of(context: Context) -> int:
    """Return how many workers a server has: what the file or a manifest says, the larger of both, else one."""
    found = (get(context.data, "server", "workers"), context.document.workers)
    return (
        max((each for each in found if isinstance(each, int) and not isinstance(each, bool)), default=1) or 1
    )


def _said(servers: int, workers: int) -> str:
    said = "one server" if servers == 1 else f"{servers} replicas"
    return said if workers == 1 else f"{said} with {workers} workers{'' if servers == 1 else ' each'}"


def _pools(version: Version, backend: Backend, references: Sequence[Reference]) -> _Pools:
    users = _users(backend, references)
    if backend.type == PGVECTOR:
        if version < changes.PGVECTOR_POOLED:
            return _Pools(1, 1)
        return _Pools(_size(backend, "pool_max_size"), _size(backend, "pool_min_size"))
    if backend.family is Family.KV:
        pools = len({found.namespace for found in users if found.namespace is not None})
        if version < changes.KV_POSTGRES_POOLED:
            return _Pools(pools, pools)
        eager = _size(backend, "pool_size")
        return _Pools(pools * (eager + _size(backend, "max_overflow")), pools * eager)
    pools = 1 if users else 0
    if version < changes.SQL_POOL_SETTINGS:
        return _Pools(pools * UNSET_SQL_POOL, 0)
    return _Pools(pools * (_size(backend, "pool_size") + _size(backend, "max_overflow")), 0)


def _permissions(version: Version, backend: Backend, references: Sequence[Reference]) -> ServerNeeds:
    users = _users(backend, references)
    if backend.type == PGVECTOR:
        return ServerNeeds(
            ("metadata_store",),
            always_creates=True,
            extension="vector",
            creates_extension=version >= changes.PGVECTOR_CREATES_EXTENSION,
        )
    if backend.family is Family.KV:
        table = backend.target.table if isinstance(backend.target, PostgresTarget) else None
        is_used = bool(users and table)
        return ServerNeeds(
            (table,) if is_used and table else (),
            always_creates=is_used,
            indexes=is_used and version >= changes.EXPIRY_INDEXED,
        )
    tables = {table for found in users if found.physical for table in found.physical.tables}
    return ServerNeeds(tuple(sorted(tables)))


def _users(backend: Backend, references: Sequence[Reference]) -> list[Reference]:
    return [found for found in references if found.backend == backend.name and found.is_enabled]


def _size(backend: Backend, name: str) -> int:
    value = next((found.value for found in backend.settings if found.name == name), None)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
