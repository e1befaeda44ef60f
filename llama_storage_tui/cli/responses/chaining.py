"""`responses RUN_CONFIG chain`: what a response continues, and what continues it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import click
from pydantic import BeforeValidator, Field

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask, write_answer
from llama_storage_tui.cli.cells import or_dash, owner_of, time_of
from llama_storage_tui.cli.documents import Document, From, Json, Notices
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.model.chain import Chain, ChainLink
from llama_storage_tui.services.responses.chain import chain

HEADINGS: Final = ("", "response", "created", "status", "owner", "model", "problem")
DEEPEST: Final = 12
"""Steps that a branch is moved in by; only a fork moves in, so that a chain of a thousand is a column."""


Mark = Literal[
    "missing-parent", "cycle", "older-than-parent", "owner-changed", "ambiguous", "gap", "unreadable"
]


class LinkBody(Document):
    """One response of a chain; `created_at` in epoch seconds, as stored; `owner` null where the row has none, '' for nobody's."""

    id: str
    previous_response_id: str | None
    """The stored one; where `inferred`, the response whose input and output its own input begins with."""
    inferred: bool
    status: str | None
    created_at: Json
    owner: str | None
    tenant: str | None
    model: Json
    depth: int
    """Steps from the first response of `chain`, which has 0."""
    marks: list[Mark]


class ForkBody(Document):
    """A response that several others continue."""

    id: str
    children: list[str]


class OwnerChangeBody(Document):
    """A response whose owner or tenant is not its parent's."""

    id: str
    previous_response_id: str
    owner: str | None
    previous_owner: str | None
    tenant: str | None
    previous_tenant: str | None


class ChainDocument(Document):
    """The answer of `responses RUN_CONFIG chain ID`."""

    chain: Annotated[list[LinkBody], From("links")] = Field(
        description="The way to this response: the first one first, this response last."
    )
    children: list[LinkBody] = Field(
        description="Everything that continues this response, at any distance: a flat list, parents before children, "
        "each naming its parent in previous_response_id; a tree a thousand deep would break JSON readers."
    )
    branches: list[LinkBody] = Field(
        description="Everything else that continues a response of `chain`, as flat as `children`."
    )
    missing_parent: str | None = Field(
        description="The id that the first of `chain` names and that no row has."
    )
    cycle: Annotated[list[str] | None, BeforeValidator(lambda ids: ids or None)] = Field(
        description="The responses that are their own ancestors, each the parent of the next and the last of the first; "
        "null where there is no cycle."
    )
    forks: list[ForkBody]
    owner_changes: list[OwnerChangeBody]
    complete: bool = Field(description="False where a limit left out responses: see `notices`.")
    notices: Notices
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


@click.command(name="chain")
@click.argument("id_", metavar="ID")
@shared_options
@click.pass_context
def responses_chain(context: click.Context, id_: str) -> int:
    """Show what a response continues, and what continues it.

    That is everything up to the first one, and down to every branch.

    Where a server stores no previous_response_id (before ogx 1.1), it is inferred from inputs that begin with another's input and
    output, and marked ~.

    Example: llama-storage-tui responses run.yaml chain resp_1 --json
    """
    found = ask(context, context.obj["config"], lambda session: chain(session, id_))
    return write_answer(context, found, ChainDocument, _report)


def _report(found: Chain) -> None:
    if found.missing_parent is not None:
        output.write_line(f"It begins with a missing response: {found.missing_parent}")
    if found.cycle:
        output.write_line(
            "A response continues itself."
            if len(found.cycle) == 1
            else f"{len(found.cycle)} responses continue each other in a cycle."
        )
    output.write_table(HEADINGS, _rows(found), cut=100)
    if any(link.inferred for link in (*found.links, *found.children, *found.branches)):
        output.say(
            "~ inferred: no previous response is stored; its input begins with the input and output of that response."
        )
    output.say_notices(found.notices)


def _rows(found: Chain) -> Iterator[tuple[str, ...]]:
    families = Counter(link.previous_response_id for link in (*found.links, *found.children, *found.branches))
    levels: dict[str | None, int] = {}
    for links in (found.links, found.children, found.branches):
        for link in links:
            is_branch = links is not found.links and families[link.previous_response_id] > 1
            levels[link.id] = levels.get(link.previous_response_id, 0) + is_branch
            yield _row(link, levels[link.id], is_asked=link.id == found.asked)


def _row(link: ChainLink, level: int, *, is_asked: bool) -> tuple[str, ...]:
    return (
        ("→" if is_asked else "") + ("~" if link.inferred else ""),
        "  " * min(level, DEEPEST) + link.id,
        time_of(link.created_at),
        or_dash(link.status),
        owner_of(link.owner),
        or_dash(link.model),
        ", ".join(mark.value for mark in link.marks),
    )
