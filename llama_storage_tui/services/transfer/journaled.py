"""A plan's items as a journal has them, and those of a journal as a plan gives them now."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from llama_storage_tui.errors import PendingError
from llama_storage_tui.files.transfer_journal import JournaledItem, TransferJournal
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import TransferItem, TransferPlace
from llama_storage_tui.model.transfer_result import TransferTerms
from llama_storage_tui.services.transfer.stores import store_of


def new_journal(
    items: Sequence[TransferItem], terms: TransferTerms, config: str, request: dict[str, object]
) -> TransferJournal:
    """Return the journal of a transfer that begins now."""
    now = datetime.now(UTC)
    return TransferJournal(
        id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        state="copying",
        created=now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        owner=_user(),
        config=config,
        request=request,
        on_conflict=terms.on_conflict.value,
        removes_source=terms.removes_source,
        items=tuple(_journaled(item) for item in items),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


def _journaled(item: TransferItem) -> JournaledItem:
    return JournaledItem(
        item.what,
        f"{item.source.location} {item.source.container}",
        f"{item.target.location} {item.target.container}",
        store_of(item.target),
        item.target.backend,
        item.target.container,
        item.identity,
    )


def put_back(journaled: JournaledItem, target: Target) -> TransferItem:
    """Return an item that brings nothing, by which the rows that it changed are put back."""
    place = TransferPlace(target, journaled.backend, target.location, journaled.container)
    return TransferItem(journaled.what, place, place, lambda _: (), journaled.identity, "")


def matching(journal: TransferJournal, items: Sequence[TransferItem]) -> list[TransferItem]:
    """Return the items of a journal out of those that its plan gives now; raises PendingError where they go elsewhere.

    One that the plan does not give any more has nothing left to bring.
    """
    now = {item.what: item for item in items}
    found = []
    for journaled in journal.items:
        item = now.get(journaled.what)
        if item is None:
            continue
        if _journaled(item) != journaled:
            raise PendingError(
                f"The config was changed since this transfer began: {journaled.what} went to {journaled.target}, and would"
                f" now go to {item.target.location} {item.target.container}",
                where=journal.id,
                help="Put the config back as it was, and finish the transfer or take it back first.",
            )
        found.append(item)
    return found
