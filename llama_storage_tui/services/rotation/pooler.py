"""PgBouncer's entry of the role: what it holds, and what it must hold once the password has changed.

The entry keeps its form. A plain password stays one: PgBouncer may need it to log in to the server, whatever its clients do. A
SCRAM secret must be the server's own verifier to the byte, or PgBouncer cannot log in with what its client proved (its
documentation, `auth_file`). With an md5 hash it logs in to a server that keeps an md5 hash, and to no other: where the server keeps
one, it gets the new one in that form too; where the server keeps a SCRAM verifier already, PgBouncer does not use the entry there
(its database line has a user and password of its own, or the server trusts it), and a SCRAM entry would break that login. Measured
with PgBouncer 1.18.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.postgres.verifier import MD5, PATTERN, md5_hash, scram_verifier
from llama_storage_tui.config.document import decode, encoded
from llama_storage_tui.config.edit.reapply import PlacedEdit
from llama_storage_tui.config.edit.userlist import find_user, userlist_splice
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.places import check_replaceable
from llama_storage_tui.model.rotation import Action, LineChange, Site, StoredForm, Terms
from llama_storage_tui.secrets import MASK, Secret
from llama_storage_tui.services.rotation.rewriting import Rewritten
from llama_storage_tui.services.rotation.sources import Sources


class SecretForm(StrEnum):
    """How an entry holds the password."""

    PLAIN = "plain text"
    MD5 = "md5"
    SCRAM = "SCRAM"


_NOTES: Final = {
    SecretForm.PLAIN: "stays plain text: PgBouncer may need that to log in to the server",
    SecretForm.MD5: "stays an md5 hash; the server has a SCRAM verifier, so that PgBouncer does not log in to it with this entry",
    SecretForm.SCRAM: "becomes the server's SCRAM verifier, to the byte",
}

_BOTH_MD5: Final = (
    "stays an md5 hash, and the server gets an md5 hash again: PgBouncer cannot log in with this entry to a server that has a SCRAM"
    " verifier. To leave md5, write the password into the list in plain text, and change it once more"
)


@dataclass(frozen=True, slots=True)
class PoolerEntry:
    """The entry of the role in a userlist."""

    name: str
    real: Path
    user: str
    secret: Secret
    form: SecretForm
    line: int
    stored: StoredForm | None = None
    """How the server keeps the password today; asked for an md5 entry only."""

    @property
    def needs_md5(self) -> bool:
        """Whether the server must get an md5 hash, too."""
        return self.form is SecretForm.MD5 and self.stored is StoredForm.MD5

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
            _BOTH_MD5 if self.needs_md5 else _NOTES[self.form],
        )

    def after(self, new: Secret, verifier: str) -> str:
        """Return what the entry holds afterwards."""
        match self.form:
            case SecretForm.PLAIN:
                return new.reveal()
            case SecretForm.MD5:
                return md5_hash(new, self.user)
            case SecretForm.SCRAM:
                return verifier


def reload_steps(name: str) -> Iterator[str]:
    """Say what has to follow once the list has the new password, in this order."""
    yield (
        f"have PgBouncer read {name} again: RELOAD on its console, or systemctl reload pgbouncer. Clients stay connected; a"
        " restart is"
        " needed only where somebody also changes the entry's form"
    )
    yield (
        "then restart the programs that connect through PgBouncer, with the new password: those connected before the change go on"
        " until their server connection closes, and then wait without an error until somebody logs in with the new password"
    )


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
    if not terms.changes_server and entry.form is not SecretForm.PLAIN:
        raise RefusedError(
            f"{name}, line {found.line}: the entry must be the server's own verifier, which is not known here",
            where=f"{name}:{found.line}",
            help="Leave the list out, and write the entry by hand: an administrator finds the verifier in pg_authid.rolpassword.",
        )
    return entry


def _form(secret: str) -> SecretForm:
    if MD5.fullmatch(secret):
        return SecretForm.MD5
    return SecretForm.SCRAM if PATTERN.fullmatch(secret) else SecretForm.PLAIN


def _holds(entry: PoolerEntry, password: Secret) -> bool:
    secret = entry.secret.reveal()
    match entry.form:
        case SecretForm.PLAIN:
            return entry.secret == password
        case SecretForm.MD5:
            return secret == md5_hash(password, entry.user)
        case SecretForm.SCRAM:
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
    content = encoded(splice.apply(text), like=before)
    shown = f'"{entry.user}" "{MASK}"'
    change = LineChange(entry.name, entry.line, shown, f'"{entry.user}" "{MASK} (new)"')
    return Rewritten({**rewritten.contents, entry.real: content}, (*rewritten.changes, change))


def placed_entry(entry: PoolerEntry, new: Secret, verifier: str) -> PlacedEdit:
    """Return the edit of the entry in a form that outlives this process."""
    return PlacedEdit(None, None, 0, entry.secret.reveal(), entry.after(new, verifier), user=entry.user)
