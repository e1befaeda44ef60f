"""Finishing or undoing a change that was left half done, by its journal and two logins; and confirming one that waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from llama_storage_tui.errors import PendingError, StorageToolError
from llama_storage_tui.files.markers import locked
from llama_storage_tui.model.rotation import CommitState, Outcome, Result
from llama_storage_tui.services.rotation.apply import give_up, open_server, settle
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending_status import OLD_AGAIN, UNDO, PendingStanding, stand
from llama_storage_tui.services.rotation.roll_forward import (
    finish,
    holding,
    redo_of,
    roll_forward,
    stuck,
)
from llama_storage_tui.services.rotation.staging import target_of


async def recover(change: OpenChange, *, undo: bool = False, accepts_unchecked: bool = False) -> Result:
    """Bring a pending change to its end; `undo` drops one that did not reach the server.

    A server that takes both passwords is gone on with only where that is accepted, now or when the change began. Raises
    PendingError with the reason, and nothing changed, where the server's answers allow no conclusion.
    """

    async def end(found: OpenChange) -> Result:
        if found.journal.state == "staging":
            give_up(found)
            return Result(Outcome.UNDONE, found.journal.id)
        standing = await _standing(found, accepts_unchecked=accepts_unchecked)
        return await (_undo if undo else _finish)(found, standing)

    return await _alone(change, end)


async def confirm(change: OpenChange) -> Result:
    """Read every site again, with a change's `environ` and `env_files`, and finish it where all yield the new password.

    The server is asked and never changed. Raises PendingError where it does not have the new password; the result is pending
    where a site does not yield it yet.
    """

    async def end(found: OpenChange) -> Result:
        standing = await _standing(found, accepts_unchecked=False)
        if standing is PendingStanding.NOT_COMMITTED:
            raise stuck(
                found.journal,
                "the server still has the old password: there is nothing to confirm, recover it",
            )
        return await roll_forward(found, Outcome.APPLIED)

    return await _alone(change, end)


async def _alone(change: OpenChange, end: Callable[[OpenChange], Awaitable[Result]]) -> Result:
    """End a change as it is once nobody else works on it; whatever stops that is a PendingError."""
    try:
        with locked(path for path in change.journal.paths if path.parent.is_dir()):
            found = change.current()
            if found is None:
                return change.finished_meanwhile()
            found.notify("locked")
            return await end(found)
    except PendingError:
        raise
    except StorageToolError as error:
        raise stuck(change.journal, error.message) from None


async def _standing(change: OpenChange, *, accepts_unchecked: bool) -> PendingStanding:
    """Return where the change stands; raises PendingError where that allows no conclusion."""
    found = await stand(change.journal, change.timeouts)
    is_known = found.standing in (PendingStanding.COMMITTED, PendingStanding.NOT_COMMITTED)
    is_unchecked = found.standing is PendingStanding.UNCHECKED
    if not is_known and not (is_unchecked and (accepts_unchecked or change.journal.is_unchecked)):
        raise stuck(change.journal, found.sentence, found.help)
    change.notify("asked")
    return found.standing


async def _finish(change: OpenChange, standing: PendingStanding) -> Result:
    journal = change.journal
    if standing is PendingStanding.UNCHECKED:
        journal = replace(journal, is_unchecked=True)
    server = open_server(target_of(journal.addresses[0]), change.timeouts)
    if standing is PendingStanding.NOT_COMMITTED or (
        standing is PendingStanding.UNCHECKED and journal.changes_server
    ):
        if not journal.changes_server:
            raise stuck(journal, OLD_AGAIN, UNDO)
        # The same verifier again does no harm where the server has it already.
        if await server.change(journal.change, change.notify) is CommitState.UNKNOWN:
            raise stuck(journal, "the server's answer to the change got lost")
    elif journal.changes_server:
        await settle(journal, server)
    return await roll_forward(replace(change, journal=journal), Outcome.RECOVERED)


async def _undo(change: OpenChange, standing: PendingStanding) -> Result:
    """Drop a change that the server does not have, once nothing of it runs there and no place holds the new password."""
    journal = change.journal
    if standing is PendingStanding.COMMITTED:
        raise stuck(journal, "the server has the new password already, so that it can only be finished")
    if standing is PendingStanding.UNCHECKED:
        raise stuck(
            journal, "whether the server has the new password is unknown, so that it can only be finished"
        )
    server = open_server(target_of(journal.addresses[0]), change.timeouts)
    try:
        await server.hold(journal.old, identity=journal.change.identity)
        for file in journal.files:
            current = file.path.read_bytes()
            if redo_of(file, journal)(current) == current:
                raise stuck(
                    journal, f"{file.path} holds the new password already, so that it can only be finished"
                )
        for place in holding(journal, change.environ):
            raise stuck(journal, f"{place} yields the new password already, so that it can only be finished")
        finish(change, Outcome.UNDONE)
    except OSError as error:
        raise stuck(journal, f"{error.filename}: {error.strerror}") from None
    return Result(Outcome.UNDONE, journal.id)
