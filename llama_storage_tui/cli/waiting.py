"""Running a command's asynchronous work to its end, or to the signal that ends the program.

A handler that raises, as `termination` has it, does for code that runs straight through. On an event loop it does not: where it
meets one of the loop's callbacks, the loop reports it as that callback's failure and the command goes on. Here the loop takes the
signal itself and cancels the work.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from llama_storage_tui.cli.termination import TerminatedError, heard_signals, restore

Answer = TypeVar("Answer")


def wait_for(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run work on an event loop of its own; a signal to end cancels it, and TerminatedError tells when it is over."""
    before = {number: signal.getsignal(number) for number in heard_signals()}
    arrived: list[int] = []
    answers: list[Answer] = []

    async def heard() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def end(number: int) -> None:
            arrived.append(number)
            if task is not None:
                task.cancel()

        for number in before:
            loop.add_signal_handler(number, end, number)
        # Not as the task's own result: setting a signal's handler back makes Python write the task out, and its result with it,
        # for an error that nobody sees (seconds for an answer of megabytes).
        answers.append(await work)

    try:
        asyncio.run(heard())
    except asyncio.CancelledError:
        if arrived:
            raise TerminatedError(arrived[0]) from None
        raise
    finally:
        restore(before)
    return answers[0]
