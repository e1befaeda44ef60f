"""Every binding of ours by its id: what `config.toml` may remap, and what `help keys` and the box of keys list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from textual.binding import Binding
from textual.dom import DOMNode

from llama_storage_tui.model.bindings import AppSettings, KeyBinding
from llama_storage_tui.tui.navigation.keymap import preferences_path
from llama_storage_tui.tui.style.theme import theme_names

PLACES: Final = {
    "TerminalApp": "everywhere",
    "WorkScreen": "every screen",
    "OpeningScreen": "opening a config",
    "PagedScreen": "lists in pages",
    "FilteredScreen": "responses and other records",
    "FollowedPages": "lists that can be followed",
    "SortableScreen": "responses and other records",
    "RecordsScreen": "conversations, completions, objects",
    "DetailScreen": "a record opened from a list",
    "ReadingScreen": "a conversation, a completion, an object",
    "FamiliesScreen": "objects",
    "CatalogScreen": "catalog",
    "ReferencePane": "references",
    "FleetScreen": "several configs",
    "ValueScreen": "a value",
    "TablesScreen": "tables",
    "RotationScreen": "a password",
    "PickerScreen": "configs",
    "PendingScreen": "a pending change",
    "NamespacesScreen": "namespaces",
    "FindingsScreen": "findings",
    "ConfigTextScreen": "the text of the config",
    "UpgradeScreen": "the preview of an upgrade",
    "MigrateScreen": "a config beside the next one",
    "LeftBehindScreen": "left behind",
    "ResponseScreen": "a response",
    "RowsScreen": "rows",
    "KeysScreen": "keys",
    "KeyTreeScreen": "a tree of keys",
    "ResponsesScreen": "responses",
    "ConversationsScreen": "conversations",
    "ChainScreen": "a chain",
    "AttentionScreen": "attention",
    "StatisticsScreen": "statistics",
    "ChangeScreen": "a running change",
    "TransferScreen": "a transfer of data",
    "Dialog": "every dialog",
    "HelpDialog": "help",
    "GotoDialog": "going to an id",
    "TermsDialog": "how to change a password",
    "DataOptionsDialog": "options of a data migration",
    "MoveOptionsDialog": "where a backend moves",
    "FieldDialog": "a text prompt",
    "AskingDialog": "a confirmation",
    "ExportDialog": "an export",
    "WhoDialog": "who may read",
    "RevealDialog": "a new password",
    "Choice": "a choice in a form",
    "FilterBar": "a filter",
    "FilterMenu": "filters that need no typing",
    "FindScreen": "a value, a record",
    "FindBar": "a text to find",
    "Form": "a form",
    "TextPane": "a text",
    "Listing": "lists",
    "JsonTree": "a tree",
}
"""Each class with bindings, in the words of an operator."""


def bound_classes() -> list[type]:
    """Return every class of ours that is a part of a screen and imported, each once."""
    found: dict[type, None] = {}
    pending: list[type] = [DOMNode]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        if kind.__module__.startswith("llama_storage_tui."):
            found[kind] = None
    return [*found]


def known_ids() -> set[str]:
    """Return the id of every binding of the app."""
    return {binding.id for _, binding in _bindings() if binding.id}


def key_bindings() -> list[KeyBinding]:
    """Return what every key of the app does, by id; one id may do as much in several screens."""
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for kind, binding in _bindings():
        what = binding.id or "", binding.key, binding.description, binding.tooltip
        places.setdefault(what, []).append(PLACES[kind.__name__])
    return [
        KeyBinding(id_, tuple(key.split(",")), label, help_ or label, tuple(sorted(where)))
        for (id_, key, label, help_), where in sorted(places.items())
    ]


def _bindings() -> Iterator[tuple[type, Binding]]:
    """Yield each binding with the class that has it. Imports every screen and widget there is, used or not.

    The app itself is above this module: it must have been imported.
    """
    from llama_storage_tui import tui

    for module in walk_packages(tui.__path__, f"{tui.__name__}."):
        import_module(module.name)
    for kind in bound_classes():
        for binding in kind.__dict__.get("BINDINGS", ()):
            if isinstance(binding, Binding):
                yield kind, binding


def app_settings(environ: Mapping[str, str]) -> AppSettings:
    """Return what the app's file of preferences may hold."""
    return AppSettings(str(preferences_path(environ)), tuple(key_bindings()), tuple(theme_names()))
