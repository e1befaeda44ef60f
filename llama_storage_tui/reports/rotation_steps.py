"""The steps of a rotation in an operator's words, for whoever shows them while it runs."""

from __future__ import annotations

from typing import Final

WORDS: Final = {
    "locked": "the folders of the files are locked",
    "journaled": "the journal is written",
    "marked": "file {number} is marked as changing",
    "staged": "the new file {number} is staged",
    "prepared": "everything is staged and journaled",
    "asked": "the server was asked which password it has",
    "adopted": "the password that works is journaled",
    "connected": "the role's transaction is open",
    "altered": "the server holds the new password, uncommitted",
    "old-checked": "the old password still logs in: nobody else changed it",
    "committed": "the server has the new password",
    "verified": "the new password logs in, and the old one is refused",
    "swapped": "file {number} is swapped",
    "read-again": "every place yields the new password, and it logs in",
    "waiting": "the change waits for what you write by hand",
    "audited": "the audit log has its line",
    "cleaned": "the staged files and markers are removed",
    "closed": "the journal is closed and holds no secret",
}


def words(step: str) -> str:
    """Return the sentence of a step: its name, or its name with the number of a file behind it."""
    name, _, number = step.rpartition("-")
    return WORDS[name].format(number=number) if number.isdecimal() else WORDS[step]
