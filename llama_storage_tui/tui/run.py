"""The way in."""

from __future__ import annotations

import os
import sys
from typing import Final

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import FOUND, LoadRequest
from llama_storage_tui.services.startup.prefetch import read_ahead
from llama_storage_tui.tui.terminal.terminal import find_terminal

FIRST_WAIT: Final = 0.5
"""Seconds that the first frame waits for a config that is being read ahead; a slower one gets the opening screen."""
SWITCH_SECONDS: Final = 0.0005
"""How long the thread that writes to the terminal waits for the interpreter, once for every 4 kB that a terminal takes at a
time. Python's own 5 ms would hold a frame of 30 kB back for 40 ms while the next one is being made."""


def run(
    request: LoadRequest | None,
    *,
    timeouts: Timeouts | None = None,
    mouse: bool = True,
    fleet: tuple[str, ...] = (),
) -> int:
    """Show the screens until the operator leaves; return the exit code.

    `request` None, or one whose config is `@`, looks in the usual places and offers what is there. `fleet` names several configs,
    which are read as the request says otherwise. Raises UsageError where there is
    no terminal, before anything is drawn.
    """
    terminal = find_terminal(request.config if request is not None else FOUND, os.environ)
    sys.setswitchinterval(SWITCH_SECONDS)
    ahead = read_ahead(request) if request is not None and request.config != FOUND else None
    try:
        # Imported here: the config is read meanwhile.
        from llama_storage_tui.tui.app import StorageApp
        from llama_storage_tui.tui.terminal.driver import driver_on

        opened = None if ahead is None else ahead.opened(FIRST_WAIT)
        app = StorageApp(request, timeouts=timeouts, opened=opened, driver=driver_on(terminal), fleet=fleet)
        app.run(mouse=mouse)
    finally:
        if ahead is not None:
            ahead.close()
    return app.return_code or 0
