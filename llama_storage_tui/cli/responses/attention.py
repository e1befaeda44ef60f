"""`responses RUN_CONFIG attention`: what of the stored responses deserves a look."""

from __future__ import annotations

from typing import Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import write_answer
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.attention_document import AttentionDocument
from llama_storage_tui.cli.responses.sampling import ask_for_sample, sample_options, say_what_is_left
from llama_storage_tui.model.attention import Attention, Thresholds
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.reports.attention import category_words
from llama_storage_tui.services.responses.attention import RECENT, attention
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
    seen = ask_for_sample(context, lambda session: attention(session, thresholds, exact=exact, recent=recent))
    return write_answer(context, seen, AttentionDocument, _report)


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
    say_what_is_left(seen)
