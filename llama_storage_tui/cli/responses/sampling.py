"""The options of commands that look at the responses stored last, or at all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def sample_options(recent: int) -> Callable[[Command], Command]:
    """Return a decorator that adds `--exact` and `--recent ROWS`, `recent` by default, to a command."""

    def decorate(command: Command) -> Command:
        command = click.option(
            "--recent",
            type=click.IntRange(1),
            metavar="ROWS",
            default=recent,
            show_default=True,
            help="Without --exact: look at the ROWS of each table that were stored last.",
        )(command)
        return click.option(
            "--exact", is_flag=True, help="Count everything: one scan of the tables, shown as it goes."
        )(command)

    return decorate
