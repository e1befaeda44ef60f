"""`goto`: where an id is, whatever it is the id of."""

from __future__ import annotations

from typing import Annotated

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask, write_answer
from llama_storage_tui.cli.documents import Document, From, Made, Notices
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.services.goto import IdReport, find_id


class MatchBody(Document):
    """One thing that has the id or, where not `exact`, an id that begins so; `backend` is null for what is in the config alone."""

    kind: str
    id: str
    backend: str | None
    where: str
    exact: bool


class UnaskedBody(Document):
    """A backend that gave no answer."""

    backend: Annotated[str, Made(lambda failed: failed[0])]
    kind: Annotated[str, Made(lambda failed: failed[1].failure.value)]
    message: Annotated[str, Made(lambda failed: failed[1].message)]


class GotoDocument(Document):
    """The answer of `goto`: exact matches, or where there is none, what begins with the text.

    `asked` says where was looked, `failed` which backends did not answer; `complete` is false where there is one.
    """

    id: Annotated[str, From("text")]
    matches: list[MatchBody]
    asked: list[str]
    notices: Notices
    failed: Annotated[list[UnaskedBody], From("failures")]
    complete: Annotated[bool, Made(lambda report: not report.failures)]


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("id_", metavar="ID")
@shared_options
@click.pass_context
def goto(context: click.Context, config: str, id_: str) -> int:
    """Say what an id belongs to, and where that is.

    It may be a response, an item, a file, a key, a table, a backend or a finding.

    The beginning of an id is enough. Every store that could hold it is asked at once.

    Example: llama-storage-tui goto run.yaml resp_1f0c
    """
    report = ask(context, config, lambda session: find_id(session, id_))
    write_answer(context, report, GotoDocument, _say)
    return ExitCode.DONE if report.matches else ExitCode.WRONG


def _say(report: IdReport) -> None:
    if report.matches:
        rows = ((match.kind, match.id, match.where) for match in report.matches)
        output.write_table(("kind", "id", "where"), rows, cut=None)
    else:
        output.say(f"Nothing has the id {report.text}, and nothing begins with it. {report.where_asked}")
    output.say_notices(report.notices)
    for backend, error in report.failures:
        output.say_notice(f"Backend {backend} gave no answer: {error.message}")
