"""How long to wait, and how much to fetch."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.deferred import dataclass

LONGEST_CELL: Final = 64 * 1024
"""Characters of a text that a list fetches: more than any screen shows, and a page of them is a few megabytes."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and for one interactive query."""

    connect: float = 5.0
    query: float | None = 10.0
