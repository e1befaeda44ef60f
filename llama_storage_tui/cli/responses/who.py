"""`responses RUN_CONFIG who`: who may read a response, and what decides."""

from __future__ import annotations

from typing import Annotated, Literal

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask, write_answer
from llama_storage_tui.cli.cells import whose
from llama_storage_tui.cli.documents import Document, From, Json, Made
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.viewer_options import viewer_of, viewer_options
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Decision, Viewer
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.access import WhoReport
from llama_storage_tui.services.responses.reading import read_response
from llama_storage_tui.services.responses.viewing import who_may_read
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters


class DecisionBody(Document):
    """What a server does when somebody reads the row.

    `stage` is what hides it: the tenant, the NULL owner, the rest of the SQL filter, or the policy; `sql` and `policy` say what
    each stage shows for itself. `fails`: the request ends in an error. Where not `certain`, `depends_on` says on what.
    """

    may_read: bool
    rule: str | None
    stage: Literal["tenant", "null-owner", "filter", "policy"] | None
    because: str
    sql: Annotated[bool, From("by_sql")]
    policy: Annotated[bool, From("by_policy")]
    fails: bool
    certain: bool
    depends_on: str | None


class UserBody(Document):
    """Who was asked about."""

    name: str
    attributes: dict[str, list[str]] | None
    tenant: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    id: str
    report: WhoReport
    user: Viewer | None
    notices: tuple[str, ...]


def _attributes(answer: _Answer) -> object:
    report = answer.report
    if report.attributes is None:
        return report.raw_attributes
    return {key: list(values) for key, values in report.attributes.items()}


class WhoDocument(Document):
    """The answer of `responses RUN_CONFIG who`.

    `owner` is null where the row has none, '' for nobody's; `access_attributes` are the owner's, as text where they are broken.
    `may_read`, `rule`, `stage` and `because` repeat the decision for `user`, null where none was named. `stranger` is a signed-in
    user without attributes, `anonymous` a request without a user.
    """

    id: str
    owner: Annotated[str | None, From("report.owner")]
    access_attributes: Annotated[Json, Made(_attributes)]
    tenant: Annotated[str | None, From("report.tenant")]
    unowned: Annotated[bool, From("report.is_unowned")]
    public: Annotated[bool, From("report.is_public")]
    user: UserBody | None
    may_read: Annotated[bool | None, From("report.decision.may_read")]
    rule: Annotated[str | None, From("report.decision.rule")]
    stage: Annotated[str | None, From("report.decision.stage")]
    because: Annotated[str | None, From("report.decision.because")]
    decision: Annotated[DecisionBody | None, From("report.decision")]
    stranger: Annotated[DecisionBody, From("report.stranger")]
    anonymous: Annotated[DecisionBody, From("report.anonymous")]
    notices: list[str]


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

    async def question(session: Session) -> _Answer:
        response = await read_response(session, id_)
        report = who_may_read(session, response, viewer)
        return _Answer(id_, report, viewer, (*notice_words(response.notices), *report.notices))

    return write_answer(context, ask(context, context.obj["config"], question), WhoDocument, _report)


def _report(answer: _Answer) -> None:
    report = answer.report
    output.write_line(Toned(answer.id, Colour.STRONG))
    output.write_line(f"  owner        {whose(report.owner)}")
    attributes = "NULL" if report.raw_attributes is None else with_letters(report.raw_attributes)
    output.write_line(f"  attributes   {attributes}")
    if report.tenant is not None:
        output.write_line(f"  tenant       {report.tenant}")
    if answer.user is not None and report.decision is not None:
        output.write_line()
        tone = Colour.GOOD if report.decision.may_read and not report.decision.fails else Colour.BAD
        output.write_line(f"{answer.user.name} ", Toned(_answer(report.decision), tone))
        _write_decision(report.decision)
    output.write_line()
    output.write_line(report.for_anybody)
    for notice in answer.notices:
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
    by_sql, by_policy = (
        "shows it" if shown else "hides it" for shown in (decision.by_sql, decision.by_policy)
    )
    output.write_line(f"  stages       SQL filter {by_sql}, policy {by_policy}")
