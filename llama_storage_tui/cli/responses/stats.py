"""`responses RUN_CONFIG stats`: how responses ended, over time, by model or by owner."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import write_answer
from llama_storage_tui.cli.documents import Document, From, Made, Notices
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.responses.sampling import ask_for_sample, sample_options, say_what_is_left
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.statistics import (
    UNKNOWN,
    UNREADABLE,
    ResponseStatistics,
    StatisticsBy,
    StatisticsGroup,
)
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.services.responses.statistics import RECENT, statistics
from llama_storage_tui.services.values import iso
from llama_storage_tui.text import capitalised
from llama_storage_tui.upstream.resuming import UNFINISHED

OTHERS: Final = ("cancelled", UNKNOWN, UNREADABLE)
BAR: Final = 20
"""Characters of the longest bar."""


def _group_name(group: StatisticsGroup) -> str | None:
    """Return what a group is called: the begin of its hour, or its model or owner."""
    return group.name if group.start is None else iso(datetime.fromtimestamp(group.start, UTC))


class StatsBody(Document):
    """Some responses: `statuses` counts them by status; `durations` is how many have one, `p50` and `p95` are seconds of those."""

    responses: int
    statuses: dict[str, int]
    tokens: int
    durations: int
    p50: float | None
    p95: float | None


class StatsGroupBody(StatsBody):
    """The responses of an hour (`name` is its begin; null: no time is stored), of a model or of an owner (null: NULL)."""

    name: Annotated[str | None, Made(_group_name)]


class StatsDocument(Document):
    """The answer of `responses RUN_CONFIG stats`: `rows` were counted, from the last stored on; `exact` where those are all.

    `stuck` are queued or in progress for more than a quarter of an hour.
    """

    by: Literal["hour", "model", "owner"]
    groups: list[StatsGroupBody]
    whole: Annotated[StatsBody, From("seen.whole")]
    stuck: Annotated[int, From("seen.stuck")]
    rows: Annotated[int, From("seen.rows")]
    estimated_rows: Annotated[int, From("seen.estimated_rows")]
    exact: Annotated[bool, From("seen.is_exact")]
    notices: Annotated[Notices, From("seen.notices")]


@dataclass(frozen=True, slots=True)
class _Answer:
    seen: ResponseStatistics
    by: str
    groups: tuple[StatisticsGroup, ...]


@click.command(name="stats")
@click.option(
    "--by",
    type=click.Choice([each.value for each in StatisticsBy]),
    default=StatisticsBy.HOUR.value,
    show_default=True,
    help="One line for each hour (UTC), model or owner.",
)
@sample_options(RECENT)
@shared_options
@click.pass_context
def responses_stats(context: click.Context, *, by: str, exact: bool, recent: int) -> int:
    """Count how responses ended, with tokens and durations.

    Servers from 0.7 on store when a response was completed. Responses of earlier servers, and failed ones, have no duration.

    Example: llama-storage-tui responses run.yaml stats --by model --exact
    """
    seen = ask_for_sample(
        context, lambda session: statistics(session, exact=exact, recent=recent), tells=exact
    )
    answer = _Answer(seen, by, seen.groups(StatisticsBy(by)))
    return write_answer(context, answer, StatsDocument, _report)


def _report(answer: _Answer) -> None:
    seen = answer.seen
    output.say_notices(seen.notices)
    if not seen.rows:
        output.write_line("No responses are stored.")
        return
    output.write_line(f"{capitalised(scope(seen))}:")
    output.write_line()
    most = max(group.responses for group in answer.groups)
    named = [(_name(group, answer.by), group, _bar(group, most)) for group in answer.groups]
    output.write_table(
        (
            answer.by,
            "responses",
            "completed",
            "failed",
            "incomplete",
            "unfinished",
            "other",
            "tokens",
            "p50",
            "p95",
            "",
        ),
        [_line(*each) for each in (*named, ("all", seen.whole, ""))],
    )
    say_what_is_left(seen)


def _name(group: StatisticsGroup, by: str) -> str:
    name = _group_name(group)
    if name is None:
        return "(no time)" if by == StatisticsBy.HOUR else "NULL"
    return name or "nobody"


def _line(name: str, group: StatisticsGroup, bar: str) -> tuple[object, ...]:
    failed = f"{group.count('failed'):,}"
    return (
        name,
        f"{group.responses:,}",
        f"{group.count('completed'):,}",
        Toned(failed, Colour.BAD) if group.count("failed") else failed,
        f"{group.count('incomplete'):,}",
        f"{group.count(*UNFINISHED):,}",
        f"{group.count(*OTHERS):,}",
        f"{group.tokens:,}",
        _seconds(group.p50),
        _seconds(group.p95),
        bar,
    )


def _bar(group: StatisticsGroup, most: int) -> str:
    """Draw how many there are: failed ones as another sign, since a bar must not need its colour."""
    length = max(1, round(BAR * group.responses / most))
    failed = (
        0 if not group.count("failed") else max(1, round(length * group.count("failed") / group.responses))
    )
    return "✗" * failed + "━" * (length - failed)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} s"
