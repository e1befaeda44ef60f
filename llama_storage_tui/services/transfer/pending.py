"""Whether a transfer of a config's data is half done: what every command says first. Cheap where there never was one."""

from __future__ import annotations

import os

from llama_storage_tui.config.locate import STDIN, config_path
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.services.catalog import home_of
from llama_storage_tui.services.requests import LoadRequest

FOLDER = "transfers"


def pending_notice(request: LoadRequest) -> Advice | None:
    """Return what to say of a transfer that is half done; None where there is none of this config."""
    if not (Journals(request.environ).state / FOLDER).is_dir():
        return None
    # Imported here: almost no call has to pay for it.
    from llama_storage_tui.files.transfer_journal import TransferJournals

    journal = TransferJournals(request.environ).pending(config_name(request))
    if journal is None:
        return None
    what = (
        "A move of one of this config's backends" if journal.is_move else "A transfer of this config's data"
    )
    text = f"{what} is half done since {journal.created} (journal {journal.id})."
    return Advice(text, journal.finishing, journal.config)


def config_name(request: LoadRequest, config: str | None = None) -> str:
    """Return the name under which the transfers of a config are found again, `config` in place of the request's own.

    That is its real path, however it was named, and whether or not it is still there. Raises UsageError where the one that is found
    is meant, and there is none or several.
    """
    path = config_path(
        request.config if config is None else config, environ=request.environ, home=home_of(request.environ)
    )
    return STDIN if path is None else os.path.realpath(path)
