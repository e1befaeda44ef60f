"""`responses RUN_CONFIG who`: who may read a response, and what decides."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.viewer_options import viewer_of, viewer_options
from llama_storage_tui.cli.responses.who_document import WhoDocument
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.access import Decision, Viewer
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.access import WhoReport
from llama_storage_tui.services.responses.reading import read_response
from llama_storage_tui.services.responses.viewing import who_may_read
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters


@click.command(name="who")
@click.argument("id_", metavar="ID")
@viewer_options("--user", "--as", help_="Whether this user may read it.")
@shared_options
@click.pass_context
def responses_who(
    context: click.Context, id_: str, *, user: str | None, attributes: str | None, tenant: str | None
) -> int:
    """Tell who may read a response, and why.

    It names the rule that decides, or what hides the response.

    Example: llama-storage-tui responses run.yaml who resp_1 --user alice --attributes '{"roles": ["admin"]}'
    """
    viewer = viewer_of(user, attributes, tenant, option="--user")

    async def question(session: Session) -> tuple[WhoReport, tuple[str, ...]]:
        response = await read_response(session, id_)
        return who_may_read(session, response, viewer), notice_words(response.notices)

    report, notices = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(WhoDocument.of(id_, report, viewer, notices))
    else:
        _report(id_, report, viewer, notices)
    return ExitCode.DONE


def _report(id_: str, report: WhoReport, viewer: Viewer | None, notices: tuple[str, ...]) -> None:
    output.write_line(Toned(id_, Colour.STRONG))
    output.write_line(f"  owner        {_owner(report.owner)}")
    attributes = "NULL" if report.raw_attributes is None else with_letters(report.raw_attributes)
    output.write_line(f"  attributes   {attributes}")
    if report.tenant is not None:
        output.write_line(f"  tenant       {report.tenant}")
    if viewer is not None and report.decision is not None:
        output.write_line()
        tone = Colour.GOOD if report.decision.may_read and not report.decision.fails else Colour.BAD
        output.write_line(f"{viewer.name} ", Toned(_answer(report.decision), tone))
        _write_decision(report.decision)
    output.write_line()
    output.write_line(report.for_anybody)
    for notice in (*notices, *report.notices):
        output.say_notice(notice)


def _answer(decision: Decision) -> str:
    if decision.fails:
        return "gets an error"
    answer = "may read it" if decision.may_read else "may not read it"
    return answer if decision.is_certain else f"{answer}, as far as is known"


def _write_decision(decision: Decision) -> None:
    output.write_line(f"  because      {decision.because}")
    if decision.rule is not None:
        output.write_line(f"  rule         {decision.rule}")
    if decision.stage is not None:
        output.write_line(f"  hidden by    {decision.stage.value}")
    stages = f"SQL filter {_shows(shown=decision.by_sql)}, policy {_shows(shown=decision.by_policy)}"
    output.write_line(f"  stages       {stages}")


def _shows(*, shown: bool) -> str:
    return "shows it" if shown else "hides it"


def _owner(owner: str | None) -> str:
    return "NULL" if owner is None else owner or "'' (no owner)"
