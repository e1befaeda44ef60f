"""`list` of every family: a page of its records, the newest first, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from llama_storage_tui.cli.asking import ask, write_answer
from llama_storage_tui.cli.cells import or_dash, owner_of, status_of, time_of
from llama_storage_tui.cli.documents import Document
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Piece, Toned
from llama_storage_tui.cli.records.following import FOLLOW, Following, body_of, write_as_stored
from llama_storage_tui.cli.records.list_documents import (
    CompletionsDocument,
    ConversationsDocument,
    ResponsesDocument,
)
from llama_storage_tui.cli.records.list_options import Option, list_options, query_of
from llama_storage_tui.cli.records.reporting import ID, cell_of, report_page
from llama_storage_tui.cli.responses.viewer_options import viewer_of, viewer_options
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.model.attention import CategoryName, Thresholds
from llama_storage_tui.model.families import Page, Query, RecordEntry, RecordFamily
from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.services.listing import follow_family, list_family
from llama_storage_tui.services.records.following import Follower
from llama_storage_tui.services.responses.categories import category as category_of
from llama_storage_tui.services.responses.listing import follow_responses, list_responses
from llama_storage_tui.services.responses.viewing import ViewAs
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import with_letters
from llama_storage_tui.upstream.families.completions import COMPLETIONS
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS
from llama_storage_tui.upstream.families.responses import RESPONSES

Question = Callable[[Session], Awaitable[Page[Any]]]


@dataclass(frozen=True)
class ListCommand:
    """How the records of one family are listed: `columns` are headings with the labels of what stands below them.

    Without `row` the cells are made by the family's description, without `asking` a list is what its filters ask for.
    """

    family: RecordFamily
    document: type[Document]
    about: str
    columns: tuple[tuple[str, str], ...]
    row: Callable[[Any], Sequence[Piece]] | None = None
    options: tuple[Option, ...] = ()
    asking: Callable[[Query, Mapping[str, Any]], tuple[Question, Following]] | None = None

    def questions(self, query: Query, given: Mapping[str, Any]) -> tuple[Question, Following]:
        """Return the question that the options ask, and what follows the answers to it."""
        if self.asking is not None:
            return self.asking(query, given)
        name = self.family.name
        return (
            lambda session: list_family(session, name, query),
            lambda session: follow_family(session, name, query),
        )

    def cells(self, record: Any) -> Sequence[Piece]:  # noqa: ANN401 - of whichever family
        """Return the cells of a record."""
        if self.row is not None:
            return self.row(record)
        return [cell_of(record, self.family, label) for _, label in self.columns]


def _command(listed: ListCommand) -> click.Command:
    @click.pass_context
    def command(context: click.Context, /, **given: Any) -> int:  # noqa: ANN401 - click's
        question, following = listed.questions(query_of(listed.family, given), given)
        if given["follow"]:
            body = body_of(listed.document)
            write_as_stored(context, context.obj["config"], body.model_validate, following)
            return ExitCode.DONE
        page = ask(context, context.obj["config"], question)
        headings = [heading for heading, _ in listed.columns]
        return write_answer(
            context,
            page,
            listed.document,
            lambda page: report_page(context, page, headings, map(listed.cells, page.records)),
        )

    command.__doc__ = listed.about
    with_options = list_options(listed.family, (*listed.options, FOLLOW), shared_options(command))
    return click.command(name="list")(with_options)


# Responses


def _responses(query: Query, given: Mapping[str, Any]) -> tuple[Question, Following]:
    viewer = viewer_of(given["user"], given["attributes"], given["tenant"], option="--as")

    async def question(session: Session) -> Page[ResponseSummary]:
        asked = _in_category(session, query, given["category"])
        if viewer is None:
            return await list_responses(session, asked)
        view = ViewAs(session.catalog, viewer)
        page = await list_responses(session, asked, sees=view)
        return replace(page, notices=(*page.notices, *view.notices))

    def following(session: Session) -> Follower[ResponseSummary]:
        sees = None if viewer is None else ViewAs(session.catalog, viewer)
        return follow_responses(session, _in_category(session, query, given["category"]), sees=sees)

    return question, following


def _in_category(session: Session, query: Query, name: str | None) -> Query:
    if name is None:
        return query
    version, tenancy = session.catalog.version.chosen, session.catalog.access.tenancy
    now = datetime.now(UTC).timestamp()
    found = category_of(name, version, Thresholds(), now=now, tenancy=tenancy)
    return replace(query, conditions=found.conditions)


def _response_row(summary: ResponseSummary) -> tuple[Piece, ...]:
    return (
        time_of(summary.created_at),
        status_of(summary.status)
        if summary.shape == "object"
        else Toned(f"no response: {summary.shape}", Colour.BAD),
        or_dash(summary.model),
        owner_of(summary.owner),
        or_dash(summary.input_items),
        or_dash(summary.output_items),
        or_dash(summary.total_tokens),
        or_dash(summary.id),
        str(summary.error) if summary.error else summary.incomplete or "",
    )


responses_list = _command(
    ListCommand(
        RESPONSES,
        ResponsesDocument,
        """List responses, a page at a time, the newest first.

        Example: llama-storage-tui responses run.yaml list --status failed --since 2d
        """,
        tuple(
            (heading, "")
            for heading in (
                "created", "status", "model", "owner", "in", "out", "tokens", "id", "error",
            )
        ),
        _response_row,
        (
            click.option(
                "--category",
                type=click.Choice([each.value for each in CategoryName]),
                metavar="NAME",
                help="Only what `attention` counts under this name.",
            ),
            viewer_options("--as", help_="Only what a server would give to this user."),
        ),
        _responses,
    )
)  # fmt: skip


# Conversations and chat completions


def _conversation_row(entry: RecordEntry) -> tuple[Piece, ...]:
    metadata = entry.cells["metadata"]
    return (
        *(cell_of(entry, CONVERSATIONS, label) for label in ("created_at", "owner", "items", ID)),
        with_letters(metadata) if isinstance(metadata, str) and metadata != "null" else "",
    )


conversations_list = _command(
    ListCommand(
        CONVERSATIONS,
        ConversationsDocument,
        """List conversations, a page at a time, the newest first.

        Example: llama-storage-tui conversations run.yaml list --since 2d
        """,
        (
            ("created", "created_at"),
            ("owner", "owner"),
            ("items", "items"),
            ("id", ID),
            ("metadata", "metadata"),
        ),
        _conversation_row,
    )
)

completions_list = _command(
    ListCommand(
        COMPLETIONS,
        CompletionsDocument,
        """List chat completions, a page at a time, the newest first.

        Example: llama-storage-tui completions run.yaml list --model openai/gpt-4o --since 2h
        """,
        (
            ("created", "created"),
            ("model", "model"),
            ("owner", "owner"),
            ("sent", "messages"),
            ("finished", "finish_reason"),
            ("calls", "tool_calls"),
            ("id", ID),
        ),
    )
)
