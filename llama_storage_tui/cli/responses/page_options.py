"""The options that every list of stored records takes: whose, from when, in which order, which page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from llama_storage_tui.cli.asking import LIMIT
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services.responses.times import ACCEPTED, parse_time

Function = TypeVar("Function", bound=Callable[..., Any])

owner_option: Final = click.option("--owner", help="Only this owner's; '' for no owner.")

order_option: Final = click.option(
    "--order",
    type=click.Choice([order.value for order in RecordOrder]),
    default=RecordOrder.NEWEST.value,
    show_default=True,
    help="newest: by time, which reads the whole table; stored: as written, the last first, at once.",
)

_SINCE: Final = click.option("--since", metavar="TIME", help=f"Created then or later. {ACCEPTED}")
_UNTIL: Final = click.option(
    "--until", metavar="TIME", help="Created then or earlier; a day alone is through the end of the day."
)
_LIMIT: Final = click.option("--limit", type=LIMIT, default=100, show_default=True)
_AFTER: Final = click.option("--after", metavar="CURSOR", help="The page after CURSOR.")


def period_options(function: Function) -> Function:
    """Give a command `--since` and `--until`."""
    return _SINCE(_UNTIL(function))


def page_options(function: Function) -> Function:
    """Give a command `--limit` and `--after`."""
    return _LIMIT(_AFTER(function))


def period(
    since: str | None, until: str | None, *, now: datetime | None = None
) -> tuple[float | None, float | None]:
    """Return the ends of a period in epoch seconds, None for an open one; raises UsageError."""
    moment = now or datetime.now(UTC)
    return (
        None if since is None else parse_time(since, now=moment),
        None if until is None else parse_time(until, now=moment, is_end=True),
    )
