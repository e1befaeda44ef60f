"""Runs a move, its end or its undoing in a process that is killed on the way: after a step, or at a moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.move import MoveChange
from llama_storage_tui.services.move.service import BackendMove
from llama_storage_tui.services.requests import LoadRequest
from tests.patience import PATIENT
from tests.transfers import ignore


def service(config: Path, environ: Mapping[str, str]) -> BackendMove:
    """Return the moves of a config of 0.7.3."""
    return BackendMove(LoadRequest(str(config), version="0.7.3", environ=dict(environ)), PATIENT)


def run(
    config: Path,
    change: MoveChange,
    do: str,
    die_at: int | None,
    die_after: float | None,
    environ: Mapping[str, str],
) -> int:
    """Do `apply`, `resume` or `undo`; die after so many steps, or after so many seconds. Prints the steps."""
    if die_after is not None:
        # Python has no handler of it: the kernel ends the process between two instructions, as it does by SIGKILL.
        signal.setitimer(signal.ITIMER_REAL, max(die_after, 0.0001))
    heard = 0

    def notify(step: str) -> None:
        nonlocal heard
        sys.stdout.write(step + "\n")
        sys.stdout.flush()
        heard += 1
        if heard == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async def work() -> None:
        moving = service(config, environ)
        if do == "apply":
            await moving.apply(await moving.plan(change), change, ignore, notify)
        elif do == "resume":
            await moving.resume(ignore, notify)
        else:
            await moving.undo(ignore, notify)

    try:
        asyncio.run(work())
    except StorageToolError as error:
        sys.stdout.write(f"={error.kind}: {error.message}\n")
    return 0
