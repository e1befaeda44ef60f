"""Where a pending change stands, told by its journal and two logins, and what that allows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError
from llama_storage_tui.files.journal import Journal
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginState
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.services.rotation.identity import open_login
from llama_storage_tui.services.rotation.roll_forward import ask
from llama_storage_tui.services.rotation.staging import target_of

OLD_AGAIN: Final = "the server has the old password again, which this change does not replace"
UNDO: Final = Advice("Give the server the new password, or give the change up.", Step.UNDO_CHANGE)


class PendingStanding(StrEnum):
    """What two logins say of a pending change."""

    STAGING = "staging"
    """It stopped before the server was asked for anything."""
    COMMITTED = "committed"
    """The server has the new password."""
    NOT_COMMITTED = "not-committed"
    """The server has the old password, unless something unfinished still runs there."""
    UNCHECKED = "unchecked"
    """The server takes both."""
    LOST = "lost"
    """The server takes neither."""
    UNKNOWN = "unknown"
    """The server's answers allow no conclusion."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A standing, its sentence, which goes on after the journal's name and a colon, and what to do in place of finishing it."""

    standing: PendingStanding
    sentence: str
    help: Help | None = None


async def stand(journal: Journal, timeouts: Timeouts) -> Stand:
    """Ask with both passwords; changes nothing."""
    if journal.state == "staging":
        return Stand(
            PendingStanding.STAGING,
            "it stopped before the server was touched; recovering removes what it left",
        )
    role = open_login(target_of(journal.addresses[0]), timeouts)
    new, new_words = await ask(role, journal, is_new=True)
    old, old_words = await ask(role, journal, is_new=False)
    if LoginState.UNKNOWN in (new, old):
        words = new_words if new is LoginState.UNKNOWN else old_words
        return Stand(PendingStanding.UNKNOWN, f"whether the server took it is unknown: {words}")
    if new is old is LoginState.REFUSED:
        return Stand(
            PendingStanding.LOST,
            "neither the old nor the new password logs in: somebody else changed it, or the role expired or was dropped;"
            " nothing was written",
            Advice("", Step.ADOPT_PASSWORD),
        )
    try:
        facts = await role.describe(journal.new if new is LoginState.ACCEPTED else journal.old)
    except BackendError as error:
        return Stand(PendingStanding.UNKNOWN, f"whether this is the same server is unknown: {error.message}")
    if facts.identity != journal.change.identity:
        return Stand(PendingStanding.UNKNOWN, "another server or role answers at this address now")
    if new is old:
        return Stand(
            PendingStanding.UNCHECKED,
            "the server lets this role in with both passwords, so that nothing can be concluded; see how it checks logins",
        )
    if new is LoginState.ACCEPTED and journal.state == "waiting":
        return Stand(
            PendingStanding.COMMITTED,
            "the server has the new password; the change waits until you have written that by hand and confirm it",
        )
    if new is LoginState.ACCEPTED:
        return Stand(
            PendingStanding.COMMITTED,
            "the server has the new password already, so that it can only be finished",
        )
    if not journal.changes_server:
        return Stand(
            PendingStanding.NOT_COMMITTED,
            OLD_AGAIN,
            UNDO,
        )
    return Stand(
        PendingStanding.NOT_COMMITTED, "the server still has the old password: it can be finished or undone"
    )
