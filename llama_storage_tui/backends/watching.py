"""Which tables can be followed: those whose rows have positions that an engine's watch looks at."""

from __future__ import annotations

from llama_storage_tui.backends.engine import Engine, TableWatch
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.errors import BackendError, FailureKind


def check_followable(engine: Engine, watch: TableWatch, shape: TableShape) -> None:
    """Raise BackendError (UNSUPPORTED) with the reason where a table cannot be followed."""
    if not engine.dialect.documents.physical(shape):
        raise _unfollowed(
            f"{shape.name!r} cannot be followed: its rows have no position to follow from", engine
        )
    if obstacle := watch.obstacle(shape):
        raise _unfollowed(obstacle, engine)


def _unfollowed(message: str, engine: Engine) -> BackendError:
    return BackendError(
        message, failure=FailureKind.UNSUPPORTED, where=engine.where, help="Read the list again instead."
    )
