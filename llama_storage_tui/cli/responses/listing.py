"""`responses RUN_CONFIG list`: which responses there are, the newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import click

from llama_storage_tui.cli import output, reports, shell_completion
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Piece, Tone, Toned
from llama_storage_tui.cli.responses.cells import or_dash, owner_of, status_of, time_of
from llama_storage_tui.cli.responses.list_document import ResponsesDocument
from llama_storage_tui.cli.responses.page_options import (
    order_option,
    owner_option,
    page_options,
    period,
    period_options,
)
from llama_storage_tui.cli.responses.viewer_options import viewer_of, viewer_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.attention import Thresholds
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponsePage, ResponseQuery, ResponseSummary
from llama_storage_tui.services.responses.categories import NAMES
from llama_storage_tui.services.responses.categories import category as category_of
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.resuming import STATUSES

HEADINGS = ("created", "status", "model", "owner", "in", "out", "tokens", "id", "what failed")


@click.command(name="list")
@click.option(
    "--status",
    shell_complete=shell_completion.statuses,
    help=f"Only this status: {', '.join(STATUSES)}.",
)
@click.option("--model", help="Only this model.", shell_complete=shell_completion.models)
@owner_option
@click.option("--conversation", metavar="ID", help="Only what belongs to this conversation.")
@period_options
@click.option(
    "--contains",
    metavar="TEXT",
    help="Only where the stored document contains exactly this TEXT, however it is escaped.",
)
@click.option(
    "--category",
    type=click.Choice(NAMES),
    metavar="NAME",
    help="Only what `attention` counts under this name.",
)
@order_option
@viewer_options("--as", help_="Only what a server would give to this user.")
@page_options
@shared_options
@click.pass_context
def responses_list(
    context: click.Context,
    *,
    status: str | None,
    model: str | None,
    owner: str | None,
    conversation: str | None,
    since: str | None,
    until: str | None,
    contains: str | None,
    user: str | None,
    attributes: str | None,
    tenant: str | None,
    category: str | None,
    order: str,
    limit: int,
    after: str | None,
) -> int:
    """List responses, a page at a time, the newest first.

    Example: llama-storage-tui responses run.yaml list --status failed --since 2d
    """
    now = datetime.now(UTC)
    start, end = period(since, until, now=now)

    async def question(session: Session) -> ResponsePage:
        found = None
        if category is not None:
            version, tenancy = session.catalog.version.chosen, session.catalog.access.tenancy
            found = category_of(category, version, Thresholds(), now=now.timestamp(), tenancy=tenancy)
        return await _listed(session, replace(query, conditions=found.conditions if found else ()), viewer)

    query = ResponseQuery(
        status=status,
        model=model,
        owner=owner,
        conversation=conversation,
        since=start,
        until=end,
        contains=contains,
        order=RecordOrder(order),
        limit=limit,
        after=after,
    )
    viewer = viewer_of(user, attributes, tenant, option="--as")
    page = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(ResponsesDocument.model_validate(page))
    else:
        _report(context, page)
    return ExitCode.DONE


async def _listed(session: Session, query: ResponseQuery, viewer: Viewer | None) -> ResponsePage:
    if viewer is None:
        return await list_responses(session, query)
    view = ViewAs(session.catalog, viewer)
    page = await list_responses(session, query, sees=view)
    return replace(page, notices=(*page.notices, *view.notices))


def _report(context: click.Context, page: ResponsePage) -> None:
    for notice in page.notices:
        output.say_notice(notice)
    if not page.responses:
        reports.report_nothing(context, "responses")
        return
    output.write_table(HEADINGS, (_row(summary) for summary in page.responses))
    if page.next is not None:
        output.say(f"More: --after {page.next}")


def _row(summary: ResponseSummary) -> tuple[Piece, ...]:
    return (
        time_of(summary.created_at),
        status_of(summary.status)
        if summary.shape == "object"
        else Toned(f"no response: {summary.shape}", Tone.BAD),
        or_dash(summary.model),
        owner_of(summary.owner),
        or_dash(summary.input_items),
        or_dash(summary.output_items),
        or_dash(summary.total_tokens),
        or_dash(summary.id),
        str(summary.error) if summary.error else summary.incomplete or "",
    )
