"""A service on an event loop of its own, in a thread: what it does with files must not hold the caller's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

Answer = TypeVar("Answer")
Asked = ParamSpec("Asked")


async def run_apart(
    make: Callable[[], Coroutine[Any, Any, Answer]], *, may_stop: bool, is_awaited: bool = False
) -> Answer:
    """Await what `make` returns, elsewhere.

    Where the caller is cancelled, a task that `may_stop` is cancelled with it; any other runs to its end all the same, and the
    program waits for it before it ends. With `is_awaited` the caller waits, too: until everything is put in order, or with the
    answer of a task that ended all the same.
    """
    stopped = threading.Event()
    found: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Answer]]] = []

    async def body() -> Answer:
        task: asyncio.Task[Answer] = asyncio.ensure_future(make())
        found.append((asyncio.get_running_loop(), task))
        if stopped.is_set():
            task.cancel()
        return await task

    def in_thread() -> Answer:
        with asyncio.Runner() as runner:
            return runner.run(body())

    # A future and no task: a task lets what ends a program, such as KeyboardInterrupt, end the caller's loop as well.
    working = asyncio.get_running_loop().run_in_executor(None, copy_context().run, in_thread)
    try:
        return await (asyncio.shield(working) if is_awaited else working)
    except asyncio.CancelledError:
        if may_stop:
            stopped.set()
            for loop, task in found:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(task.cancel)
        if is_awaited and not working.done():
            return await working
        raise


def apart(
    *, is_awaited: bool
) -> Callable[[Callable[Asked, Coroutine[Any, Any, Answer]]], Callable[Asked, Coroutine[Any, Any, Answer]]]:
    """Have what is decorated run elsewhere, and stop with its caller; `is_awaited` as `run_apart` has it."""

    def decorated(
        work: Callable[Asked, Coroutine[Any, Any, Answer]],
    ) -> Callable[Asked, Coroutine[Any, Any, Answer]]:
        @wraps(work)
        async def called(*args: Asked.args, **options: Asked.kwargs) -> Answer:
            return await run_apart(partial(work, *args, **options), may_stop=True, is_awaited=is_awaited)

        return called

    return decorated
