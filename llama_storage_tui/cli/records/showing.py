"""`show` of every family: one record as what it is, or as JSON; and what is left of conversations that are gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.cells import json_or_dash, or_dash, time_of
from llama_storage_tui.cli.documents import Document
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.records.completion_documents import CompletionDocument
from llama_storage_tui.cli.records.conversation_documents import ConversationDocument, OrphansDocument
from llama_storage_tui.cli.records.reporting import cell_of
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.completions import Completion, Origin
from llama_storage_tui.model.conversations import ConversationDetail
from llama_storage_tui.model.transcript import ChatMessage
from llama_storage_tui.reports.origins import origin_reason
from llama_storage_tui.services.responses.completions import read_completion
from llama_storage_tui.services.responses.conversations import read_conversation
from llama_storage_tui.services.responses.origins import origin_of
from llama_storage_tui.services.responses.orphans import find_orphans
from llama_storage_tui.services.responses.tolerant_json import as_text
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.families.completions import COMPLETIONS
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS

SHOWN: Final = 200
"""Characters of an item in a line for people; --json has it whole."""

Found = TypeVar("Found")


def _command(
    about: str,
    read: Callable[[Session, str], Awaitable[Found]],
    document: Callable[[Found], Document],
    report: Callable[[Found], None],
) -> click.Command:
    @click.argument("id_", metavar="ID")
    @shared_options
    @click.pass_context
    def command(context: click.Context, /, id_: str) -> int:
        found = ask(context, context.obj["config"], lambda session: read(session, id_))
        if Settings(context).is_json:
            output.write_document(document(found))
        else:
            report(found)
        return ExitCode.DONE

    command.__doc__ = about
    return click.command(name="show")(command)


# Conversations


@click.command(name="orphans")
@shared_options
@click.pass_context
def conversations_orphans(context: click.Context) -> int:
    """List the items of deleted conversations.

    This reads the whole table of items.

    Example: llama-storage-tui conversations run.yaml orphans --json
    """
    report = ask(context, context.obj["config"], find_orphans)
    if Settings(context).is_json:
        output.write_document(OrphansDocument.model_validate(report))
        return ExitCode.DONE
    output.say_notices(report.notices)
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


def _report_conversation(found: ConversationDetail) -> None:
    head = found.conversation
    output.write_line(Toned(found.id, Colour.STRONG))
    if head is not None:
        output.write_line(f"  created   {time_of(head.time)}")
        output.write_line(f"  owner     {cell_of(head, CONVERSATIONS, 'owner')}")
        output.write_line(f"  metadata  {json_or_dash(head.cells['metadata'])}")
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
    output.say_notices(found.notices)


conversations_show = _command(
    """Show a conversation, and the responses that wrote it.

    It has its items in order, and the messages that a server keeps ready for it.

    Example: llama-storage-tui conversations run.yaml show conv_1
    """,
    read_conversation,
    ConversationDocument.of,
    _report_conversation,
)


# Chat completions


async def _read_completion(session: Session, id_: str) -> tuple[Completion, Origin]:
    completion = await read_completion(session, id_)
    return completion, await origin_of(session, completion)


def _report_completion(found: tuple[Completion, Origin]) -> None:
    completion, origin = found
    head = completion.entry
    output.write_line(Toned(or_dash(head.id), Colour.STRONG))
    output.write_line(f"  created   {time_of(head.time)}")
    output.write_line(f"  model     {cell_of(head, COMPLETIONS, 'model')}")
    output.write_line(f"  owner     {cell_of(head, COMPLETIONS, 'owner')}")
    output.write_line(f"  response  {_origin(origin)}")
    output.write_line()
    for message in completion.messages:
        _write_message(message, "sent")
    for choice in completion.choices:
        if choice.message is not None:
            _write_message(choice.message, f"answered ({choice.finish_reason or 'no finish reason'})")
    for problem in completion.problems:
        output.say_notice(problem)
    output.say_notices(origin.notices)


def _origin(origin: Origin) -> str:
    if origin.response is not None:
        return f"~ {origin.response} ({origin_reason(origin)})"
    if origin.candidates:
        return f"~ one of {', '.join(origin.candidates[:5])} ({origin_reason(origin)})"
    return "– none shares what was sent or answered"


def _write_message(message: ChatMessage, what: str) -> None:
    output.write_line(Toned(message.label, Colour.STRONG), f", {what}")
    for part in message.parts:
        output.write_text("\n".join(f"  {line}" for line in (part.text or "").splitlines()))
    for call in message.tool_calls:
        output.write_line(
            f"  calls {or_dash(call.name)} {json_or_dash(as_text(call.arguments))} ({or_dash(call.id)})"
        )
    for problem in message.problems:
        output.write_line("  ", Toned("!", Colour.WARNING), f" {problem}")


completions_show = _command(
    """Show a chat completion, and the response it was for.

    That is what the model was sent, and what it answered.

    Servers store no link between the two: the response is inferred from what they share.

    Example: llama-storage-tui completions run.yaml show chatcmpl-1
    """,
    _read_completion,
    lambda found: CompletionDocument.of(*found),
    _report_completion,
)
