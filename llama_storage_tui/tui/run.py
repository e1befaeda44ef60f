"""The way in."""

from __future__ import annotations

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.tui.app import StorageApp


def run(request: LoadRequest | None, *, timeouts: Timeouts | None = None, mouse: bool = True) -> int:
    """Show the screens until the operator leaves; return the exit code.

    `request` None, or one whose config is `@`, looks in the usual places and offers what is there.
    """
    app = StorageApp(request, timeouts=timeouts)
    app.run(mouse=mouse)
    return app.return_code or 0
