"""Whether a transfer of a config's data is half done: what every command says first. Cheap where there never was one."""

from __future__ import annotations

import os

from llama_storage_tui.config.locate import STDIN, config_path
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.model.pending import PendingTransfer
from llama_storage_tui.services.requests import LoadRequest

FOLDER = "transfers"


def pending_transfer(request: LoadRequest) -> PendingTransfer | None:
    """Return the transfer of this config's data that is half done; None where there is none."""
    if not (Journals(request.environ).state / FOLDER).is_dir():
        return None
    # Imported here: almost no call has to pay for it.
    from llama_storage_tui.files.transfer_journal import TransferJournals

    journal = TransferJournals(request.environ).pending(config_name(request))
    if journal is None:
        return None
    stores = {item.store for item in journal.items}
    return PendingTransfer(
        journal.id,
        journal.config,
        journal.created,
        is_move=journal.is_move,
        is_undoing=journal.state == "undoing",
        stores=len(stores),
        done=len(stores.intersection(journal.committed)),
        items=tuple((item.what, item.source, item.target) for item in journal.items),
    )


def config_name(request: LoadRequest, config: str | None = None) -> str:
    """Return the name under which the transfers of a config are found again, `config` in place of the request's own.

    That is its real path, however it was named, and whether or not it is still there. Raises UsageError where the one that is found
    is meant, and there is none or several.
    """
    path = config_path(request.config if config is None else config, request.environ)
    return STDIN if path is None else os.path.realpath(path)
