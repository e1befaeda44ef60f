"""In which zone times are shown: one choice for the whole program."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from llama_storage_tui.tui.style.keys import hidden_key

ZONE_KEY: Final = hidden_key(
    "u", "zone", "UTC/local", "screen.zone", "Show times in UTC or in this machine's zone"
)
"""The key of every screen that shows times; the screen has the action."""


class Zone:
    """UTC, or this machine's zone."""

    def __init__(self) -> None:
        self._is_utc = True

    @property
    def info(self) -> tzinfo | None:
        """The zone; None is this machine's."""
        return UTC if self._is_utc else None

    @property
    def name(self) -> str:
        """The zone in a word."""
        return "UTC" if self._is_utc else "local time"

    def toggle(self) -> None:
        """Choose the other one."""
        self._is_utc = not self._is_utc
