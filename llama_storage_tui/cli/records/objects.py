"""`objects`: what servers keep beside responses, from families to one record."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.cli.asking import ask, order_of, write_answer
from llama_storage_tui.cli.cells import or_dash
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.records.list_options import SORT, page_options, where_of
from llama_storage_tui.cli.records.object_documents import FamiliesDocument, ObjectDocument, ObjectsDocument
from llama_storage_tui.cli.records.reporting import cell_text, report_page
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.families import (
    FamilyEntry,
    Page,
    Query,
    RecordDetail,
    RecordEntry,
    RecordField,
    RecordLink,
    Show,
)
from llama_storage_tui.services.listing import list_family
from llama_storage_tui.services.records.counting import families
from llama_storage_tui.services.records.reading import read_record
from llama_storage_tui.services.records.showing import NOTHING, shown
from llama_storage_tui.upstream.families import find_family

_CELL = 40
"""Characters of a cell in a list: the ID behind them stays whole."""


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("family", required=False, shell_complete=shell_completion.families)
@click.argument("object_id", required=False, metavar="[ID]")
@click.option("--of", metavar="RELATION=ID", help="Only the objects of another one: --of store=vs_1.")
@click.option(
    "--where",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only objects that match a filter of the family; repeatable.",
)
@SORT
@page_options
@shared_options
@click.pass_context
def objects(
    context: click.Context,
    config: str,
    family: str | None,
    object_id: str | None,
    *,
    of: str | None,
    where: tuple[str, ...],
    sort: str | None,
    limit: int,
    after: str | None,
) -> int:
    """Read files, batches, prompts, vector stores and the like.

    Without FAMILY: the families that there are; with FAMILY: a list of its objects; with ID: one of them.

    Example: llama-storage-tui objects run.yaml batches batch_1
    """
    if family is None:
        write_answer(context, ask(context, config, families), FamiliesDocument, _write_families)
    elif object_id is None:
        relation = _relation(of)
        filters = where_of(find_family(family), where) if where else {}
        order = None if sort is None else order_of(sort)
        query = Query(filters, relation, order=order, limit=limit, after=after)
        page = ask(context, config, lambda session: list_family(session, family, query))
        write_answer(context, page, ObjectsDocument, lambda page: _write_page(context, page))
    else:
        record = ask(context, config, lambda session: read_record(session, family, object_id))
        write_answer(context, record, ObjectDocument, report_record)
    return ExitCode.DONE


def _relation(of: str | None) -> tuple[str, str] | None:
    if of is None:
        return None
    name, separator, id_ = of.partition("=")
    if not separator or not name or not id_:
        raise UsageError(f"{of!r} is not RELATION=ID", help="For example: --of store=vs_1")
    return name, id_


def _write_families(found: tuple[FamilyEntry, ...]) -> None:
    output.say_notices(notice for entry in found for notice in entry.notices)
    output.write_table(("family", "objects", "about", "where"), map(_family_row, found), cut=None)


def _family_row(entry: FamilyEntry) -> tuple[str, ...]:
    count = entry.count
    at_least = "" if entry.is_complete else "≥ "
    number = NOTHING if count is None else f"{at_least}{'' if count.is_exact else '~'}{count.value:,}"
    first, *rest = entry.places
    where = f"{first.backend}: {first.table or first.prefixes[0]}"
    more = f" and {len(rest)} more" if rest else ""
    return entry.family.name, number, entry.family.title, where + more


def _write_page(context: click.Context, page: Page[RecordEntry]) -> None:
    columns = page.family.columns
    report_page(
        context,
        page,
        (*(part.label for part in columns), "id"),
        (
            (
                *(_cell(cell_text(entry.cells.get(part.label), part)) for part in columns),
                f"{or_dash(entry.id)}  ({entry.problem})" if entry.problem else or_dash(entry.id),
            )
            for entry in page.records
        ),
        cut=None,
    )


def _cell(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def report_record(record: RecordDetail) -> None:
    """Print a record of any family: its fields in reading order, what no field shows, what it refers to."""
    for problem in record.problems:
        output.say_notice(problem)
    where = record.key or record.place.table or ""
    lines = [("id", record.id), ("stored in", f"{record.place.backend}: {where}")]
    output.write_line(Toned(record.family.title, Colour.STRONG))
    _lines([*lines, *((field.label, _value(field)) for field in record.fields)])
    if record.other:
        output.write_line()
        output.write_line(Toned("Also stored", Colour.STRONG))
        _lines([(field.label, _value(field)) for field in record.other])
    if record.links:
        output.write_line()
        output.write_line(Toned("Refers to", Colour.STRONG))
        _lines([(link.label, _link(link)) for link in record.links])


def _value(field: RecordField) -> str:
    text = shown(field.value, field.show)
    return text if field.show is Show.LONG else text.strip()


def _link(link: RecordLink) -> str:
    if link.family is None:
        return link.id
    return f"{link.family} --of {link.of}={link.id}" if link.of else f"{link.family} {link.id}"


def _lines(lines: list[tuple[str, str]]) -> None:
    width = max(len(label) for label, _ in lines)
    for label, value in lines:
        first, *rest = value.split("\n")
        output.write_line(Toned(f"  {label.ljust(width)}", Colour.MUTED), f"  {first}")
        for each in rest:
            output.write_line(f"  {' ' * width}  {each}")
