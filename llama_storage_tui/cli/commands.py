"""All commands by name, each imported when it is called: a call pays for no other command's imports, the app for none."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

_MODULES: Final = {
    "check": "judging",
    "show": "judging",
    "test": "probing",
    "namespaces": "keys",
    "keys": "keys",
    "get": "keys",
    "tables": "rows",
    "rows": "rows",
    "schema": "schemas",
}

NAMES: Final = tuple(_MODULES)


def command(name: str) -> click.Command | None:
    """Return the command of that name; None where there is none."""
    module = _MODULES.get(name)
    if module is None:
        return None
    found: click.Command = getattr(import_module(f"llama_storage_tui.cli.{module}"), name)
    return found
