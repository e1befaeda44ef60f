"""One entry of PgBouncer's list of users (`auth_file`): `"user" "secret"`, the rest of the line ignored.

The grammar is that of PgBouncer's src/loader.c: `;` begins a comment, a doubled quote stands for one. A line that is neither an
entry nor empty ends PgBouncer's reading, so that it is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from llama_storage_tui.config.edit.splice import Splice, check_writable
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError

_ENTRY: Final = re.compile(r'[ \t]*"((?:[^"\r\n]|"")*)"[ \t]*"((?:[^"\r\n]|"")*)"')
_LINE: Final = re.compile(r"[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class UserEntry:
    """A user and the secret as it is meant; `start` and `end` bound what stands between its quotes."""

    user: str
    secret: str = field(repr=False)
    start: int
    end: int
    line: int


def read_userlist(text: str, name: str) -> Iterator[UserEntry]:
    """Yield the entries; raises RefusedError for a line that PgBouncer would stumble over."""
    for number, found in enumerate(_LINE.finditer(text), 1):
        content = found[0].strip()
        if not content or content.startswith(";"):
            continue
        entry = _ENTRY.match(found[0])
        if entry is None:
            raise RefusedError(
                f"{name}, line {number} is not an entry of a PgBouncer userlist", where=f"{name}:{number}"
            )
        start, end = (found.start() + at for at in entry.span(2))
        yield UserEntry(_meant(entry[1]), _meant(entry[2]), start, end, number)


def find_user(text: str, name: str, user: str) -> UserEntry:
    """Return the entry of a user; raises RefusedError where there is none, or more than one."""
    found = [entry for entry in read_userlist(text, name) if entry.user == user]
    if not found:
        raise RefusedError(
            f"{name} has no entry for {user}",
            where=name,
            help="Where PgBouncer asks the server itself (auth_query) it needs none: do not name the list then.",
        )
    if len(found) > 1:
        raise RefusedError(
            f"{name} has {len(found)} entries for {user}: lines {', '.join(str(entry.line) for entry in found)}",
            where=name,
            help="Leave one of them.",
        )
    return found[0]


def userlist_splice(text: str, name: str, user: str, secret: str) -> Splice:
    """Turn a new secret of a user into a change of the list's text; nothing else in it is read differently then."""
    check_writable(secret)
    entry = find_user(text, name, user)
    splice = Splice(entry.start, entry.end, secret.replace('"', '""'))
    before = [(one.user, secret if one.user == user else one.secret) for one in read_userlist(text, name)]
    if [(one.user, one.secret) for one in read_userlist(splice.apply(text), name)] != before:
        raise RefusedError(f"{name}: more than the entry of {user} would change", where=name)
    return splice


def _meant(written: str) -> str:
    return written.replace('""', '"')
