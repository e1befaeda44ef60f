"""`responses RUN_CONFIG attention`: what of the stored responses deserves a look."""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.attention_document import AttentionDocument
from llama_storage_tui.cli.responses.sampling import sample_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.model.attention import Attention, Thresholds
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.reports.attention import category_words
from llama_storage_tui.services.responses.attention import RECENT, attention
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import capitalised

_USUAL: Final = Thresholds()
HEADINGS: Final = ("count", "category", "about", "for example")


@click.command(name="attention")
@sample_options(RECENT)
@click.option(
    "--stuck-after",
    type=click.FloatRange(0),
    metavar="SECONDS",
    default=_USUAL.stuck_after,
    show_default=True,
    help="When a queued or running response counts as stuck.",
)
@click.option(
    "--large",
    type=click.IntRange(1),
    metavar="BYTES",
    default=_USUAL.large,
    show_default=True,
    help="The size from which a row counts as very large.",
)
@shared_options
@click.pass_context
def responses_attention(
    context: click.Context, *, exact: bool, recent: int, stuck_after: float, large: int
) -> int:
    """List the reasons to look at responses, with counts.

    For example: failed, stuck, broken, hidden from everybody, very large.

    Example: llama-storage-tui responses run.yaml attention --exact
    """
    thresholds = Thresholds(stuck_after=stuck_after, large=large)

    async def question(session: Session) -> Attention:
        seen: Attention | None = None
        async with aclosing(attention(session, thresholds, exact=exact, recent=recent)) as views:
            async for seen in views:
                _progress(seen)
        if seen is None:
            raise AssertionError("the first view always comes")
        return seen

    seen = ask(context, context.obj["config"], question)
    if Settings(context).is_json:
        output.write_document(AttentionDocument.model_validate(seen))
    else:
        _report(seen)
    return ExitCode.DONE


def _progress(seen: Attention) -> None:
    if sys.stderr is None or not sys.stderr.isatty() or seen.is_exact or not seen.total:
        return
    output.say(f"{seen.rows:,} rows, {seen.done / seen.total:.0%}")


def _report(seen: Attention) -> None:
    output.say_notices(seen.notices)
    found = [
        (counted, category_words(counted.category.name, seen.version, seen.thresholds))
        for counted in seen.categories
        if counted.count
    ]
    if not found:
        output.write_line(f"Nothing {scope(seen)} deserves a look.")
    else:
        output.write_line(f"{capitalised(scope(seen))}:")
        output.write_line()
        output.write_table(
            HEADINGS,
            (
                (
                    f"{counted.count:,}",
                    counted.category.name,
                    words.title,
                    ", ".join(str(example.id) for example in counted.examples[:1]),
                )
                for counted, words in found
            ),
        )
        for counted, words in found:
            output.write_line()
            output.write_line(Toned(counted.category.name, Colour.STRONG), f": {words.why}")
            output.write_line(f"  {words.next_step}")
    if not seen.is_exact:
        output.say(f"There are about {seen.estimated_rows:,} rows. Count all: --exact")
