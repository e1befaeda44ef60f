"""`responses RUN_CONFIG attention`: what of the stored responses deserves a look."""

from __future__ import annotations

from typing import Annotated, Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import write_answer
from llama_storage_tui.cli.documents import Document, From, Json, Made, Notices
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.sampling import ask_for_sample, sample_options, say_what_is_left
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.attention import Attention, CategoryCount, Thresholds
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.reports.attention import CategoryWords, category_words
from llama_storage_tui.services.responses.attention import RECENT, attention
from llama_storage_tui.text import capitalised

_USUAL: Final = Thresholds()
HEADINGS: Final = ("count", "category", "about", "for example")


class ExampleBody(Document):
    """One response of a category."""

    id: Json
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


@dataclass(frozen=True, slots=True)
class _Worded:
    counted: CategoryCount
    words: CategoryWords


class CategoryBody(Document):
    """One reason to look: `count` of `rows` that were looked at, from the last stored on; `exact` where those are all."""

    name: Annotated[str, From("counted.category.name")]
    title: Annotated[str, From("words.title")]
    why: Annotated[str, From("words.why")]
    next_step: Annotated[str, From("words.next_step")]
    count: Annotated[int, From("counted.count")]
    exact: Annotated[bool, From("counted.is_exact")]
    rows: Annotated[int, From("counted.rows")]
    examples: Annotated[list[ExampleBody], From("counted.examples")]


def _worded(seen: Attention) -> list[_Worded]:
    return [
        _Worded(each, category_words(each.category.name, seen.version, seen.thresholds))
        for each in seen.categories
    ]


class AttentionDocument(Document):
    """The answer of `responses RUN_CONFIG attention`: every category, those without a response included."""

    categories: Annotated[list[CategoryBody], Made(_worded)]
    rows: int
    estimated_rows: int
    exact: bool
    notices: Notices


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
    found = [each for each in _worded(seen) if each.counted.count]
    if not found:
        output.write_line(f"Nothing {scope(seen)} deserves a look.")
    else:
        output.write_line(f"{capitalised(scope(seen))}:")
        output.write_line()
        output.write_table(
            HEADINGS,
            (
                (
                    f"{each.counted.count:,}",
                    each.counted.category.name,
                    each.words.title,
                    ", ".join(str(example.id) for example in each.counted.examples[:1]),
                )
                for each in found
            ),
        )
        for each in found:
            output.write_line()
            output.write_line(Toned(each.counted.category.name, Colour.STRONG), f": {each.words.why}")
            output.write_line(f"  {each.words.next_step}")
    say_what_is_left(seen)
