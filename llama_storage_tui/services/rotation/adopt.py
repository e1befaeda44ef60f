"""A way out where neither password of a pending change logs in: the operator gives the one that does."""

from __future__ import annotations

from dataclasses import field, replace
from typing import Any

from llama_storage_tui.config.edit.reapply import PlacedEdit, edit_again
from llama_storage_tui.config.edit.splice import check_writable
from llama_storage_tui.config.edit.uri import encode_password
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import BackendError, RefusedError
from llama_storage_tui.files.journal import Journal, JournaledFile
from llama_storage_tui.files.markers import locked
from llama_storage_tui.files.replacing import digest
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import LoginState, Outcome, Result
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.identity import open_login
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.roll_forward import ask, check_readings, roll_forward, stuck
from llama_storage_tui.services.rotation.staging import target_of


@dataclass(frozen=True, slots=True)
class _Edited:
    """A file as it would be, and its record for the journal."""

    content: bytes = field(repr=False)
    record: JournaledFile


async def adopt(change: OpenChange, password: Secret) -> Result:
    """Prove a password at the server and write it to every site of a pending change, whichever of the two stands there.

    Raises PendingError, with nothing changed, where it does not log in or another one does; the journal is kept.
    """
    journal = change.journal
    try:
        with locked(path for path in journal.paths if path.parent.is_dir()):
            current = change.current()
            if current is None:
                return change.finished_meanwhile()
            found = current.journal
            check_writable(password.reveal())
            await _prove(found, password, change.timeouts)
            lists = tuple(file for file in found.files if _needs_verifier(found, file))
            edited = [_edited(found, file, password) for file in found.files if file not in lists]
            for file in lists:
                file.staged.unlink(missing_ok=True)
            # Whatever happens, a recovery of this never changes the server.
            journaled = replace(
                found,
                state="prepared",
                new=password,
                verifier="",
                changes_server=False,
                files=tuple(one.record for one in edited),
                left=(*found.left, *(file.path for file in lists)),
            )
            adopted = replace(change, journal=journaled)
            check_readings(adopted, {one.record.path: one.content for one in edited})
            adopted.journals.write(journaled)
            adopted.notify("adopted")
            result = await roll_forward(adopted, Outcome.RECOVERED)
            return replace(result, notices=(*result.notices, *map(_left_behind, lists)))
    except RefusedError as refused:
        raise stuck(journal, refused.message) from None
    except OSError as error:
        raise stuck(journal, f"{error.filename or 'A file'}: {error.strerror}") from None


def _needs_verifier(journal: Journal, file: JournaledFile) -> bool:
    """Tell a PgBouncer list whose entry would be a verifier: that of somebody else's password is not known here."""
    edits = [PlacedEdit.from_json(data) for data in file.edits]
    return any(edit.user is not None and edit.new != journal.new.reveal() for edit in edits)


def _left_behind(file: JournaledFile) -> str:
    return (
        f"{file.path} was left as it is: its entry must be what the server itself keeps, which an administrator finds in"
        " pg_authid.rolpassword."
    )


async def _prove(journal: Journal, password: Secret, timeouts: Timeouts) -> None:
    role = open_login(target_of(journal.addresses[0]), timeouts)
    for is_new in (True, False):
        state, message = await ask(role, journal, is_new=is_new)
        if state is LoginState.ACCEPTED:
            raise stuck(
                journal, "one of its own passwords logs in, so that it can be finished without another"
            )
        if state is LoginState.UNKNOWN:
            raise stuck(journal, f"whether its own passwords log in is unknown: {message}")
    try:
        facts = await role.describe(password)
    except BackendError as error:
        raise stuck(journal, f"the password that was given does not log in: {error.message}") from None
    if facts.identity != journal.change.identity:
        raise stuck(journal, "another server or role answers at this address now")


def _edited(journal: Journal, file: JournaledFile, password: Secret) -> _Edited:
    before = content = file.path.read_bytes()
    edits: list[dict[str, object]] = []
    for data in file.edits:
        content, edit = _edit_one(journal, file, content, PlacedEdit.from_json(data), password)
        edits.append(edit.to_json())
    record = replace(file, before=digest(before), after=digest(content), edits=tuple(edits))
    return _Edited(content, record)


def _edit_one(
    journal: Journal, file: JournaledFile, content: bytes, edit: PlacedEdit, password: Secret
) -> tuple[bytes, PlacedEdit]:
    """Return the content with an edit made, and that edit: from the change's new password or from its old one."""
    key: Any = journal.request["key"]
    written = encode_password(password.reveal()) if edit.is_encoded else password.reveal()
    failure = RefusedError(f"{file.path} cannot be edited", where=str(file.path))
    for old in (edit.new, edit.old):
        tried = replace(edit, old=old, new=written)
        try:
            return edit_again(content, str(file.path), [tried], key=key), tried
        except RefusedError as refused:
            failure = refused
    raise failure
