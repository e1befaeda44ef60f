"""`left-behind`: what the chosen version does not reach, and how much everything that is stored takes."""

from __future__ import annotations

from contextlib import aclosing
from typing import Annotated

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import FOUND, ask, write_answer
from llama_storage_tui.cli.blocks import write_lines
from llama_storage_tui.cli.documents import Document, FindingBody, From, Made, Notices
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.reports import left_behind as wording
from llama_storage_tui.reports.amounts import size
from llama_storage_tui.reports.findings import place_of, worst_first
from llama_storage_tui.reports.lines import MARKS, Line
from llama_storage_tui.services.accumulation import StoredSpace
from llama_storage_tui.services.left_behind import LeftBehind
from llama_storage_tui.services.left_behind import left_behind as look
from llama_storage_tui.services.session import Session

HEADS = ("backend", "what", "items", "size", "a day", "newest", "referenced by")


class StoredSpaceBody(Document):
    """A namespace or a table; size and growth are estimates by some of its keys or its newest rows."""

    backend: str
    table: Annotated[str | None, Made(lambda space: space.name if space.is_table else None)]
    namespace: Annotated[str | None, Made(lambda space: None if space.is_table else space.name)]
    items: Annotated[int | None, From("items.value")]
    exact: Annotated[bool, Made(lambda space: space.items is not None and space.items.is_exact)]
    bytes: int | None
    newest: float | None
    per_day: float | None
    referenced_by: list[str]


class LeftBehindDocument(Document):
    """The answer of `left-behind`."""

    findings: list[FindingBody]
    spaces: list[StoredSpaceBody]
    notices: Notices


@click.command("left-behind")
@click.argument("config", type=RUN_CONFIG, default=FOUND, metavar="[RUN_CONFIG]")
@shared_options
@click.pass_context
def left_behind(context: click.Context, config: str) -> int:
    """List stored data that the server's version does not reach.

    Also show what accumulates in the stores.

    Example: llama-storage-tui left-behind run.yaml --for 1.5.0
    """

    async def question(session: Session) -> LeftBehind:
        async with aclosing(look(session)) as found:
            async for each in found:
                if each.is_final:
                    return each
        raise AssertionError("the last answer is final")

    found = ask(context, config, question)
    write_answer(context, found, LeftBehindDocument, _write)
    return ExitCode.DONE if found.is_all_read else ExitCode.UNREACHABLE


def _write(found: LeftBehind) -> None:
    output.say_notices(found.notices)
    for finding in worst_first(found.findings):
        write_lines([Line(f"{place_of(finding)}: {finding.message}", mark=MARKS[finding.severity])])
    if found.findings:
        output.write_line()
    output.write_table(HEADS, map(_row, found.spaces))


def _row(space: StoredSpace) -> tuple[str, ...]:
    return (
        space.backend,
        wording.name(space),
        wording.items(space),
        size(space.bytes),
        wording.growth(space),
        wording.newest(space),
        ", ".join(space.referenced_by) or "nothing",
    )
