"""`responses RUN_CONFIG list`: which responses there are, the newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import LIMIT, ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import Settings, shared_options
from llama_storage_tui.cli.responses.list_document import ResponsesDocument
from llama_storage_tui.cli.responses.viewer_options import viewer_of, viewer_options
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.attention import Thresholds
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.responses import ResponsePage, ResponseQuery, ResponseSummary
from llama_storage_tui.services.responses.categories import NAMES
from llama_storage_tui.services.responses.categories import category as category_of
from llama_storage_tui.services.responses.listing import list_responses
from llama_storage_tui.services.responses.times import parse_time
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import epoch_time

HEADINGS = ("created", "status", "model", "owner", "in", "out", "tokens", "id", "what failed")


@click.command(name="list")
@click.option("--status", help="Only this status: failed, incomplete, in_progress, …")
@click.option("--model", help="Only this model.")
@click.option("--owner", help="Only this owner's; '' is nobody's.")
@click.option("--conversation", metavar="ID", help="Only what belongs to this conversation.")
@click.option(
    "--since", metavar="TIME", help="Created then or later: 2026-11-25, 2026-11-25T14:30:00Z, 2h, 3d."
)
@click.option("--until", metavar="TIME", help="Created then or earlier; a date alone is its end.")
@click.option(
    "--contains",
    metavar="TEXT",
    help="Whose document contains TEXT, letter by letter, however it is escaped.",
)
@click.option(
    "--category",
    type=click.Choice(NAMES),
    metavar="NAME",
    help="Only what `attention` counts under this name.",
)
@click.option(
    "--order",
    type=click.Choice([order.value for order in RecordOrder]),
    default=RecordOrder.NEWEST.value,
    show_default=True,
    help="newest: by time, which reads the whole table; stored: as written, the last first, at once.",
)
@viewer_options("--as", help_="Only what a server would give to this user.")
@click.option("--limit", type=LIMIT, default=100, show_default=True)
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
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

    async def question(session: Session) -> ResponsePage:
        version = session.catalog.version.chosen
        found = (
            None if category is None else category_of(category, version, Thresholds(), now=now.timestamp())
        )
        return await _listed(session, replace(query, conditions=found.conditions if found else ()), viewer)

    query = ResponseQuery(
        status=status,
        model=model,
        owner=owner,
        conversation=conversation,
        since=None if since is None else parse_time(since, now=now),
        until=None if until is None else parse_time(until, now=now, is_end=True),
        contains=contains,
        order=RecordOrder(order),
        limit=limit,
        after=after,
    )
    viewer = viewer_of(user, attributes, tenant, option="--as")
    page = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(ResponsesDocument.of(page))
    else:
        _report(page)
    return ExitCode.DONE


async def _listed(session: Session, query: ResponseQuery, viewer: Viewer | None) -> ResponsePage:
    if viewer is None:
        return await list_responses(session, query)
    view = ViewAs(session.catalog, viewer)
    page = await list_responses(session, query, sees=view)
    return replace(page, notices=(*page.notices, *view.notices))


def _report(page: ResponsePage) -> None:
    for notice in page.notices:
        output.say(f"Notice: {notice}")
    if not page.responses:
        output.say("No responses.")
        return
    output.write_table(HEADINGS, (_row(summary) for summary in page.responses))
    if page.next is not None:
        output.say(f"More: --after {page.next}")


def _row(summary: ResponseSummary) -> tuple[str, ...]:
    time = epoch_time("created_at", summary.created_at)
    return (
        f"{time:%Y-%m-%d %H:%M:%S}" if time else _or_dash(summary.created_at),
        _or_dash(summary.status if summary.shape == "object" else f"no response: {summary.shape}"),
        _or_dash(summary.model),
        "NULL" if summary.owner is None else summary.owner or "–",
        _or_dash(summary.input_items),
        _or_dash(summary.output_items),
        _or_dash(summary.total_tokens),
        _or_dash(summary.id),
        str(summary.error) if summary.error else summary.incomplete or "",
    )


def _or_dash(value: object) -> str:
    return "–" if value is None else str(value)
