"""Every screen behind the opening one, which is drawn before the others are imported."""

from __future__ import annotations

from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.catalog.picker import PickerScreen
from llama_storage_tui.tui.export.dialog import ExportDialog
from llama_storage_tui.tui.export.jobs import ValueSave
from llama_storage_tui.tui.fleet.fleet import FleetScreen, neighbours
from llama_storage_tui.tui.navigation.destinations import ScreenParts, destinations, screen_of
from llama_storage_tui.tui.navigation.help import HelpDialog, key_groups
from llama_storage_tui.tui.rotation.change import ChangeScreen
from llama_storage_tui.tui.rotation.pending import PendingScreen
from llama_storage_tui.tui.rotation.rotation import RotationScreen
from llama_storage_tui.tui.transfers.transfer import TransferScreen

__all__ = [
    "CatalogScreen",
    "ChangeScreen",
    "ExportDialog",
    "FleetScreen",
    "HelpDialog",
    "PendingScreen",
    "PickerScreen",
    "RotationScreen",
    "ScreenParts",
    "TransferScreen",
    "ValueSave",
    "destinations",
    "key_groups",
    "neighbours",
    "screen_of",
]
