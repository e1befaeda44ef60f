"""Carrying out a plan: everything that can fail fails before the server is touched, and what is half done is journaled."""

from __future__ import annotations

import os

from llama_storage_tui.backends.postgres.verifier import md5_hash, scram_verifier
from llama_storage_tui.backends.protocols import Notify, RoleServer
from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.files.markers import locked, pending, put_marker, read_marker
from llama_storage_tui.files.replacing import digest, stage
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import CommitState, LoginState, Outcome, Result
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.open_change import OpenChange, ignore
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.plan import PreparedChange
from llama_storage_tui.services.rotation.pooler import with_pooler
from llama_storage_tui.services.rotation.rewriting import Rewritten, prove, rewrite
from llama_storage_tui.services.rotation.roll_forward import (
    ask,
    next_step,
    remove_traces,
    roll_forward,
    stuck,
)
from llama_storage_tui.services.rotation.staging import make_journal, now, target_of
from llama_storage_tui.services.rotation.writability import as_if_changed


def open_server(target: LoginTarget, timeouts: Timeouts) -> RoleServer:
    """Return the role of a target with the right to change it."""
    # Imported here: a command that contacts nothing must not pay for SQLAlchemy.
    from llama_storage_tui.backends.registry import open_role_server

    return open_role_server(target, timeouts=timeouts)


async def apply(
    prepared: PreparedChange, timeouts: Timeouts, *, new: Secret | None = None, notify: Notify = ignore
) -> Result:
    """Do what the plan says and nothing else; `new` None generates a password, unless the plan has the server's already.

    Raises RefusedError where nothing was changed, PendingError where the change is half done and journaled. `notify` hears of
    every step right after it.
    """
    journal = _journal(prepared, new)
    change = OpenChange(journal, prepared.request.load.environ, timeouts, notify)
    journals = change.journals
    journals.prepare()
    journals.set_aside()
    with locked(journal.paths):
        notify("locked")
        _check_pending(journal, journals)
        _check_unchanged(prepared, journal)
        try:
            journals.write(journal)
        except OSError as error:
            raise RefusedError(
                f"The journal cannot be written: {error.strerror}", where=str(journals.folder)
            ) from None
        notify("journaled")
        if await _change(prepared, change) is CommitState.UNKNOWN:
            await _find_out(journal, timeouts)
        return await roll_forward(change, Outcome.APPLIED)


def _journal(prepared: PreparedChange, new: Secret | None) -> Journal:
    refusal = prepared.plan.refusal
    old = prepared.chosen.password
    if refusal is not None or prepared.facts is None or old is None:
        raise RefusedError(
            refusal.message if refusal else "The plan is not complete", help=refusal.help if refusal else None
        )
    proof = prepared.terms.proof
    new = proof if proof is not None else generate() if new is None else new
    if new == old:
        raise RefusedError("The new password is the old one", help="Choose another, or let it be generated.")
    iterations = prepared.facts.scram_iterations if proof is None else None
    verifier = _verifier(prepared, new, iterations)
    prepared.redact.add(new)
    everything = (*prepared.writings, *prepared.left)
    rewritten = rewrite(prepared.sources, everything, new, prepared.redact)
    request = as_if_changed(prepared.request, prepared.left, new)
    prove(request, prepared.sources, everything, new, rewritten.contents)
    written = _written(prepared, new, verifier)
    return make_journal(prepared, written, old, new, verifier)


def _verifier(prepared: PreparedChange, new: Secret, iterations: int | None) -> str:
    """Return what the server gets in place of the password; nothing where it gets none from here."""
    if iterations is None:
        return ""
    pooler = prepared.pooler
    verifier = scram_verifier(new, iterations)  # refuses what no form can hold
    return md5_hash(new, pooler.user) if pooler is not None and pooler.needs_md5 else verifier


def _written(prepared: PreparedChange, new: Secret, verifier: str) -> Rewritten:
    """Return the files that are written from here."""
    written = rewrite(prepared.sources, prepared.writings, new, prepared.redact)
    return with_pooler(written, prepared.sources, prepared.pooler, new, verifier)


def _check_pending(journal: Journal, journals: Journals) -> None:
    for path in journal.paths:
        marker = read_marker(path)
        if marker is not None:
            raise pending(path, marker)
    for other in journals.pending():
        if other.change.identity == journal.change.identity:
            raise PendingError(
                f"A password change of {journal.role} is pending (journal {other.id})",
                where=other.id,
                help=next_step(other),
            )


def _check_unchanged(prepared: PreparedChange, journal: Journal) -> None:
    for path, content in prepared.sources.contents.items():
        try:
            is_same = path.read_bytes() == content
        except OSError:
            is_same = False
        if not is_same:
            raise RefusedError(
                f"{path} was changed since the plan was made", where=str(path), help="Make a new plan."
            )
    assert all(digest(prepared.sources.contents[file.path]) == file.before for file in journal.files)  # noqa: S101 - a programming error


async def _change(prepared: PreparedChange, change: OpenChange) -> CommitState:
    """Stage all files and change the password; where either is refused, leave nothing behind."""
    try:
        _stage(prepared, change)
        if not prepared.terms.changes_server:
            return CommitState.COMMITTED
        server = open_server(target_of(change.journal.addresses[0]), change.timeouts)
        return await server.change(change.journal.change, change.notify)
    except (RefusedError, PendingError):
        give_up(change)
        raise
    except OSError as error:
        give_up(change)
        raise RefusedError(
            f"{error.filename or 'A file'} cannot be written: {error.strerror or type(error).__name__}"
        ) from None


def _stage(prepared: PreparedChange, change: OpenChange) -> None:
    journal, notify, path_of_journal = change.journal, change.notify, change.journals.path(change.journal.id)
    rewritten = _written(prepared, journal.new, journal.verifier)
    for index, file in enumerate(journal.files):
        put_marker(file.path, journal.id, path_of_journal, journal.owner)
        notify(f"marked-{index + 1}")
        stage(file.path, file.staged, rewritten.contents[file.path])
        if digest(file.staged.read_bytes()) != file.after:
            raise RefusedError(f"{file.staged} does not hold what was written to it", where=str(file.path))
        notify(f"staged-{index + 1}")
    for path in journal.left:
        # Where the folder cannot be written either, the server's refusal of the old password is what others see.
        if os.access(path.parent, os.W_OK | os.X_OK):
            put_marker(path, journal.id, path_of_journal, journal.owner)
    change.write("prepared")
    notify("prepared")


def give_up(change: OpenChange) -> None:
    """Remove every trace of a change that did not happen; raises PendingError where that fails."""
    try:
        remove_traces(change.journal)
        change.journals.close(change.journal, "undone", now())
    except OSError as error:
        raise stuck(
            change.journal, f"nothing was changed, and {error.filename} cannot be removed: {error.strerror}"
        ) from None


async def _find_out(journal: Journal, timeouts: Timeouts) -> None:
    """Ask by logins whether a change whose answer got lost took place; raises PendingError where that cannot be told."""
    role = open_server(target_of(journal.addresses[0]), timeouts)
    state, message = await ask(role, journal, is_new=True)
    if state is not LoginState.ACCEPTED:
        raise stuck(
            journal,
            f"the server's answer to the change got lost, and the new password does not log in: {message}",
        )
    await settle(journal, role)


async def settle(journal: Journal, role: RoleServer) -> None:
    """Make sure that a password which the server takes outlives a crash there; raises PendingError."""
    if await role.settle(journal.change) is CommitState.UNKNOWN:
        raise stuck(
            journal,
            "the server takes the new password, and whether it keeps it through a crash is not known yet; no file was changed",
        )
