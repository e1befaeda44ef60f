"""The options of a list of stored records: the filters of its family, in which order, which page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from llama_storage_tui.cli import shell_completion
from llama_storage_tui.cli.asking import PAGE_LIMIT, order_of
from llama_storage_tui.cli.options import with_options
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.families import WHERE, FamilyFilter, Match, Query, RecordFamily
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services.records.row_conditions import HELP, as_lines, parse_conditions
from llama_storage_tui.services.records.times import ACCEPTED, parse_time

Function = TypeVar("Function", bound=Callable[..., Any])
Option = Callable[[Any], Any]

_HELP: Final = {
    Match.SINCE: f"Created then or later. {ACCEPTED}",
    Match.UNTIL: "Created then or earlier; a day alone is through the end of the day.",
    Match.CONTAINS: "Only where the stored document contains exactly this TEXT, however it is escaped.",
    Match.WHERE: f"Only what meets this condition; repeatable, combined with AND. {HELP}",
}
_METAVARS: Final = {
    Match.SINCE: "TIME",
    Match.UNTIL: "TIME",
    Match.CONTAINS: "TEXT",
    Match.LOOKED_UP: "ID",
    Match.WHERE: "COL=VALUE",
}
_ORDER: Final = click.option(
    "--order",
    type=click.Choice([order.value for order in RecordOrder]),
    default=RecordOrder.NEWEST.value,
    show_default=True,
    help="newest: by time, which reads the whole table; stored: as written, the last first, at once.",
)
SORT: Final = click.option(
    "--sort",
    metavar="COL[:desc]",
    help="Sort by this column, which reads the whole table for each page where no index serves it; texts by code point.",
)
_AFTER: Final = click.option("--after", metavar="CURSOR", help="The page after CURSOR.")


def list_options(family: RecordFamily, more: Sequence[Option], function: Function) -> Function:
    """Give a command an option for each filter of a family, `more` after them, and those of every list."""
    options = (*map(_option, family.filters), *more, _ORDER, SORT, page_options)
    return with_options(*options)(function)


def page_options(function: Function) -> Function:
    """Give a command `--limit` and `--after`."""
    return PAGE_LIMIT(_AFTER(function))


def _option(found: FamilyFilter) -> Option:
    complete = None
    if found.choices:
        complete = shell_completion.known(lambda: found.choices)
    elif found.name == "model":
        complete = shell_completion.models
    return click.option(
        f"--{found.name}",
        multiple=found.match is Match.WHERE,
        metavar=_METAVARS.get(found.match),
        help=_HELP.get(found.match, f"Only this {found.name} ({found.hint})."),
        shell_complete=complete,
    )


def query_of(family: RecordFamily, given: Mapping[str, Any]) -> Query:
    """Return what a list's options ask for; raises UsageError for a time that cannot be read."""
    order = RecordOrder(given["order"])
    if given["sort"] is not None and order is RecordOrder.STORED:
        raise UsageError("--sort and --order stored are two orders", help="Leave one of them out.")
    return Query(
        filters=dict(_conditions(family, given)),
        order=order if given["sort"] is None else order_of(given["sort"]),
        limit=given["limit"],
        after=given["after"],
    )


def where_of(family: RecordFamily, words: tuple[str, ...]) -> dict[str, str | float]:
    """Return the filters that are written as NAME=VALUE, and conditions on anything else; raises UsageError."""
    given: dict[str, Any] = {}
    conditions: list[str] = []
    for word in words:
        name, separator, text = word.partition("=")
        if separator and name != WHERE.name and family.filter(name) is not None:
            given[name] = text
        else:
            conditions.append(word)
    return dict(_conditions(family, {**given, WHERE.name: conditions}))


def _conditions(family: RecordFamily, given: Mapping[str, Any]) -> Iterator[tuple[str, str | float]]:
    now = datetime.now(UTC)
    for each in family.filters:
        text = given.get(each.name)
        if text is None:
            continue
        if each.match in (Match.SINCE, Match.UNTIL):
            yield each.name, parse_time(text, now=now, is_end=each.match is Match.UNTIL)
        elif each.match is Match.WHERE:
            if text:
                parse_conditions(as_lines(text))
                yield each.name, as_lines(text)
        elif text or each.match is not Match.CONTAINS:
            yield each.name, text
