"""One variable's value changed in its env file's line.

Env files are read by compose, `docker run --env-file`, systemd, shells and python-dotenv, which agree on little: quotes are kept
as they are, since `docker run` takes them literally, and a value goes only where all of them read it alike.
"""

from __future__ import annotations

import re
from typing import Final

from llama_storage_tui.config.dotenv import ESCAPED, Assignment, Quoting, read_assignments
from llama_storage_tui.config.edit.splice import Splice, check_writable
from llama_storage_tui.errors import RefusedError

_ALIKE: Final = {
    # What a shell, compose, systemd and dotenv leave alone without quotes; `~` is expanded by shells.
    Quoting.PLAIN: re.compile(r"[A-Za-z0-9_@%+=:,./^-]*"),
    # python-dotenv unescapes backslashes in single quotes, and expands ${…} even there.
    Quoting.SINGLE: re.compile(r"(?:[^'\\$]|\$(?!\{))*"),
    # Shells and compose expand $ and backticks.
    Quoting.DOUBLE: re.compile(r'[^"\\$`]*'),
}
_CHARACTER: Final = re.compile(ESCAPED.pattern + "|.", re.DOTALL)


def effective_assignment(text: str, name: str, variable: str) -> Assignment | None:
    """Return the last assignment of a variable, which is the one that counts; None where there is none."""
    found = None
    for assignment in read_assignments(text, name):
        if assignment.variable == variable:
            found = assignment
    return found


def variable_splice(text: str, name: str, variable: str, change: Splice) -> Splice:
    """Turn a change of a variable's value into a change of its env file's text, which has no byte order mark.

    Earlier assignments of the same variable stay as they are: no reader uses them. Raises RefusedError with a sentence where
    the line cannot carry the value for all readers of env files.
    """
    check_writable(change.replacement)
    before = list(read_assignments(text, name))
    index = max((at for at, found in enumerate(before) if found.variable == variable), default=None)
    if index is None:
        raise RefusedError(f"{name} does not set {variable}", where=name)
    assignment = before[index]
    if not _ALIKE[assignment.quoting].fullmatch(change.replacement):
        raise _refused(name, assignment)
    splice = _narrow(text, assignment, change)
    after = list(read_assignments(splice.apply(text), name))
    wanted = [
        (found.variable, change.apply(found.value) if at == index else found.value)
        for at, found in enumerate(before)
    ]
    if [(found.variable, found.value) for found in after] != wanted:
        raise _refused(name, assignment)
    return splice


def _narrow(text: str, assignment: Assignment, change: Splice) -> Splice:
    written = text[assignment.start : assignment.end]
    if assignment.quoting is Quoting.DOUBLE:
        starts = [match.start() for match in _CHARACTER.finditer(written)]
    else:
        starts = list(range(len(written)))
    starts.append(len(written))
    return Splice(
        assignment.start + starts[change.start], assignment.start + starts[change.end], change.replacement
    )


def _refused(name: str, assignment: Assignment) -> RefusedError:
    return RefusedError(
        f"{name}, line {assignment.line}: {assignment.variable} is written {assignment.quoting}, where shells, compose, systemd"
        " and dotenv would not all read the new password alike",
        where=f"{name}:{assignment.line}",
        help="Choose a password of letters and digits, or let it be generated.",
    )
