"""The way in."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Final

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import FOUND, LoadRequest
from llama_storage_tui.services.startup.prefetch import read_ahead
from llama_storage_tui.tui.terminal.terminal import find_terminal

if TYPE_CHECKING:
    from llama_storage_tui.services.fleet.reading import FleetReading

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
    several = None if request is None or not fleet else _fleet_ahead(fleet, request)
    try:
        # Imported here: the config is read meanwhile.
        from llama_storage_tui.tui.app import StorageApp
        from llama_storage_tui.tui.terminal.driver import driver_on

        # What was imported stays: the collector would look at all of it just before the first frame, and again later.
        gc.freeze()
        opened = None if ahead is None else ahead.opened(FIRST_WAIT)
        app = StorageApp(request, timeouts=timeouts, opened=opened, driver=driver_on(terminal), fleet=several)
        app.run(mouse=mouse)
    finally:
        for each in (ahead, several):
            if each is not None:
                each.close()
    return app.return_code or 0


def _fleet_ahead(names: tuple[str, ...], request: LoadRequest) -> FleetReading:
    # Imported here: one config must not pay for several.
    from llama_storage_tui.services.fleet.reading import read_fleet_ahead

    return read_fleet_ahead(names, request)
