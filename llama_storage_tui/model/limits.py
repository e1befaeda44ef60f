"""How long to wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and for one interactive query."""

    connect: float = 5.0
    query: float | None = 10.0
