"""How long tests wait: for what is to come, and never for a time to pass.

A machine that others use too may be ten times slower than a quiet one. None of these says how long anything takes: they only bound
what would otherwise never end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from llama_storage_tui.model.limits import Timeouts

PATIENCE: Final = 120.0
"""Seconds after which something that should have come is said to be missing."""

PATIENT: Final = Timeouts(connect=PATIENCE, query=PATIENCE)
"""For servers that answer: a busy one is none that does not."""

_PAUSE: Final = 0.01


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Look until something is so that no event tells, as the state of another process; raises AssertionError."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, f"still not so: {what}"
        time.sleep(_PAUSE)
