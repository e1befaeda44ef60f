"""`completions RUN_CONFIG …`: which chat completions there are, and one of them."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, reports, shell_completion
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Tone, Toned
from llama_storage_tui.cli.responses.cells import json_or_dash, or_dash, owner_of, time_of
from llama_storage_tui.cli.responses.completion_documents import CompletionDocument, CompletionsDocument
from llama_storage_tui.cli.responses.page_options import (
    order_option,
    owner_option,
    page_options,
    period,
    period_options,
)
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.completions import Completion, CompletionPage, CompletionQuery, Origin
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.transcript import ChatMessage
from llama_storage_tui.services.responses.completions import list_completions, read_completion
from llama_storage_tui.services.responses.origins import origin_of
from llama_storage_tui.services.responses.tolerant_json import as_text
from llama_storage_tui.services.session import Session

HEADINGS = ("created", "model", "owner", "sent", "finished", "calls", "id")


@click.command(name="list")
@click.option("--model", help="Only this model.", shell_complete=shell_completion.models)
@owner_option
@period_options
@click.option(
    "--contains",
    metavar="TEXT",
    help="Whose messages or choices contain TEXT, letter by letter, however it is escaped.",
)
@order_option
@page_options
@shared_options
@click.pass_context
def completions_list(
    context: click.Context,
    *,
    model: str | None,
    owner: str | None,
    since: str | None,
    until: str | None,
    contains: str | None,
    order: str,
    limit: int,
    after: str | None,
) -> int:
    """List chat completions, a page at a time, the newest first.

    Example: llama-storage-tui completions run.yaml list --model openai/gpt-4o --since 2h
    """
    start, end = period(since, until)
    query = CompletionQuery(
        model=model,
        owner=owner,
        since=start,
        until=end,
        contains=contains,
        order=RecordOrder(order),
        limit=limit,
        after=after,
    )
    page = ask(context, context.obj["config"], lambda session: list_completions(session, query))
    if Settings(context).is_json:
        output.write_document(CompletionsDocument.model_validate(page))
    else:
        _report_page(context, page)
    return ExitCode.DONE


@click.command(name="show")
@click.argument("id_", metavar="ID")
@shared_options
@click.pass_context
def completions_show(context: click.Context, id_: str) -> int:
    """Show a chat completion: what the model was sent, what it answered, and the response that it was for.

    Servers store no link between the two: the response is inferred from what they share.

    Example: llama-storage-tui completions run.yaml show chatcmpl-1
    """

    async def question(session: Session) -> tuple[Completion, Origin]:
        completion = await read_completion(session, id_)
        return completion, await origin_of(session, completion)

    completion, origin = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(CompletionDocument.of(completion, origin))
    else:
        _report(completion, origin)
    return ExitCode.DONE


def _report_page(context: click.Context, page: CompletionPage) -> None:
    for notice in page.notices:
        output.say_notice(notice)
    if not page.completions:
        reports.report_nothing(context, "chat completions")
        return
    rows = (
        (
            time_of(each.created),
            or_dash(each.model),
            owner_of(each.owner),
            or_dash(each.messages),
            or_dash(each.finish_reason),
            or_dash(each.tool_calls),
            or_dash(each.id),
        )
        for each in page.completions
    )
    output.write_table(HEADINGS, rows)
    if page.next is not None:
        output.say(f"More: --after {page.next}")


def _report(completion: Completion, origin: Origin) -> None:
    head = completion.summary
    output.write_line(Toned(or_dash(head.id), Tone.STRONG))
    output.write_line(f"  created   {time_of(head.created)}")
    output.write_line(f"  model     {or_dash(head.model)}")
    output.write_line(f"  owner     {owner_of(head.owner)}")
    output.write_line(f"  response  {_origin(origin)}")
    output.write_line()
    for message in completion.messages:
        _write_message(message, "sent")
    for choice in completion.choices:
        if choice.message is not None:
            _write_message(choice.message, f"answered ({choice.finish_reason or 'no finish reason'})")
    for notice in (*completion.problems, *origin.notices):
        output.say_notice(notice)


def _origin(origin: Origin) -> str:
    if origin.response is not None:
        return f"~ {origin.response} ({origin.because})"
    if origin.candidates:
        return f"~ one of {', '.join(origin.candidates[:5])} ({origin.because})"
    return "– none that shares what was sent or answered"


def _write_message(message: ChatMessage, what: str) -> None:
    output.write_line(Toned(message.label, Tone.STRONG), f", {what}")
    for part in message.parts:
        output.write_text("\n".join(f"  {line}" for line in (part.text or "").splitlines()))
    for call in message.tool_calls:
        output.write_line(
            f"  calls {or_dash(call.name)} {json_or_dash(as_text(call.arguments))} ({or_dash(call.id)})"
        )
    for problem in message.problems:
        output.write_line("  ", Toned("!", Tone.WARNING), f" {problem}")
