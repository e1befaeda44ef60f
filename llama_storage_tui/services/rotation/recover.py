"""Finishing or undoing a change that was left half done, by its journal and two logins."""

from __future__ import annotations

from collections.abc import Mapping

from llama_storage_tui.backends.protocols import Notify
from llama_storage_tui.errors import BackendError, RefusedError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.markers import locked
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import CommitState, LoginState, Outcome, Result
from llama_storage_tui.services.rotation.apply import give_up, ignore, open_server
from llama_storage_tui.services.rotation.forward import ask, finish, redo_of, roll_forward, stuck
from llama_storage_tui.services.rotation.staging import target_of


async def recover(
    journal: Journal,
    journals: Journals,
    timeouts: Timeouts,
    *,
    environ: Mapping[str, str],
    undo: bool = False,
    notify: Notify = ignore,
) -> Result:
    """Bring a pending change to its end; `undo` drops one that did not reach the server.

    Raises PendingError with the reason, and nothing changed, where the server's answers allow no conclusion.
    """
    try:
        return await _recover(journal, journals, timeouts, environ=environ, undo=undo, notify=notify)
    except RefusedError as refused:
        raise stuck(journal, refused.message) from None


async def _recover(
    journal: Journal,
    journals: Journals,
    timeouts: Timeouts,
    *,
    environ: Mapping[str, str],
    undo: bool,
    notify: Notify,
) -> Result:
    with locked(file.path for file in journal.files if file.path.parent.is_dir()):
        found = next((other for other in journals.pending() if other.id == journal.id), None)
        if found is None:
            return Result(Outcome.NONE, journal.id, notices=("The change was finished meanwhile.",))
        journal = found
        notify("locked")
        if journal.state == "staging":
            give_up(journal, journals)
            return Result(Outcome.UNDONE, journal.id)
        is_committed = await _is_committed(journal, timeouts)
        notify("asked")
        if is_committed and undo:
            raise stuck(journal, "the server has the new password already, so that it can only be finished")
        if not is_committed and undo:
            return await _undo(journal, journals, timeouts, notify)
        if not is_committed:
            await _repeat(journal, timeouts, notify)
        return await roll_forward(
            journal, journals, timeouts, outcome=Outcome.RECOVERED, environ=environ, notify=notify
        )


async def _is_committed(journal: Journal, timeouts: Timeouts) -> bool:
    role = open_server(target_of(journal.addresses[0]), timeouts)
    new, new_words = await ask(role, journal, is_new=True)
    old, old_words = await ask(role, journal, is_new=False)
    if LoginState.UNKNOWN in (new, old):
        raise stuck(journal, f"whether the server took it cannot be told: {new_words or old_words}")
    if new is old is LoginState.ACCEPTED:
        raise stuck(
            journal,
            "the server lets this role in with both passwords, so that nothing can be concluded; see pg_hba.conf",
        )
    if new is old is LoginState.REFUSED:
        raise stuck(
            journal,
            "neither the old nor the new password logs in: somebody else changed it, or the role expired or was dropped;"
            " nothing was written. Give the password that works with --adopt",
        )
    is_committed = new is LoginState.ACCEPTED
    try:
        facts = await role.describe(journal.new if is_committed else journal.old)
    except BackendError as error:
        raise stuck(journal, f"whether this is the same server cannot be told: {error.message}") from None
    if facts.identity != (journal.system_identifier, journal.role_oid):
        raise stuck(journal, "another server or role answers at this address now")
    return is_committed


async def _repeat(journal: Journal, timeouts: Timeouts, notify: Notify) -> None:
    if not journal.verifier:
        raise stuck(
            journal,
            "the server has the old password again; undo the change with --recover --undo, or change the server",
        )
    server = open_server(target_of(journal.addresses[0]), timeouts)
    identity = (journal.system_identifier, journal.role_oid)
    state = await server.change(journal.old, journal.verifier, identity=identity, notify=notify)
    if state is CommitState.UNKNOWN:
        raise stuck(journal, "the server's answer to COMMIT got lost")


async def _undo(journal: Journal, journals: Journals, timeouts: Timeouts, notify: Notify) -> Result:
    """Drop a change that the server does not have, once nothing of it runs there and no file holds the new password."""
    server = open_server(target_of(journal.addresses[0]), timeouts)
    try:
        await server.hold(journal.old, identity=(journal.system_identifier, journal.role_oid))
        for file in journal.files:
            current = file.path.read_bytes()
            if redo_of(file, journal)(current) == current:
                raise stuck(
                    journal, f"{file.path} holds the new password already, so that it can only be finished"
                )
        finish(journal, journals, Outcome.UNDONE, notify)
    except OSError as error:
        raise stuck(journal, f"{error.filename}: {error.strerror}") from None
    return Result(Outcome.UNDONE, journal.id)
