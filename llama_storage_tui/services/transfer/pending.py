"""Whether a transfer of a config's data is half done: what every command says first. Cheap where there never was one."""

from __future__ import annotations

import os
from pathlib import Path

from llama_storage_tui.files.journal import Journals
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.services.requests import LoadRequest

FOLDER = "transfers"


def pending_notice(request: LoadRequest) -> Advice | None:
    """Return what to say of a transfer that is half done; None where there is none of this config."""
    if not (Journals(request.environ).state / FOLDER).is_dir():
        return None
    # Imported here: almost no call has to pay for it.
    from llama_storage_tui.files.transfer_journal import TransferJournals

    journal = TransferJournals(request.environ).pending(config_name(request.config))
    if journal is None:
        return None
    what = (
        "A move of one of this config's backends" if journal.is_move else "A transfer of this config's data"
    )
    text = f"{what} is half done since {journal.created} (journal {journal.id})."
    return Advice(text, journal.finishing, journal.config)


def config_name(config: str) -> str:
    """Return the name under which a config's transfers are found again: its real path, where it is a file."""
    return os.path.realpath(config) if Path(config).exists() else config
