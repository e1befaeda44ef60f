"""A page of records for people, and what stands in its cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from llama_storage_tui.cli import output, reports
from llama_storage_tui.cli.cells import or_dash, owner_of
from llama_storage_tui.model.data import Order
from llama_storage_tui.model.families import Page, RecordEntry, RecordFamily, RecordPart, Show
from llama_storage_tui.reports.amounts import sort_cost
from llama_storage_tui.services.records.showing import shown

ID: Final = "id"


def cell_of(entry: RecordEntry, family: RecordFamily, label: str) -> str:
    """Return one cell of a list for a person; `items` and the like, which no part describes, as numbers."""
    if label == ID:
        return or_dash(entry.id)
    part = next((each for each in family.columns if each.label == label), RecordPart(label, (), Show.NUMBER))
    return cell_text(entry.cells.get(label), part)


def cell_text(value: object, part: RecordPart) -> str:
    """Return a value of a list for a person."""
    return (
        owner_of(None if value is None else str(value))
        if part.show is Show.OWNER
        else shown(value, part.show)
    )


def report_page(
    context: click.Context,
    page: Page[Any],
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    cut: int | None = output.KEPT_WIDE,
) -> None:
    """Print a page for people, with what is to be said of it and where it goes on."""
    output.say_notices(page.notices)
    if isinstance(page.order, Order):
        said = sort_cost(page.order, page.read)
        output.say(f"{said[:1].upper()}{said[1:]}.")
    if page.records:
        output.write_table(headings, rows, cut=cut)
    elif page.next is not None:
        output.say(f"No {page.family.words} match so far: not all were looked at.")
    else:
        reports.report_nothing(context, page.family.words)
    if page.next is not None:
        output.say(f"More: --after {page.next}")
