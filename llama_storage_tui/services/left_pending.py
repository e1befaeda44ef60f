"""Whether any change can be half done: what reads a change takes far longer to import than that takes to ask."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from llama_storage_tui.config.locate import config_path
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.files.markers import marker_path
from llama_storage_tui.files.private import state_folder
from llama_storage_tui.services.requests import LoadRequest

_JOURNALED: Final = ("rotations", "transfers")
_CLOSED: Final = ("applied", "undone")
"""What both kinds of journals say of a change that is over; its record stays."""


def is_anything_pending(request: LoadRequest) -> bool:
    """Tell whether a journal of this user is open or damaged, or a marker stands beside the config or its env files.

    False is certain. True is not: `rotation.pending` and `transfer.pending` read what it is, and of which config. Never fails.
    """
    try:
        state = state_folder(request.environ)
        if any(not _is_closed(path) for name in _JOURNALED for path in (state / name).glob("*.json")):
            return True
        config = config_path(request.config, request.environ)
        named = [Path(name) for name in request.env_files]
        return any(
            os.path.lexists(marker_path(path.resolve())) for path in (*named, *((config,) if config else ()))
        )
    except (StorageToolError, OSError):
        return True


def _is_closed(path: Path) -> bool:
    try:
        return json.loads(path.read_bytes())["state"] in _CLOSED
    except (ValueError, KeyError, TypeError):
        return False
