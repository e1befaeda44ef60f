"""Every screen behind the opening one, which is drawn before the others are imported."""

from __future__ import annotations

from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.catalog.picker import PickerScreen
from llama_storage_tui.tui.catalog.version import VersionDialog
from llama_storage_tui.tui.export.dialog import ExportDialog
from llama_storage_tui.tui.export.jobs import ValueSave
from llama_storage_tui.tui.findings.config_text import ConfigTextScreen
from llama_storage_tui.tui.findings.findings import FindingsScreen
from llama_storage_tui.tui.fleet.fleet import FleetScreen, neighbours
from llama_storage_tui.tui.navigation.destinations import destinations, screen_of, upgrade_screen
from llama_storage_tui.tui.navigation.help import HelpDialog, key_groups
from llama_storage_tui.tui.rotation.change import ChangeScreen
from llama_storage_tui.tui.rotation.pending import PendingScreen
from llama_storage_tui.tui.rotation.rotation import RotationScreen
from llama_storage_tui.tui.transfers.transfer import TransferScreen
from llama_storage_tui.tui.values.keys import KeysScreen
from llama_storage_tui.tui.values.namespaces import NamespacesScreen
from llama_storage_tui.tui.values.rows import RowsScreen
from llama_storage_tui.tui.values.tables import TablesScreen
from llama_storage_tui.tui.values.value import ValueScreen

__all__ = [
    "CatalogScreen",
    "ChangeScreen",
    "ConfigTextScreen",
    "ExportDialog",
    "FindingsScreen",
    "FleetScreen",
    "HelpDialog",
    "KeysScreen",
    "NamespacesScreen",
    "PendingScreen",
    "PickerScreen",
    "RotationScreen",
    "RowsScreen",
    "TablesScreen",
    "TransferScreen",
    "ValueSave",
    "ValueScreen",
    "VersionDialog",
    "destinations",
    "key_groups",
    "neighbours",
    "screen_of",
    "upgrade_screen",
]
