"""What the screens about upgrades report to themselves."""

from __future__ import annotations

from textual.message import Message

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.migration import ConfigMigration
from llama_storage_tui.model.upgrade import UpgradeReport
from llama_storage_tui.services.config_writing import WrittenConfig
from llama_storage_tui.services.left_behind import LeftBehind


@dataclass(eq=False)
class ForecastArrived(Message):
    """A preview is there: a first one, or the final one."""

    report: UpgradeReport


@dataclass(eq=False)
class LeftBehindArrived(Message):
    """What is stored is there, at first without findings."""

    found: LeftBehind


@dataclass(eq=False)
class ConfigPlanned(Message):
    """The new config is worked out."""

    plan: ConfigMigration


@dataclass(eq=False)
class ConfigWritten(Message):
    """The new config is in its place."""

    written: WrittenConfig
