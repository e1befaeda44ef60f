"""What commands share that look at the responses stored last, or at all of them."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.options import with_options
from llama_storage_tui.model.statistics import Sample
from llama_storage_tui.services.session import Session

Command = TypeVar("Command", bound=Callable[..., Any])
Seen = TypeVar("Seen", bound=Sample)


def ask_for_sample(
    context: click.Context, look: Callable[[Session], AsyncGenerator[Seen, None]], *, tells: bool = True
) -> Seen:
    """Return the last view of a look at responses; where it `tells`, a terminal hears how far each view before it is."""

    async def question(session: Session) -> Seen:
        seen: Seen | None = None
        async with aclosing(look(session)) as views:
            async for seen in views:
                has_more = not seen.is_exact and seen.total
                if tells and has_more and sys.stderr is not None and sys.stderr.isatty():
                    output.say(f"{seen.rows:,} rows, {seen.done / seen.total:.0%}")
        if seen is None:
            raise AssertionError("the first view always comes")
        return seen

    return ask(context, context.obj["config"], question)


def say_what_is_left(seen: Sample) -> None:
    """Say how to look at everything, where not all was looked at."""
    if not seen.is_exact:
        output.say(f"There are about {seen.estimated_rows:,} rows. Count all: --exact")


def sample_options(recent: int) -> Callable[[Command], Command]:
    """Return a decorator that adds `--exact` and `--recent ROWS`, `recent` by default, to a command."""
    return with_options(
        click.option(
            "--exact", is_flag=True, help="Count everything: one scan of the tables, shown as it goes."
        ),
        click.option(
            "--recent",
            type=click.IntRange(1),
            metavar="ROWS",
            default=recent,
            show_default=True,
            help="Without --exact: look at the ROWS of each table that were stored last.",
        ),
    )
