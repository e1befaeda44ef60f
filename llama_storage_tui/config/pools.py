"""How many connections one server can open with a backend's settings, for the comparison with max_connections.

kv_postgres: one pool per namespace from ogx 1.0 on (pool_size + max_overflow each), one connection per namespace before;
sql_postgres: one pool, whose size can be set from 0.7 on and was SQLAlchemy's own 5 + 10 before. Each worker has all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import get
from llama_storage_tui.model.catalog import Backend, Family, Reference
from llama_storage_tui.model.target import PostgresTarget
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes

UNSET_SQL_POOL = 5 + 10


def with_pool_budgets(
    context: Context, backends: Sequence[Backend], references: Sequence[Reference]
) -> tuple[Backend, ...]:
    """Return the backends with the budget in each PostgreSQL target."""
    workers = get(context.data, "server", "workers")
    factor = workers if isinstance(workers, int) and not isinstance(workers, bool) and workers > 0 else 1
    return tuple(_with_budget(context.version, backend, references, factor) for backend in backends)


def _with_budget(
    version: Version, backend: Backend, references: Sequence[Reference], workers: int
) -> Backend:
    if not isinstance(backend.target, PostgresTarget):
        return backend
    users = [found for found in references if found.backend == backend.name and found.is_enabled]
    if backend.family is Family.KV:
        pools = len({found.namespace for found in users if found.namespace is not None})
        each = _pool(backend) if version >= changes.KV_POSTGRES_POOLED else 1
    else:
        pools = 1 if users else 0
        each = _pool(backend) if version >= changes.SQL_POOL_SETTINGS else UNSET_SQL_POOL
    return replace(backend, target=replace(backend.target, pool_budget=pools * (each or 0) * workers))


def _pool(backend: Backend) -> int:
    settings = {setting.name: setting.value for setting in backend.settings}
    sizes = [settings.get(name) for name in ("pool_size", "max_overflow")]
    return sum(size for size in sizes if isinstance(size, int) and not isinstance(size, bool))
