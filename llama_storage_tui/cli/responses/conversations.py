"""`conversations RUN_CONFIG …`: which there are, one of them, and what is left of those that are gone."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, reports
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Tone, Toned
from llama_storage_tui.cli.responses.cells import json_or_dash, or_dash, owner_of, time_of
from llama_storage_tui.cli.responses.conversation_documents import (
    ConversationDocument,
    ConversationsDocument,
    OrphansDocument,
)
from llama_storage_tui.cli.responses.page_options import (
    order_option,
    owner_option,
    page_options,
    period,
    period_options,
)
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.conversations import ConversationDetail, ConversationPage, ConversationQuery
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.services.responses.conversations import list_conversations, read_conversation
from llama_storage_tui.services.responses.orphans import find_orphans
from llama_storage_tui.services.values import with_letters

SHOWN = 200
"""Characters of an item in a line for people; --json has it whole."""


@click.command(name="list")
@owner_option
@period_options
@order_option
@page_options
@shared_options
@click.pass_context
def conversations_list(
    context: click.Context,
    *,
    owner: str | None,
    since: str | None,
    until: str | None,
    order: str,
    limit: int,
    after: str | None,
) -> int:
    """List conversations, a page at a time, the newest first.

    Example: llama-storage-tui conversations run.yaml list --since 2d
    """
    start, end = period(since, until)
    query = ConversationQuery(
        owner=owner,
        since=start,
        until=end,
        order=RecordOrder(order),
        limit=limit,
        after=after,
    )
    page = ask(context, context.obj["config"], lambda session: list_conversations(session, query))
    if Settings(context).is_json:
        output.write_document(ConversationsDocument.model_validate(page))
    else:
        _report_page(context, page)
    return ExitCode.DONE


@click.command(name="show")
@click.argument("id_", metavar="ID")
@shared_options
@click.pass_context
def conversations_show(context: click.Context, id_: str) -> int:
    """Show a conversation: its items in order, the messages kept for it, and the responses that wrote it.

    Example: llama-storage-tui conversations run.yaml show conv_1
    """
    found = ask(context, context.obj["config"], lambda session: read_conversation(session, id_))
    if Settings(context).is_json:
        output.write_document(ConversationDocument.of(found))
    else:
        _report(found)
    return ExitCode.DONE


@click.command(name="orphans")
@shared_options
@click.pass_context
def conversations_orphans(context: click.Context) -> int:
    """List the items whose conversation is gone: this reads the whole table of items.

    Example: llama-storage-tui conversations run.yaml orphans --json
    """
    report = ask(context, context.obj["config"], find_orphans)
    if Settings(context).is_json:
        output.write_document(OrphansDocument.model_validate(report))
        return ExitCode.DONE
    for notice in report.notices:
        output.say_notice(notice)
    output.say(f"Looked at {report.scanned:,} items.")
    if report.orphans:
        rows = (
            (each.items, time_of(each.first), time_of(each.last), or_dash(each.conversation))
            for each in report.orphans
        )
        output.write_table(("items", "first", "last", "deleted conversation"), rows, cut=100)
    elif report.is_complete:
        output.say("Every item has its conversation.")
    return ExitCode.DONE


def _report_page(context: click.Context, page: ConversationPage) -> None:
    for notice in page.notices:
        output.say_notice(notice)
    if not page.conversations:
        reports.report_nothing(context, "conversations")
        return
    rows = (
        (
            time_of(each.created_at),
            owner_of(each.owner),
            or_dash(each.items),
            or_dash(each.id),
            with_letters(each.metadata) if isinstance(each.metadata, str) and each.metadata != "null" else "",
        )
        for each in page.conversations
    )
    output.write_table(("created", "owner", "items", "id", "metadata"), rows)
    if page.next is not None:
        output.say(f"More: --after {page.next}")


def _report(found: ConversationDetail) -> None:
    head = found.conversation
    output.write_line(Toned(found.id, Tone.STRONG))
    if head is not None:
        output.write_line(f"  created   {time_of(head.created_at)}")
        output.write_line(f"  owner     {owner_of(head.owner)}")
        output.write_line(f"  metadata  {json_or_dash(head.metadata)}")
    output.write_line(
        f"  messages  {'kept for the next turn' if found.messages is not None else 'none kept'}"
    )
    output.write_line(f"  responses {', '.join(found.responses) or '–'}")
    output.write_line()
    rows = (
        (
            time_of(item.created_at),
            item.entry.label if item.entry is not None else "invalid JSON",
            or_dash(item.id),
            item.entry.summary if item.entry is not None else json_or_dash(item.item),
        )
        for item in found.items
    )
    output.write_table(("created", "what", "id", "item"), rows, cut=SHOWN)
    for notice in found.notices:
        output.say_notice(notice)
