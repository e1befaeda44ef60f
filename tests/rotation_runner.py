"""Runs a rotation or a recovery in a process of its own, in which something happens at given steps: by default it kills itself.

Called with one JSON argument: {"do": "apply" | "recover" | "undo" | "confirm", "config", "env_files", "backend", "terms":
{NAME: true}, "die_at": STEP | null, "chmod_at": [STEP, PATH, MODE] | null, "file_limit": BYTES | null}. Prints the steps, one to a
line, and at the end `=OUTCOME`.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from llama_storage_tui.services.rotation.sources import RotationRequest
from tests.patience import PATIENT

CAPABILITIES_VERSION = 0x20080522
OVERRIDES_OF_MODES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


def obey_modes() -> None:
    """Have the modes of files count for root too."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(CAPABILITIES_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    for effective_and_permitted in (0, 1):
        sets[effective_and_permitted] &= ~OVERRIDES_OF_MODES
    assert libc.capset(header, sets) == 0


def limit_files(size: int) -> None:
    """Let no file grow beyond a size, as on a disk without space."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


async def run(order: dict[str, object]) -> str:
    def notify(step: str) -> None:
        sys.stdout.write(step + "\n")
        sys.stdout.flush()
        if step == order["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if isinstance(chmod, list) and step == chmod[0]:
            Path(str(chmod[1])).chmod(int(chmod[2]))

    chmod, limit = order["chmod_at"], order["file_limit"]
    obey_modes()
    if isinstance(limit, int):
        limit_files(limit)

    names = order["env_files"]
    assert isinstance(names, list)
    load = LoadRequest(str(order["config"]), env_files=tuple(map(str, names)))
    if order["do"] == "apply":
        chosen = order["terms"]
        assert isinstance(chosen, dict)
        prepared = await prepare(RotationRequest(load, str(order["backend"])), PATIENT, Terms(**chosen))
        return (await apply(prepared, PATIENT, notify=notify)).outcome
    (journal,) = look(load).journals
    change = OpenChange(journal, load.environ, PATIENT, notify)
    if order["do"] == "confirm":
        return (await confirm(change)).outcome
    return (await recover(change, undo=order["do"] == "undo")).outcome


def main(order: str) -> None:
    """Do what an order says."""
    try:
        outcome = asyncio.run(run(json.loads(order)))
    except StorageToolError as error:
        outcome = f"{error.kind}: {error.message}"
    sys.stdout.write(f"={outcome}\n")
