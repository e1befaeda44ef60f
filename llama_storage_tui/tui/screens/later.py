"""Every screen behind the opening one, which is drawn before the others are imported."""

from __future__ import annotations

from llama_storage_tui.tui.exports import ValueSave
from llama_storage_tui.tui.screens.catalog import CatalogScreen
from llama_storage_tui.tui.screens.change import ChangeScreen
from llama_storage_tui.tui.screens.destinations import destinations, screen_of
from llama_storage_tui.tui.screens.export import ExportDialog
from llama_storage_tui.tui.screens.findings import FindingsScreen
from llama_storage_tui.tui.screens.help import HelpDialog, key_groups
from llama_storage_tui.tui.screens.keys import KeysScreen
from llama_storage_tui.tui.screens.namespaces import NamespacesScreen
from llama_storage_tui.tui.screens.pending import PendingScreen
from llama_storage_tui.tui.screens.picker import PickerScreen
from llama_storage_tui.tui.screens.rotation import RotationScreen
from llama_storage_tui.tui.screens.rows import RowsScreen
from llama_storage_tui.tui.screens.tables import TablesScreen
from llama_storage_tui.tui.screens.value import ValueScreen
from llama_storage_tui.tui.screens.version import VersionDialog

__all__ = [
    "CatalogScreen",
    "ChangeScreen",
    "ExportDialog",
    "FindingsScreen",
    "HelpDialog",
    "KeysScreen",
    "NamespacesScreen",
    "PendingScreen",
    "PickerScreen",
    "RotationScreen",
    "RowsScreen",
    "TablesScreen",
    "ValueSave",
    "ValueScreen",
    "VersionDialog",
    "destinations",
    "key_groups",
    "screen_of",
]
