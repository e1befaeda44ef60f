"""What the readers of rows and of records share: tables that are described once, and which of them can be followed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.engine import Engine, TableWatch, describe
from llama_storage_tui.backends.rereading import rereading
from llama_storage_tui.backends.shape import TableShape
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, FailureKind, NotFoundError
from llama_storage_tui.model.limits import Timeouts

T = TypeVar("T")


@dataclass(slots=True)
class DescribedTables:
    """The tables of one backend, and how they are read."""

    engine: Engine
    timeouts: Timeouts
    watch: TableWatch
    _shapes: dict[str, TableShape] = field(default_factory=dict)
    """Described tables: a page after the first needs no second look at the catalog."""

    async def _read(
        self, work: Callable[[Engine, AsyncConnection], Awaitable[T]], *, seconds: float | None
    ) -> T:
        """Run a unit of reading: the fast way, or, where a row's content makes that fail, with every value as it is stored."""
        return await rereading(self.engine, lambda engine: engine.run(partial(work, engine), seconds=seconds))

    async def _shape(self, connection: AsyncConnection, name: str, *, refresh: bool) -> TableShape:
        """Return how a table is built, described anew with `refresh`; raises NotFoundError where there is none."""
        shape = None if refresh else self._shapes.get(name)
        if shape is None:
            shape = await describe(self.engine, connection, name)
        if shape is None:
            raise NotFoundError(
                f"There is no table {name!r}.", where=self.engine.where, help="`tables` lists what is there."
            )
        self._shapes[name] = shape
        return shape

    def _check_followable(self, shape: TableShape) -> None:
        """Raise BackendError (UNSUPPORTED) with the reason where a table cannot be followed."""
        obstacle = self.watch.obstacle(shape)
        if not self.engine.dialect.documents.physical(shape):
            obstacle = f"{shape.name!r} cannot be followed: its rows have no position to follow from"
        if obstacle:
            raise BackendError(
                obstacle,
                failure=FailureKind.UNSUPPORTED,
                where=self.engine.where,
                help="Read the list again instead.",
            )
