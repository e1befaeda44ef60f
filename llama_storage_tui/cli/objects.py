"""`objects`: what servers keep beside responses, from families to one record."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, reports, shell_completion
from llama_storage_tui.cli.asking import LIMIT, ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.objects_document import (
    FamiliesDocument,
    FamilyBody,
    ObjectDocument,
    ObjectsDocument,
)
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.output import Tone, Toned
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.objects import (
    FamilyEntry,
    ObjectLink,
    ObjectPage,
    ObjectRecord,
    RecordField,
    Show,
)
from llama_storage_tui.services.objects.browsing import families, list_family, read_family
from llama_storage_tui.services.objects.showing import NOTHING, shown

_CELL = 40
"""Characters of a cell in a list: the ID behind them stays whole."""


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("family", required=False, shell_complete=shell_completion.families)
@click.argument("object_id", required=False, metavar="[ID]")
@click.option("--of", metavar="RELATION=ID", help="Only the objects of another one: --of store=vs_1.")
@click.option("--limit", type=LIMIT, default=100, show_default=True)
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
@shared_options
@click.pass_context
def objects(
    context: click.Context,
    config: str,
    family: str | None,
    object_id: str | None,
    *,
    of: str | None,
    limit: int,
    after: str | None,
) -> int:
    """Read files, batches, prompts, vector stores, jobs and the like: the families, a list of one, one record.

    Example: llama-storage-tui objects run.yaml batches batch_1
    """
    is_json = Settings(context).is_json
    if family is None:
        _families(ask(context, config, families), is_json=is_json)
    elif object_id is None:
        relation = _relation(of)
        page = ask(
            context,
            config,
            lambda session: list_family(session, family, limit=limit, after=after, of=relation),
        )
        _page(context, page, is_json=is_json)
    else:
        record = ask(context, config, lambda session: read_family(session, family, object_id))
        _record(record, is_json=is_json)
    return ExitCode.DONE


def _relation(of: str | None) -> tuple[str, str] | None:
    if of is None:
        return None
    name, separator, id_ = of.partition("=")
    if not separator or not name or not id_:
        raise UsageError(f"{of!r} is not RELATION=ID", help="For example: --of store=vs_1")
    return name, id_


def _families(found: tuple[FamilyEntry, ...], *, is_json: bool) -> None:
    if is_json:
        output.write_document(FamiliesDocument(families=[FamilyBody.of(entry) for entry in found]))
        return
    for notice in dict.fromkeys(notice for entry in found for notice in entry.notices):
        output.say_notice(notice)
    output.write_table(("family", "objects", "what it is", "where"), map(_family_row, found), cut=None)


def _family_row(entry: FamilyEntry) -> tuple[str, ...]:
    count = entry.count
    at_least = "" if entry.is_complete else "≥ "
    number = NOTHING if count is None else f"{at_least}{'' if count.is_exact else '~'}{count.value:,}"
    first, *rest = entry.places
    where = f"{first.backend}: {first.table or first.prefixes[0]}"
    more = f" and {len(rest)} more" if rest else ""
    return entry.family.name, number, entry.family.title, where + more


def _page(context: click.Context, page: ObjectPage, *, is_json: bool) -> None:
    if is_json:
        output.write_document(ObjectsDocument.of(page))
        return
    for notice in page.notices:
        output.say_notice(notice)
    if not page.objects:
        reports.report_nothing(context, page.family.name)
    else:
        columns = page.family.columns
        output.write_table(
            (*(part.label for part in columns), "id"),
            (
                (
                    *(_cell(shown(cell, part.show)) for part, cell in zip(columns, entry.cells, strict=True)),
                    f"{entry.id}  ({entry.problem})" if entry.problem else entry.id,
                )
                for entry in page.objects
            ),
            cut=None,
        )
    if page.next is not None:
        output.say(f"More: --after {page.next}")


def _cell(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _record(record: ObjectRecord, *, is_json: bool) -> None:
    if is_json:
        output.write_document(ObjectDocument.model_validate(record))
        return
    for problem in record.problems:
        output.say_notice(problem)
    where = record.key or record.place.table or ""
    lines = [("id", record.id), ("stored in", f"{record.place.backend}: {where}")]
    output.write_line(Toned(record.family.title, Tone.STRONG))
    _lines([*lines, *((field.label, _value(field)) for field in record.fields)])
    if record.other:
        output.write_line()
        output.write_line(Toned("Also stored", Tone.STRONG))
        _lines([(field.label, _value(field)) for field in record.other])
    if record.links:
        output.write_line()
        output.write_line(Toned("Refers to", Tone.STRONG))
        _lines([(link.label, _link(link)) for link in record.links])


def _value(field: RecordField) -> str:
    text = shown(field.value, field.show)
    return text if field.show is Show.LONG else text.strip()


def _link(link: ObjectLink) -> str:
    if link.family is None:
        return link.id
    return f"{link.family} --of {link.of}={link.id}" if link.of else f"{link.family} {link.id}"


def _lines(lines: list[tuple[str, str]]) -> None:
    width = max(len(label) for label, _ in lines)
    for label, value in lines:
        first, *rest = value.split("\n")
        output.write_line(Toned(f"  {label.ljust(width)}", Tone.MUTED), f"  {first}")
        for each in rest:
            output.write_line(f"  {' ' * width}  {each}")
