"""`responses RUN_CONFIG show` and `diff`: one response as what it is, and what one added to another."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.documents import Document, Json
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses import timeline
from llama_storage_tui.cli.responses.show_document import EntryBody, MessageBody, ShowResponseDocument
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.resume import Addition, Examination
from llama_storage_tui.model.transcript import StoredResponse
from llama_storage_tui.model.version import Version
from llama_storage_tui.reports.comparison import addition_notes
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.responses.parsing import OBJECT
from llama_storage_tui.services.responses.reading import (
    examine_whole,
    find_conversation,
    read_response,
    whole_difference,
)
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import stored_bytes


class ChangeBody(Document):
    """A parameter that the two have differently; null where one has it not."""

    name: str
    before: Json
    after: Json


class DiffDocument(Document):
    """The answer of `responses RUN_CONFIG diff ID OTHER`: what OTHER added to ID.

    `input` are entries beyond the first one's input and output, `dropped` those of the first that the second does not have in
    their place; `chained` tells whether the second goes on from the first.
    """

    first: str | None
    second: str | None
    chained: bool
    input: list[EntryBody]
    output: list[EntryBody]
    dropped: list[EntryBody]
    messages: list[MessageBody]
    changes: list[ChangeBody]
    notices: list[str]

    @classmethod
    def of(cls, first: StoredResponse, second: StoredResponse, addition: Addition) -> DiffDocument:
        """Make the document of what a response added."""
        return cls.model_validate(
            {
                "first": first.transcript.head.id,
                "second": second.transcript.head.id,
                "chained": addition.is_chained,
                "input": addition.input,
                "output": addition.output,
                "dropped": addition.dropped,
                "messages": addition.messages,
                "changes": addition.changes,
                "notices": [*addition_notes(addition), *notice_words((*first.notices, *second.notices))],
            }
        )


@click.command(name="show")
@click.argument("id_", metavar="ID")
@click.option("--raw", is_flag=True, help="Print the stored object byte for byte, even to a terminal.")
@shared_options
@click.pass_context
def responses_show(context: click.Context, id_: str, *, raw: bool) -> int:
    """Read one response, and whether a server can continue it.

    It shows what was asked, what came back, and what the model was sent.

    Example: llama-storage-tui responses run.yaml show resp_1
    """
    config = context.obj["config"]
    is_json = Settings(context).is_json
    if raw and is_json:
        raise UsageError(
            "--raw and --json exclude each other", help="--json gives the parts, --raw what is stored."
        )
    if raw:
        _write_raw(ask(context, config, lambda session: read_response(session, id_)))
        return ExitCode.DONE

    async def question(session: Session) -> tuple[Examination, Version]:
        examination = await examine_whole(session, await read_response(session, id_))
        return await find_conversation(session, examination), session.catalog.version.chosen

    examination, version = ask(context, config, question)
    if is_json:
        output.write_document(ShowResponseDocument.of(examination))
    else:
        timeline.report_response(examination, f"{version.product} {version}")
    return ExitCode.DONE


def _write_raw(response: StoredResponse) -> None:
    content = response.row.get(OBJECT)
    if content is None:
        output.say(f"{OBJECT} is NULL.")
        return
    output.write_bytes(stored_bytes(content))


@click.command(name="diff")
@click.argument("id_", metavar="ID")
@click.argument("other", metavar="OTHER")
@shared_options
@click.pass_context
def responses_diff(context: click.Context, id_: str, other: str) -> int:
    """Show what OTHER added to ID.

    That is new input, its output, changed parameters, and messages.

    Example: llama-storage-tui responses run.yaml diff resp_1 resp_2
    """

    async def question(session: Session) -> tuple[StoredResponse, StoredResponse, Addition]:
        first, second = await read_response(session, id_), await read_response(session, other)
        return first, second, await whole_difference(session, first, second)

    first, second, addition = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(DiffDocument.of(first, second, addition))
    else:
        _report(first, second, addition)
    return ExitCode.DONE


def _report(first: StoredResponse, second: StoredResponse, addition: Addition) -> None:
    for sign, response in (("-", first), ("+", second)):
        output.write_line(f"{sign} ", *timeline.headline(response.transcript))
    for notice in (*addition_notes(addition), *notice_words((*first.notices, *second.notices))):
        output.write_line("  ", Toned("!", Colour.WARNING), f" {notice}")
    timeline.report_changes(addition.changes)
    if addition.dropped:
        timeline.report_entries("of the first, not in the second", addition.dropped)
    timeline.report_entries("new input", addition.input)
    timeline.report_entries("output", addition.output)
    timeline.report_messages("new messages", addition.messages)
