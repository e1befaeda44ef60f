"""How responses ended over time: a plot of the hours, and below it a list by hour, model or owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, tzinfo
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.families import Query
from llama_storage_tui.model.records import RecordOrder
from llama_storage_tui.model.statistics import ResponseStatistics, StatisticsBy, StatisticsGroup
from llama_storage_tui.services.responses.statistics import HOUR, statistics
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import ResponsesOpened
from llama_storage_tui.tui.records.response_wording import owner_shown
from llama_storage_tui.tui.records.sampled import COUNT_ALL, LOOK_AGAIN, SampledScreen
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.wording import bare_moment, compact
from llama_storage_tui.tui.style.zone import ZONE_KEY, Zone
from llama_storage_tui.tui.widgets.hour_plot import HourColumn, HourPlot
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

UNFINISHED: Final = ("queued", "in_progress")
OTHERS: Final = ("cancelled", "unknown", "unreadable")
MOST_HOURS: Final = 400
"""Hours that are drawn: more than any terminal has columns."""
_TITLES: Final = {StatisticsBy.HOUR: "Hour", StatisticsBy.MODEL: "Model", StatisticsBy.OWNER: "Owner"}


class StatisticsScreen(SampledScreen[ResponseStatistics]):
    """Of the responses stored last at once, of all where asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("b", "by", "By hour/model/owner", "stats.by", "Count by hour, by model or by owner"),
        COUNT_ALL,
        ZONE_KEY,
        LOOK_AGAIN,
    ]

    # Hours that come and go would move the plot and the list under the cursor.
    shows_growing = False
    enter_hint = "enter lists the responses of a line."

    def __init__(self, session: Session, zone: Zone, now: float | None = None) -> None:
        super().__init__(session)
        self._zone = zone
        self._at = now
        self._by = StatisticsBy.HOUR

    def body(self) -> ComposeResult:
        yield HourPlot(id="hours")
        yield Listing(id="places")

    def on_mount(self) -> None:
        self._show()
        self.listing.focus()
        self.action_reload()

    def sample(self, *, exact: bool) -> AsyncGenerator[ResponseStatistics]:
        """Yield the counts, growing."""
        return statistics(self._session, exact=exact, now=self._at)

    def show_sample(self) -> None:
        """Draw plot and list."""
        self._show()

    def _show(self) -> None:
        seen = self._seen
        self.headline.show(
            [self.outermost, "how responses ended"], facts=[] if seen is None else self._facts(seen)
        )
        if seen is None:
            return
        zone = self._zone.info
        groups = seen.groups(self._by)
        # The last hour first: what went wrong just now is what brings somebody here.
        groups = groups[::-1] if self._by is StatisticsBy.HOUR else groups
        self.listing.show(_columns(self._by), [_cells(group, self._by, zone) for group in groups])
        columns = _hours(seen)
        self.query_one(HourPlot).show(
            [column for _, column in columns], [_hour(start, zone)[:16] for start, _ in columns]
        )

    def _facts(self, seen: ResponseStatistics) -> list[Shown]:
        failed = seen.whole.count("failed")
        facts = [
            Shown(f"✗ {failed:,} failed" if failed else "● none failed", Tone.BAD if failed else Tone.GOOD),
            *self.sample_facts(),
        ]
        facts.append(Shown(f"{compact(seen.whole.tokens)} tokens", Tone.MUTED))
        if seen.whole.p50 is not None:
            facts.append(Shown(f"p50 {_seconds(seen.whole.p50)}, p95 {_seconds(seen.whole.p95)}", Tone.MUTED))
        facts.append(Shown(f"times in {self._zone.name}", Tone.MUTED))
        return facts

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        if self._seen is None:
            return
        groups = self._seen.groups(self._by)
        groups = groups[::-1] if self._by is StatisticsBy.HOUR else groups
        at = self.listing.cursor_row
        if 0 <= at < len(groups):
            self._open(groups[at])

    def _open(self, group: StatisticsGroup) -> None:
        filters: dict[str, str | float] = {}
        if group.start is not None:
            filters = {"since": group.start, "until": group.start + HOUR - 1}
        elif group.name is not None and self._by is not StatisticsBy.HOUR:
            filters = {self._by.value: group.name}
        else:
            self.status.say("Responses without a value cannot be listed by it.")
            return
        self.post_message(ResponsesOpened(Query(filters, order=RecordOrder.STORED)))

    def action_by(self) -> None:
        """Count by the next of hour, model and owner."""
        kinds = [*StatisticsBy]
        self._by = kinds[(kinds.index(self._by) + 1) % len(kinds)]
        self._show()

    def action_zone(self) -> None:
        self._zone.toggle()
        self._show()


def _columns(by: StatisticsBy) -> tuple[ListColumn, ...]:
    is_hour = by is StatisticsBy.HOUR
    return (
        ListColumn(_TITLES[by], grows=not is_hour, most=20, least=16, cuts_middle=not is_hour),
        ListColumn("Responses", most=9, is_number=True),
        ListColumn("Failed", most=8, is_number=True),
        ListColumn("Incomplete", most=10, is_number=True),
        ListColumn("Unfinished", most=10, is_number=True),
        ListColumn("Other", most=8, is_number=True, is_wide_only=True),
        ListColumn("Tokens", most=9, is_number=True),
        ListColumn("p50", most=8, is_number=True),
        ListColumn("p95", most=8, is_number=True),
    )


def _cells(group: StatisticsGroup, by: StatisticsBy, zone: tzinfo | None) -> tuple[Shown, ...]:
    return (
        _name(group, by, zone),
        Shown(f"{group.responses:,}"),
        _count(group.count("failed"), Tone.BAD),
        _count(group.count("incomplete"), Tone.WARNING),
        _count(group.count(*UNFINISHED), Tone.KEY),
        _count(group.count(*OTHERS), Tone.WARNING),
        Shown(compact(group.tokens)),
        Shown(_seconds(group.p50), Tone.PLAIN if group.durations else Tone.MUTED),
        Shown(_seconds(group.p95), Tone.PLAIN if group.durations else Tone.MUTED),
    )


def _name(group: StatisticsGroup, by: StatisticsBy, zone: tzinfo | None) -> Shown:
    if by is StatisticsBy.OWNER:
        return owner_shown(group.name)
    if by is StatisticsBy.MODEL:
        return Shown("NULL", Tone.MUTED) if group.name is None else Shown(group.name)
    return Shown("▲ no time", Tone.WARNING) if group.start is None else Shown(_hour(group.start, zone))


def _count(number: int, tone: Tone) -> Shown:
    return Shown(f"{number:,}", tone) if number else Shown("–", Tone.MUTED)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} s"


def _hour(start: float, zone: tzinfo | None) -> str:
    return bare_moment(datetime.fromtimestamp(start, UTC), zone)[:16]


def _hours(seen: ResponseStatistics) -> list[tuple[float, HourColumn]]:
    """Return a column for each hour up to the last one that has responses, those without any included."""
    known = {group.start: group for group in seen.hours if group.start is not None}
    if not known:
        return []
    last = max(known)
    first = max(min(known), last - (MOST_HOURS - 1) * HOUR)
    starts = [first + index * HOUR for index in range(int(last - first) // HOUR + 1)]
    return [(start, _column(known.get(start))) for start in starts]


def _column(group: StatisticsGroup | None) -> HourColumn:
    return HourColumn(0) if group is None else HourColumn(group.responses, group.count("failed"))
