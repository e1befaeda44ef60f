"""Why a backend has no password that could be changed here, and what is done by hand where it has one elsewhere."""

from __future__ import annotations

import json

from llama_storage_tui.config.backends import read_backends
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.legacy import is_legacy, read_legacy
from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.model.catalog import Backend, Setting, SourceKind

_SQLITE = "SQLite has no credential: who may open the file is a matter of its owner and mode"
_REASONS = {
    "kv_sqlite": _SQLITE,
    "sql_sqlite": _SQLITE,
    "kv_redis": "servers connect to Redis without a password in every version, so that there is no credential here",
    "kv_mongodb": "changing the password of a MongoDB user is not built in; nothing was touched",
}


def why_none(context: Context, name: str) -> UsageError | RefusedError:
    """Return the error for a backend that is not of PostgreSQL, or not there at all."""
    backends = read_legacy(context)[0] if is_legacy(context.raw) else read_backends(context)
    backend = next((backend for backend in backends if backend.name == name), None)
    if backend is None:
        names = ", ".join(backend.name for backend in backends) or "none"
        return UsageError(f"{context.document.name} has no backend {name!r}", help=f"It has: {names}.")
    reason = _REASONS.get(backend.type, f"its type {backend.type!r} is unknown")
    by_hand = _by_mongosh(backend) if backend.type == "kv_mongodb" else None
    return RefusedError(f"Backend {name} cannot be rotated: {reason}", where=backend.path, help=by_hand)


def _by_mongosh(backend: Backend) -> str:
    user = backend.credential.user or "USER"
    command = f"db.changeUserPassword({json.dumps(user)}, passwordPrompt())"
    places = [_place(backend, setting) for setting in backend.settings if setting.name == "password"]
    written = " and ".join(place for place in places if place) or f"{backend.path}.password"
    return (
        f"In mongosh, in the database that the user authenticates against: {command}; it asks, so that the password is in no"
        f" history. Then write it to {written}, and restart the servers that use it."
    )


def _place(backend: Backend, setting: Setting) -> str | None:
    source = setting.source
    match source.kind:
        case SourceKind.VARIABLE:
            where = f"{source.file}:{source.line}" if source.file else "the process environment"
            return f"the variable {source.variable} ({where})"
        case SourceKind.LITERAL | SourceKind.DEFAULT:
            return f"{backend.path}.{setting.name}" + (f", line {source.line}" if source.line else "")
        case _:
            return None
