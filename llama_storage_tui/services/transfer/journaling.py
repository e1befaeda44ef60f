"""What a journal says of a transfer: written when one begins, and held against the plan that is made again later."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from llama_storage_tui.errors import PendingError, StorageToolError
from llama_storage_tui.files.transfer_journal import (
    JournaledItem,
    TransferJournal,
    TransferJournals,
    TransferRecord,
)
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.transfer import TransferItem, TransferPlace
from llama_storage_tui.model.transfer_result import TransferTerms
from llama_storage_tui.next_steps import Advice
from llama_storage_tui.services.transfer.stores import store_of
from llama_storage_tui.text import plural

UNSEEN = "{what} was not copied yet, and nothing of it is found in {source} now"


def pending(journal: TransferJournal) -> PendingError:
    """Return the error for what cannot go on before a transfer that is half done."""
    what = "move of one of this config's backends" if journal.is_move else "transfer of this config's data"
    return PendingError(
        f"A {what} is pending since {journal.created} (journal {journal.id})",
        where=journal.id,
        help=Advice("", journal.finishing, journal.config),
    )


def half_done(journal: TransferJournal, error: StorageToolError) -> PendingError:
    """Return the error for a transfer that stopped on the way, some stores of which have what was brought."""
    number = len(journal.committed)
    done = f"{plural(number, 'store')} of {len({item.store for item in journal.items})}"
    return PendingError(
        f"{error.message.removesuffix('.')}; {done} {'has' if number == 1 else 'have'} the rows of the transfer "
        f"(journal {journal.id})",
        where=error.where,
        help=Advice("", journal.finishing, journal.config),
    )


def new_journal(
    items: Sequence[TransferItem], terms: TransferTerms, config: str, request: dict[str, object]
) -> TransferJournal:
    """Return the journal of a transfer that begins."""
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


def refuse_unplanned(
    journal: TransferJournal, items: Sequence[TransferItem], journals: TransferJournals
) -> None:
    """Raise PendingError for an item that no plan gives any more although it was not brought: its source cannot be seen."""
    found = {item.what for item in items}
    with TransferRecord(journals.record_path(journal.id)) as record:
        for each in journal.items:
            if each.what in found or each.store in journal.committed or record.is_complete(each.store):
                continue
            raise PendingError(
                UNSEEN.format(what=each.what, source=each.source),
                where=journal.id,
                help="Restore its source and finish it, or undo the transfer.",
            )
