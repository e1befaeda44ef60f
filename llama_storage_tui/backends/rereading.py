"""Reading again what one row's content spoils: the one way in which a page of anything survives a value that an engine refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from llama_storage_tui.errors import ContentError

if TYPE_CHECKING:
    from llama_storage_tui.backends.engine import Engine

T = TypeVar("T")


def as_stored(engine: Engine, error: ContentError) -> Engine:
    """Return the engine that takes every value as it is stored; raises the error where there is no such way."""
    if engine.raw is None:
        raise error
    return engine.raw


async def rereading(engine: Engine, read: Callable[[Engine], Awaitable[T]]) -> T:
    """Read the fast way; where a row's content makes that fail, again with every value as it is stored.

    The engine takes documents apart in the first, this program in the second: the same result, but for the row that failed,
    which says what it is.
    """
    try:
        return await read(engine)
    except ContentError as error:
        again = as_stored(engine, error)
    return await read(again)
