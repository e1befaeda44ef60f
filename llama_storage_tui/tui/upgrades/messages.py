"""What the screens about upgrades report to themselves."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from llama_storage_tui.model.upgrade import UpgradeReport


@dataclass(eq=False)
class ForecastArrived(Message):
    """A preview is there: a first one, or the final one."""

    report: UpgradeReport
