"""Finishing or undoing a change that was left half done, by its journal and two logins; and confirming one that waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.errors import PendingError, StorageToolError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.markers import locked
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import CommitState, Outcome, Result
from llama_storage_tui.services.rotation.apply import give_up, ignore, open_server, settle
from llama_storage_tui.services.rotation.pending_status import OLD_AGAIN, UNDO, PendingStanding, stand
from llama_storage_tui.services.rotation.roll_forward import (
    finish,
    holding,
    redo_of,
    roll_forward,
    stuck,
)
from llama_storage_tui.services.rotation.staging import target_of

FINISHED = "The change was finished meanwhile."


async def recover(
    journal: Journal,
    journals: Journals,
    timeouts: Timeouts,
    *,
    environ: Mapping[str, str],
    undo: bool = False,
    accepts_unchecked: bool = False,
    notify: Notify = ignore,
) -> Result:
    """Bring a pending change to its end; `undo` drops one that did not reach the server.

    A server that takes both passwords is gone on with only where that is accepted, now or when the change began. Raises
    PendingError with the reason, and nothing changed, where the server's answers allow no conclusion.
    """
    try:
        with locked(path for path in journal.paths if path.parent.is_dir()):
            found = _again(journal, journals)
            if found is None:
                return Result(Outcome.NONE, journal.id, notices=(FINISHED,))
            notify("locked")
            if found.state == "staging":
                give_up(found, journals)
                return Result(Outcome.UNDONE, found.id)
            standing = await _standing(found, timeouts, accepts_unchecked=accepts_unchecked)
            notify("asked")
            if undo:
                return await _undo(found, journals, timeouts, standing, environ, notify)
            if standing is PendingStanding.UNCHECKED:
                found = replace(found, is_unchecked=True)
            if standing is PendingStanding.NOT_COMMITTED or (
                standing is PendingStanding.UNCHECKED and found.changes_server
            ):
                # The same verifier again does no harm where the server has it already.
                await _repeat(found, timeouts, notify)
            elif found.changes_server:
                await settle(found, open_server(target_of(found.addresses[0]), timeouts))
            return await roll_forward(
                found, journals, timeouts, outcome=Outcome.RECOVERED, environ=environ, notify=notify
            )
    except PendingError:
        raise
    except StorageToolError as error:
        raise stuck(journal, error.message) from None


async def confirm(
    journal: Journal,
    journals: Journals,
    timeouts: Timeouts,
    *,
    environ: Mapping[str, str],
    env_files: tuple[str, ...] = (),
    notify: Notify = ignore,
) -> Result:
    """Read every site again, with `environ` and further `env_files`, and finish the change where all yield the new password.

    The server is asked and never changed. Raises PendingError where it does not have the new password; the result is pending
    where a site does not yield it yet.
    """
    try:
        with locked(path for path in journal.paths if path.parent.is_dir()):
            found = _again(journal, journals)
            if found is None:
                return Result(Outcome.NONE, journal.id, notices=(FINISHED,))
            notify("locked")
            standing = await _standing(found, timeouts, accepts_unchecked=False)
            notify("asked")
            if standing is PendingStanding.NOT_COMMITTED:
                raise stuck(
                    found, "the server still has the old password: there is nothing to confirm, recover it"
                )
            return await roll_forward(
                found,
                journals,
                timeouts,
                outcome=Outcome.APPLIED,
                environ=environ,
                notify=notify,
                env_files=env_files,
            )
    except PendingError:
        raise
    except StorageToolError as error:
        raise stuck(journal, error.message) from None


def _again(journal: Journal, journals: Journals) -> Journal | None:
    return next((other for other in journals.pending() if other.id == journal.id), None)


async def _standing(journal: Journal, timeouts: Timeouts, *, accepts_unchecked: bool) -> PendingStanding:
    """Return where the change stands; raises PendingError where that allows no conclusion."""
    found = await stand(journal, timeouts)
    match found.standing:
        case PendingStanding.COMMITTED | PendingStanding.NOT_COMMITTED:
            return found.standing
        case PendingStanding.UNCHECKED if accepts_unchecked or journal.is_unchecked:
            return found.standing
        case _:
            raise stuck(journal, found.sentence, found.help)


async def _repeat(journal: Journal, timeouts: Timeouts, notify: Notify) -> None:
    if not journal.changes_server:
        raise stuck(journal, OLD_AGAIN, UNDO)
    server = open_server(target_of(journal.addresses[0]), timeouts)
    if await server.change(journal.change, notify) is CommitState.UNKNOWN:
        raise stuck(journal, "the server's answer to the change got lost")


async def _undo(
    journal: Journal,
    journals: Journals,
    timeouts: Timeouts,
    standing: PendingStanding,
    environ: Mapping[str, str],
    notify: Notify,
) -> Result:
    """Drop a change that the server does not have, once nothing of it runs there and no place holds the new password."""
    if standing is PendingStanding.COMMITTED:
        raise stuck(journal, "the server has the new password already, so that it can only be finished")
    if standing is PendingStanding.UNCHECKED:
        raise stuck(
            journal, "whether the server has the new password is unknown, so that it can only be finished"
        )
    server = open_server(target_of(journal.addresses[0]), timeouts)
    try:
        await server.hold(journal.old, identity=journal.change.identity)
        for file in journal.files:
            current = file.path.read_bytes()
            if redo_of(file, journal)(current) == current:
                raise stuck(
                    journal, f"{file.path} holds the new password already, so that it can only be finished"
                )
        for place in holding(journal, environ):
            raise stuck(journal, f"{place} yields the new password already, so that it can only be finished")
        finish(journal, journals, Outcome.UNDONE, notify)
    except OSError as error:
        raise stuck(journal, f"{error.filename}: {error.strerror}") from None
    return Result(Outcome.UNDONE, journal.id)
