"""`show` of every family: one record as what it is, or as JSON; and what is left of conversations that are gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Literal, TypeVar

import click
from pydantic import Field, JsonValue

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask, write_answer
from llama_storage_tui.cli.cells import json_or_dash, or_dash, time_of
from llama_storage_tui.cli.documents import Document, From, Json, Made, Notices, json_value
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.records.list_documents import CompletionBody, ConversationBody, JsonCell, json_cell
from llama_storage_tui.cli.records.reporting import cell_of
from llama_storage_tui.cli.responses.show_document import MessageBody
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.completions import Completion, Origin
from llama_storage_tui.model.conversations import ConversationDetail, ConversationItem, OrphanReport
from llama_storage_tui.model.transcript import ChatMessage
from llama_storage_tui.reports.comparison import origin_reason
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


def _item(item: ConversationItem) -> JsonValue:
    return json_cell(item.item) if item.entry is None else json_value(item.entry.raw)


class ItemBody(Document):
    """One item of a conversation; `item` is the stored document, `sort_order` null before ogx 1.1."""

    id: Json
    created_at: Json
    sort_order: Json
    type: str | None
    role: str | None
    item: Annotated[JsonValue, Made(_item)]


class ConversationDocument(Document):
    """The answer of `conversations RUN_CONFIG show ID`."""

    conversation: ConversationBody | None = Field(description="Null where only items of it are left.")
    items: list[ItemBody] = Field(
        description="By created_at, then sort_order where it is stored, else as written."
    )
    messages: JsonCell = Field(description="The chat messages kept for the next turn; null where none are.")
    responses: list[str] = Field(
        description="Responses whose output is among the items (inferred), the oldest first."
    )
    notices: Notices


class OrphansBody(Document):
    """The items of one gone conversation; `conversation_id` is null for items that name none."""

    conversation_id: Annotated[Json, From("conversation")]
    items: int
    first_created_at: Annotated[Json, From("first")] = Field(
        description="As stored; null where no item says one."
    )
    last_created_at: Annotated[Json, From("last")]
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class OrphansDocument(Document):
    """The answer of `conversations RUN_CONFIG orphans`: those with most items first; `scanned` items were looked at."""

    orphans: list[OrphansBody]
    scanned: int
    complete: bool
    notices: Notices


class ChoiceBody(Document):
    """One answer of the model; `message` is null where none is stored."""

    index: Json
    finish_reason: str | None
    message: MessageBody | None


class OriginBody(Document):
    """The response that the completion was made for, always inferred: servers store no link."""

    id: Annotated[str | None, From("response")] = Field(
        description="Null where none fits, or several do equally well."
    )
    inferred: Annotated[Literal[True], Made(lambda _origin: True)]
    candidates: list[str]
    because: Annotated[str | None, Made(origin_reason)]


class CompletionDocument(Document):
    """The answer of `completions RUN_CONFIG show ID`."""

    completion: Annotated[CompletionBody, From("completion.entry")]
    messages: Annotated[list[MessageBody], From("completion.messages")] = Field(
        description="What the model was sent."
    )
    choices: Annotated[list[ChoiceBody], From("completion.choices")]
    response: Annotated[OriginBody, From("origin")]
    problems: Annotated[list[str], From("completion.problems")] = Field(
        description="What of the stored row could not be read."
    )
    notices: Annotated[Notices, From("origin.notices")]


Found = TypeVar("Found")


def _command(
    about: str,
    read: Callable[[Session, str], Awaitable[Found]],
    document: type[Document],
    report: Callable[[Found], None],
) -> click.Command:
    @click.argument("id_", metavar="ID")
    @shared_options
    @click.pass_context
    def command(context: click.Context, /, id_: str) -> int:
        found = ask(context, context.obj["config"], lambda session: read(session, id_))
        return write_answer(context, found, document, report)

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
    return write_answer(context, report, OrphansDocument, _report_orphans)


def _report_orphans(report: OrphanReport) -> None:
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
    ConversationDocument,
    _report_conversation,
)


# Chat completions


@dataclass(frozen=True, slots=True)
class _TracedCompletion:
    completion: Completion
    origin: Origin


async def _read_completion(session: Session, id_: str) -> _TracedCompletion:
    completion = await read_completion(session, id_)
    return _TracedCompletion(completion, await origin_of(session, completion))


def _report_completion(found: _TracedCompletion) -> None:
    completion, origin = found.completion, found.origin
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
    CompletionDocument,
    _report_completion,
)
