"""PgBouncer's entry of the role: what it holds, and what it must hold once the password has changed.

A plain password stays one: PgBouncer may need it to log in to the server, whatever its clients do. A SCRAM secret must be the
server's own verifier to the byte, or PgBouncer cannot log in with what its client proved (its documentation, `auth_file`). An md5
hash cannot log in to a server that has a SCRAM verifier, so that it becomes the verifier too; PgBouncer with `auth_type = md5`
takes a SCRAM secret for what it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.postgres.verifier import PATTERN, scram_verifier
from llama_storage_tui.config.document import decode
from llama_storage_tui.config.edit.again import BOM, PlacedEdit
from llama_storage_tui.config.edit.userlist import find_user, userlist_splice
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.places import check_replaceable
from llama_storage_tui.model.rotation import Action, LineChange, Site, Terms
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.rotation.rewriting import Rewritten
from llama_storage_tui.services.rotation.sources import Sources

_MD5: Final = re.compile(r"md5[0-9a-f]{32}")


class Form(StrEnum):
    """How an entry holds the password."""

    PLAIN = "plain text"
    MD5 = "md5"
    SCRAM = "SCRAM"


_NOTES: Final = {
    Form.PLAIN: "stays plain text: PgBouncer may need that to log in to the server",
    Form.MD5: "becomes the server's SCRAM verifier: an md5 hash cannot log in to a server that has one",
    Form.SCRAM: "becomes the server's SCRAM verifier, to the byte",
}


@dataclass(frozen=True, slots=True)
class PoolerEntry:
    """The entry of the role in a userlist."""

    name: str
    real: Path
    user: str
    secret: Secret
    form: Form
    line: int

    @property
    def site(self) -> Site:
        """The entry as a place of the plan."""
        return Site(
            self.name,
            f'"{self.user}"',
            self.name,
            self.line,
            f"PgBouncer userlist, {self.form}",
            Action.WRITE,
            _NOTES[self.form],
        )

    def after(self, new: Secret, verifier: str) -> str:
        """Return what the entry holds afterwards."""
        return new.reveal() if self.form is Form.PLAIN else verifier


def find_pooler_entry(sources: Sources, user: str, old: Secret, terms: Terms) -> PoolerEntry:
    """Return the role's entry in the list that was named; raises RefusedError where it cannot follow."""
    name = sources.userlist or ""
    real = sources.real[name]
    check_replaceable(real)
    found = find_user(decode(sources.contents[real], name), name, user)
    secret = Secret(found.secret)
    entry = PoolerEntry(name, real, user, secret, _form(found.secret), found.line)
    if terms.is_server_only:
        raise RefusedError(
            f"{name} would be written, and only the server was to change", help="Leave one of the two out."
        )
    if not _holds(entry, old):
        raise RefusedError(
            f"{name}, line {found.line}: the entry of {user} is not of the current password",
            where=f"{name}:{found.line}",
            help="Find out which password is right, and make the two agree first.",
        )
    if not terms.changes_server and entry.form is not Form.PLAIN:
        raise RefusedError(
            f"{name}, line {found.line}: the entry must be the server's own verifier, which is not known here",
            where=f"{name}:{found.line}",
            help="Leave the list out, and write the entry by hand: an administrator finds the verifier in pg_authid.rolpassword.",
        )
    return entry


def _form(secret: str) -> Form:
    if _MD5.fullmatch(secret):
        return Form.MD5
    return Form.SCRAM if PATTERN.fullmatch(secret) else Form.PLAIN


def _holds(entry: PoolerEntry, password: Secret) -> bool:
    secret = entry.secret.reveal()
    match entry.form:
        case Form.PLAIN:
            return entry.secret == password
        case Form.MD5:
            salted = (password.reveal() + entry.user).encode()
            return secret == "md5" + hashlib.md5(salted, usedforsecurity=False).hexdigest()
        case Form.SCRAM:
            iterations, _, salt = secret.split("$")[1].partition(":")
            return secret == scram_verifier(password, int(iterations), salt=base64.b64decode(salt))


def with_pooler(
    rewritten: Rewritten, sources: Sources, entry: PoolerEntry | None, new: Secret, verifier: str
) -> Rewritten:
    """Return the new files together with the userlist's; raises RefusedError where it cannot carry the password."""
    if entry is None:
        return rewritten
    before = rewritten.contents.get(entry.real, sources.contents[entry.real])
    text = decode(before, entry.name)
    splice = userlist_splice(text, entry.name, entry.user, entry.after(new, verifier))
    content = (BOM if before.startswith(BOM) else b"") + splice.apply(text).encode()
    shown = f'"{entry.user}" "{MASK}"'
    change = LineChange(entry.name, entry.line, shown, f'"{entry.user}" "{MASK} (new)"')
    return Rewritten({**rewritten.contents, entry.real: content}, (*rewritten.changes, change))


def placed_entry(entry: PoolerEntry, new: Secret, verifier: str) -> PlacedEdit:
    """Return the edit of the entry in a form that outlives this process."""
    return PlacedEdit(None, None, 0, entry.secret.reveal(), entry.after(new, verifier), user=entry.user)
