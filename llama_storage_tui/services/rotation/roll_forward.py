"""What follows once the server has the new password, in a first run and in a recovery alike: verify, swap, read again, finish.

Every step may be done twice. Nothing here goes back: from COMMIT on the only way to a state in which everybody can log in leads
forward.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from llama_storage_tui.backends.protocols import RoleLogin
from llama_storage_tui.config.edit.reapply import PlacedEdit, edit_again
from llama_storage_tui.errors import BackendError, PendingError, StorageToolError
from llama_storage_tui.files.journal import Address, Journal, JournaledFile, with_state
from llama_storage_tui.files.markers import read_marker, remove_marker
from llama_storage_tui.files.replacing import swap
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginState, Outcome, Result, RoleSession
from llama_storage_tui.next_steps import Advice, Help, Step
from llama_storage_tui.services.rotation.discovery import CredentialEntry, find_entries
from llama_storage_tui.services.rotation.identity import open_login
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pooler import reload_steps
from llama_storage_tui.services.rotation.sources import read_sources
from llama_storage_tui.services.rotation.staging import now, request_from_json, target_of
from llama_storage_tui.text import capitalised

UNVERIFIED: Final = (
    "Nothing was verified: the server lets this role in with any password, the old one included; whether it has the new one"
    " shows only when it checks passwords."
)
_MEANWHILE: Final = {
    LoginState.REFUSED: ", although the server had taken it, so that somebody else changed it meanwhile"
}
PATIENCE: Final = 5.0
"""Seconds for a standby to replay the change, or for a full server to have a connection again."""


async def roll_forward(change: OpenChange, outcome: Outcome) -> Result:
    """Finish a change that the server has; raises PendingError, with the journal kept, where a step fails.

    Where the operator has places to write, and reading them does not yield the new password yet, the change stays open and the
    result says so.
    """
    journal, timeouts, notify = change.journal, change.timeouts, change.notify
    try:
        notices = await _verify(journal, timeouts)
        notify("verified")
        for index, file in enumerate(journal.files):
            swap(file.path, file.staged, file.before, file.after, redo_of(file, journal))
            notify(f"swapped-{index + 1}")
        waiting = check_readings(change)
        if waiting:
            change.write("waiting")
            notify("waiting")
            sessions = await _sessions(journal, timeouts)
            return open_result(journal, waiting, sessions, (*notices, *_reloads(journal)))
        state, message = await ask(
            open_login(target_of(journal.addresses[0]), timeouts), journal, is_new=True
        )
        if state is not LoginState.ACCEPTED:
            raise stuck(journal, f"the password in the files does not log in: {message}")
        notify("read-again")
        sessions = await _sessions(journal, timeouts)
        notices += tuple(_reloads(journal))
        finish(change, outcome)
    except OSError as error:
        raise stuck(
            journal, f"{error.filename or 'A file'}: {error.strerror or type(error).__name__}"
        ) from None
    except PendingError:
        raise
    except StorageToolError as error:
        raise stuck(journal, error.message) from None
    return Result(outcome, journal.id, sessions, notices, is_verified=UNVERIFIED not in notices)


def _reloads(journal: Journal) -> Iterator[str]:
    for file in journal.files:
        if any(edit.get("user") for edit in file.edits):
            yield from (f"{capitalised(step)}." for step in reload_steps(str(file.path)))


def redo_of(file: JournaledFile, journal: Journal) -> Callable[[bytes], bytes]:
    """Return what makes the journaled edits again on whatever a file holds now."""
    key: Any = journal.request["key"]
    edits = tuple(PlacedEdit.from_json(edit) for edit in file.edits)
    return partial(edit_again, name=str(file.path), edits=edits, key=key)


def stuck(journal: Journal, why: str, help_: Help | None = None) -> PendingError:
    """Return the error of a change that is half done; `help_` is what to do in place of finishing it."""
    return PendingError(
        f"The password change of {journal.role} is pending (journal {journal.id}): {why}",
        where=journal.id,
        help=next_step(journal) if help_ is None else help_,
    )


def next_step(journal: Journal) -> Advice:
    """Return the step that finishes a change."""
    step = Step.CONFIRM_CHANGE if journal.state == "waiting" else Step.FINISH_CHANGE
    return Advice("", step, journal.config)


def open_result(
    journal: Journal,
    waiting: tuple[str, ...],
    sessions: tuple[RoleSession, ...] = (),
    notices: tuple[str, ...] = (),
) -> Result:
    """Return the result of a change that waits for the operator."""
    return Result(
        Outcome.PENDING,
        journal.id,
        sessions,
        notices,
        journal.patches,
        waiting,
        next_step(with_state(journal, "waiting")),
        is_verified=UNVERIFIED not in notices,
    )


def finish(change: OpenChange, outcome: Outcome) -> None:
    """Write the audit line, remove what lies beside the files, take the secrets out of the journal; in this order.

    The journal comes last: as long as it is pending, all of this is done again.
    """
    journal, journals = change.journal, change.journals
    journals.audit(
        journal.id,
        {
            "at": now(),
            "by": journal.owner,
            "outcome": str(outcome),
            "role": journal.role,
            "server": journal.addresses[0].server,
            "system_identifier": journal.system_identifier,
            "files": [str(file.path) for file in journal.files],
            "by_hand": [patch.place for patch in journal.patches],
            "verified": not journal.is_unchecked,
        },
    )
    change.notify("audited")
    remove_traces(journal)
    change.notify("cleaned")
    journals.close(journal, "undone" if outcome is Outcome.UNDONE else "applied", now())
    change.notify("closed")


def remove_traces(journal: Journal) -> None:
    """Remove staged files and markers."""
    for file in journal.files:
        file.staged.unlink(missing_ok=True)
        file.staged.with_name(file.staged.name + ".part").unlink(missing_ok=True)
        remove_marker(file.path, journal.id)
    for path in journal.left:
        if read_marker(path) is not None:
            remove_marker(path, journal.id)


async def ask(role: RoleLogin, journal: Journal, *, is_new: bool) -> tuple[LoginState, str | None]:
    """Try one of the two passwords, patiently where the answer says nothing."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = await role.login(journal.new if is_new else journal.old)
        if answer.state is not LoginState.UNKNOWN or time.monotonic() >= until:
            return answer.state, answer.message
        await asyncio.sleep(0.2)


async def _verify(journal: Journal, timeouts: Timeouts) -> tuple[str, ...]:
    first, *others = journal.addresses
    role = open_login(target_of(first), timeouts)
    state, message = await ask(role, journal, is_new=True)
    if state is not LoginState.ACCEPTED:
        raise stuck(journal, f"the new password does not log in{_MEANWHILE.get(state, '')}: {message}")
    state, message = await ask(role, journal, is_new=False)
    if state is not LoginState.REFUSED and not (journal.is_unchecked and state is LoginState.ACCEPTED):
        raise stuck(
            journal,
            f"the old password is not refused, so that nothing can be verified: {message or 'it logs in'}",
        )
    notices: list[str] = [UNVERIFIED] if state is LoginState.ACCEPTED else []
    notices += filter(None, await asyncio.gather(*(_verify_at(each, journal, timeouts) for each in others)))
    return tuple(notices)


async def _verify_at(address: Address, journal: Journal, timeouts: Timeouts) -> str | None:
    """Log in at a further address, patiently: a standby gets the change by replication. Return what is to be said of it."""
    role = open_login(target_of(address), timeouts)
    until = time.monotonic() + PATIENCE
    while (answer := await role.login(journal.new)).state is not LoginState.ACCEPTED:
        if time.monotonic() >= until:
            if answer.state is LoginState.UNKNOWN:
                return f"Whether {address.server} takes the new password was not checked: {answer.message}"
            return f"{address.server} does not take the new password yet: {answer.message}"
        await asyncio.sleep(0.5)
    return None


def check_readings(change: OpenChange, changed: Mapping[Path, bytes] | None = None) -> tuple[str, ...]:
    """Raise PendingError where a login of the role would read something else than the new password.

    What is left to the operator may lag behind: a sentence for each such place is returned. `changed` holds what files are
    about to hold.
    """
    journal = change.journal
    request = request_from_json(journal.request, change.environ, change.env_files)
    places = {(address.host, address.port, address.user) for address in journal.addresses}
    sources = read_sources(request, changed)
    numbers = {id(context): index for index, context in enumerate(sources.contexts)}
    known, left = _paths_of(journal, "members"), _paths_of(journal, "left")
    waiting: list[str] = []
    chosen = False
    for entry in find_entries(sources):
        target, place = entry.holder.target, (numbers[id(entry.context)], entry.holder.shown)
        if place not in known and (target is None or (target.host, target.port, target.user) not in places):
            continue
        if not _yields(entry, journal):
            lag = f"{entry.holder.config}: {entry.holder.shown} does not yield the new password"
            if place not in left:
                raise stuck(journal, lag)
            waiting.append(lag)
        elif place in left:
            waiting += _leftovers(entry, journal)
        chosen = chosen or (entry.holder.is_backend and entry.holder.name == request.backend)
    if not chosen:
        raise stuck(journal, f"the config no longer has a backend {request.backend!r} with this role")
    return tuple(waiting)


def holding(journal: Journal, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the places left to the operator that yield the new password already."""
    left = _paths_of(journal, "left")
    if not left:
        return
    sources = read_sources(request_from_json(journal.request, environ))
    numbers = {id(context): index for index, context in enumerate(sources.contexts)}
    for entry in find_entries(sources):
        if (numbers[id(entry.context)], entry.holder.shown) in left and _yields(entry, journal):
            yield f"{entry.holder.config}: {entry.holder.shown}"


def _paths_of(journal: Journal, name: str) -> set[tuple[int, str]]:
    pairs: Any = journal.request.get(name, ())
    return {(index, path) for index, path in pairs}


def _yields(entry: CredentialEntry, journal: Journal) -> bool:
    return entry.holder.target is not None and entry.holder.target.password == journal.new


def _leftovers(entry: CredentialEntry, journal: Journal) -> Iterator[str]:
    for carrier in entry.carriers:
        if not carrier.is_used and entry.holder.as_read(carrier.password) == journal.old:
            place = f"{carrier.file}:{carrier.line}" if carrier.file else f"the variable {carrier.variable}"
            yield f"{place} still holds the old password, which another value overrides today"


async def _sessions(journal: Journal, timeouts: Timeouts) -> tuple[RoleSession, ...]:
    try:
        return (await open_login(target_of(journal.addresses[0]), timeouts).describe(journal.new)).sessions
    except BackendError:
        return ()
