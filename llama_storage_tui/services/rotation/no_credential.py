"""Why a backend has no password that could be changed here."""

from __future__ import annotations

from llama_storage_tui.config.backends import read_backends
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.legacy import is_legacy, read_legacy
from llama_storage_tui.errors import RefusedError, UsageError

_SQLITE = "SQLite has no credential: the owner and the mode of the file decide who may open it"
_REASONS = {
    "kv_sqlite": _SQLITE,
    "sql_sqlite": _SQLITE,
    "kv_redis": "servers of every version connect to Redis without a password",
}


def why_never(type_: str) -> str | None:
    """Return why no backend of a type has a password that could be changed; None where one may have."""
    return _REASONS.get(type_)


def why_none(context: Context, name: str) -> UsageError | RefusedError:
    """Return the error for a backend of an engine without passwords, or not there at all."""
    backends = read_legacy(context)[0] if is_legacy(context.raw) else read_backends(context)
    backend = next((backend for backend in backends if backend.name == name), None)
    if backend is None:
        names = ", ".join(backend.name for backend in backends) or "none"
        return UsageError(f"{context.document.name} has no backend {name!r}", help=f"It has: {names}.")
    reason = _REASONS.get(backend.type, f"its type {backend.type!r} is unknown")
    return RefusedError(f"Backend {name} cannot be rotated: {reason}", where=backend.path)
