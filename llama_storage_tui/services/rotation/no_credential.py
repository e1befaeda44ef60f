"""Why a backend has no password that could be changed here."""

from __future__ import annotations

from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.config.backends import read_backends
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.legacy import read_legacy, reads_inline_stores
from llama_storage_tui.errors import RefusedError, UsageError


def why_never(type_: str) -> str | None:
    """Return why no backend of a type has a password that could be changed; None where one may have."""
    engine = engine_of_type(type_)
    return engine.why_no_roles if engine is not None and engine.roles is None else None


def why_none(context: Context, name: str) -> UsageError | RefusedError:
    """Return the error for a backend of an engine without passwords, or not there at all."""
    is_inline = reads_inline_stores(context.raw, context.version)
    backends = read_legacy(context)[0] if is_inline else read_backends(context)
    backend = next((backend for backend in backends if backend.name == name), None)
    engine = None if backend is None else engine_of_type(backend.type)
    if backend is None:
        names = ", ".join(backend.name for backend in backends) or "none"
        return UsageError(f"{context.document.name} has no backend {name!r}", help=f"It has: {names}.")
    if backend.is_inline and engine is not None and engine.roles is not None:
        return RefusedError(
            f"{name} cannot be rotated: it is an inline store of 0.2, and only PostgreSQL backends of storage.backends (0.3 and "
            "later) and MongoDB are changed from here",
            where=backend.path,
            help="Keep the new password in a safe place, change it on the server (ALTER ROLE), and then in every place of the file "
            f"that logs in with it; they are separate settings in 0.2. This one is {backend.path}.password.",
        )
    reason = why_never(backend.type) or f"its type {backend.type!r} is unknown"
    return RefusedError(f"Backend {name} cannot be rotated: {reason}", where=backend.path)
