"""Reading a store ahead: the next batch is read and made ready while the last one is on its way to the other store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from llama_storage_tui.model.raw_rows import RawBatch
from llama_storage_tui.services.transfer.converting import Converted


async def made_of(
    batches: AsyncGenerator[RawBatch, None], make: Callable[[RawBatch], Converted], *, is_ahead: bool
) -> AsyncGenerator[tuple[RawBatch, Converted], None]:
    """Yield each batch and what it becomes, which is made in a thread; not `is_ahead`: only once the last was dealt with."""

    async def following() -> tuple[RawBatch, Converted] | None:
        batch = await anext(batches, None)
        return None if batch is None else (batch, await asyncio.to_thread(make, batch))

    async with aclosing(batches):
        task = asyncio.create_task(following())
        try:
            while (found := await task) is not None:
                if is_ahead:
                    task = asyncio.create_task(following())
                yield found
                if not is_ahead:
                    task = asyncio.create_task(following())
        finally:
            task.cancel()
            await asyncio.wait({task})
