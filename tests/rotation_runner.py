"""Runs a rotation or a recovery as a process of its own, which kills itself after a given step.

Called with one JSON argument: {"do": "apply" | "recover" | "undo" | "confirm", "config", "env_files", "backend", "terms":
{NAME: true}, "die_at": STEP | null}. Prints the steps, one to a line, and at the end `=OUTCOME`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from llama_storage_tui.services.rotation.sources import RotationRequest

TIMEOUTS = Timeouts(connect=3)


async def run(order: dict[str, object]) -> str:
    def notify(step: str) -> None:
        sys.stdout.write(step + "\n")
        sys.stdout.flush()
        if step == order["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    names = order["env_files"]
    assert isinstance(names, list)
    load = LoadRequest(str(order["config"]), env_files=tuple(map(str, names)))
    if order["do"] == "apply":
        chosen = order["terms"]
        assert isinstance(chosen, dict)
        prepared = await prepare(RotationRequest(load, str(order["backend"])), TIMEOUTS, Terms(**chosen))
        return (await apply(prepared, TIMEOUTS, notify=notify)).outcome
    journals = Journals(load.environ)
    (journal,) = look(load).journals
    if order["do"] == "confirm":
        return (await confirm(journal, journals, TIMEOUTS, environ=load.environ, notify=notify)).outcome
    undo = order["do"] == "undo"
    result = await recover(journal, journals, TIMEOUTS, environ=load.environ, undo=undo, notify=notify)
    return result.outcome


def main() -> None:
    try:
        outcome = asyncio.run(run(json.loads(sys.argv[1])))
    except StorageToolError as error:
        outcome = f"{error.kind}: {error.message}"
    sys.stdout.write(f"={outcome}\n")


if __name__ == "__main__":
    main()
