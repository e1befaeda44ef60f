"""The question before a change."""

from __future__ import annotations

import sys

import click

from llama_storage_tui import text
from llama_storage_tui.errors import RefusedError


def confirm(question: str | None, *, is_confirmed: bool) -> None:
    """Ask on the terminal, names in the question cleaned; without a question only make sure that one can be asked.

    Raises RefusedError where the answer is no, or where nobody can be asked.
    """
    if is_confirmed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError(
            "stdin is not a terminal, so nobody can be asked; nothing was changed", help="Add --yes."
        )
    if question is not None and not click.confirm(text.line(question), err=True):
        raise RefusedError("Not confirmed; nothing was touched")
