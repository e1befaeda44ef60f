"""The lower part of the main screen: what deserves a look, what came last, and how the last day went.

Empty in the first frame; filled from the values that arrive, and never asks for any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from rich.cells import set_cell_size
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.text import age, line, plural, span
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.text_width import end
from llama_storage_tui.tui.style.wording import compact

if TYPE_CHECKING:
    # Names of annotations only: the first screen reads nothing yet.
    from llama_storage_tui.model.responses import ResponseSummary
    from llama_storage_tui.model.statistics import ResponseStatistics, StatisticsGroup
    from llama_storage_tui.services.overview.activity import Activity, FamilyCount

HOUR: Final = 3_600
HOURS: Final = 24
LEVELS: Final = "▂▃▄▅▆▇█"
NONE: Final = "▁"
OWNER: Final = 10
ASKED: Final = 30
MARK: Final = 13
AGE: Final = 6
WAITS: Final = Shown("…", Tone.MUTED)
CALM: Final = "● none failed or stuck"


class ActivityPane(Horizontal):
    """Two panes side by side, the right one where there is room; a single line where the terminal is low."""

    def show(self, found: Activity, now: float, keys: Mapping[str, str]) -> None:
        """Show what is known; `keys` are those that lead on, by the ids of their bindings."""
        if not self.children:
            # Only now: the first frame pays for no widget that has nothing to say.
            self.mount(Static(id="attention"), Static(id="latest"))
        if (
            not self.children
        ):  # the config is read again: this screen is being left, and takes nothing any more
            return
        self.query_one("#attention", Static).update(
            Content("\n").join(map(_line, _attention(found, now, keys)))
            if self.screen.has_class("-tall")
            else _line(_in_one_line(found, keys))
        )
        self.query_one("#latest", Static).update(Content("\n").join(map(_line, _latest(found, now, keys))))


Line = tuple[Shown, ...]


def _line(parts: Line) -> Content:
    return Content("").join([Content.styled(line(part.text, 300), part.tone.style) for part in parts])


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What needs attention: glyph and words, how many there are, and when the last one was made."""

    glyph: Shown
    words: str
    number: int
    last: float | None = None


def _troubles(seen: ResponseStatistics) -> list[_Trouble]:
    """Return what needs attention among the responses that were looked at."""
    bad, warning = Shown("✗", Tone.BAD), Shown("▲", Tone.WARNING)
    whole = seen.whole
    found = (
        _Trouble(bad, "failed", whole.count("failed"), whole.last("failed")),
        _Trouble(warning, "incomplete", whole.count("incomplete"), whole.last("incomplete")),
        _Trouble(bad, "stuck > 15 min", seen.stuck),
        _Trouble(bad, "unreadable", whole.count("unreadable"), whole.last("unreadable")),
        _Trouble(warning, "unknown status", whole.count("unknown"), whole.last("unknown")),
    )
    return [each for each in found if each.number]


def _title(key: str | None, words: str) -> Line:
    return (Shown(f"{key or ' '} ", Tone.KEY), Shown(words))


def _unknown(found: Activity, keys: Mapping[str, str]) -> Line | None:
    """Return why nothing is known of the responses."""
    if not found.keeps_responses:
        return (Shown("This config keeps no responses.", Tone.MUTED),)
    if found.elsewhere:
        names = ", ".join(found.elsewhere[:2])
        test = keys.get("catalog.test-all", "a test")
        return (Shown(f"Responses are on {names}: {test} asks the servers.", Tone.MUTED),)
    if found.problem is not None:
        return (Shown("▲ ", Tone.WARNING), Shown(found.problem, Tone.MUTED))
    return (WAITS,) if found.statistics is None else None


def _attention(found: Activity, now: float, keys: Mapping[str, str]) -> Iterator[Line]:
    seen = found.statistics
    unknown = _unknown(found, keys)
    if seen is None or unknown is not None:
        yield _title(keys.get("catalog.attention"), "Needs attention")
        yield from [(Shown("  "), *unknown)] if unknown else []
        return
    rows = _troubles(seen)
    total = sum(each.number for each in rows)
    scope = f"{seen.rows:,}" if seen.is_exact else f"the last {seen.rows:,}"
    yield (
        *_title(keys.get("catalog.attention"), "Needs attention"),
        Shown(f"  {total:,} of {scope}", Tone.WARNING if total else Tone.MUTED),
    )
    for each in rows[:4]:
        yield (
            Shown(f"  {each.glyph.text} {each.words:<16}", each.glyph.tone),
            Shown(f"{each.number:>6,}"),
            Shown("" if each.last is None else f"  {age(max(0.0, now - each.last))}", Tone.MUTED),
        )
    if not rows:
        yield (Shown(f"  {CALM}", Tone.GOOD),)
    yield from _last_day(seen, now, keys)


def _last_day(seen: ResponseStatistics, now: float, keys: Mapping[str, str]) -> Iterator[Line]:
    first = now - now % HOUR - (HOURS - 1) * HOUR
    hours = {group.start: group for group in seen.since(first)}
    at_least = "" if seen.reaches(first) else "≥ "
    done = sum(group.count("completed") for group in hours.values())
    failed = sum(group.count("failed") for group in hours.values())
    tokens = sum(group.tokens for group in hours.values())
    yield (
        *_title(keys.get("catalog.stats"), "Last 24 h"),
        Shown(f"  {at_least}{done:,} ok"),
        Shown(f"  {at_least}{failed:,} failed", Tone.BAD if failed else Tone.MUTED),
        Shown(f"  {at_least}{compact(tokens)} tok", Tone.MUTED),
    )
    yield (Shown("  "), *plot([hours.get(first + index * HOUR) for index in range(HOURS)]))


def plot(groups: list[StatisticsGroup | None]) -> Line:
    """Draw how many responses each hour has; hours with failed ones in the colour of what is bad, as their number says in words."""
    most = max((group.responses for group in groups if group is not None), default=0)
    return tuple(_bar(group, most) for group in groups)


def _bar(group: StatisticsGroup | None, most: int) -> Shown:
    if group is None or not group.responses:
        return Shown(NONE, Tone.MUTED)
    level = LEVELS[max(0, round(group.responses / most * len(LEVELS)) - 1)]
    return Shown(level, Tone.BAD if group.count("failed") else Tone.KEY)


def _in_one_line(found: Activity, keys: Mapping[str, str]) -> Line:
    title = _title(keys.get("catalog.attention"), "Attention")
    seen, unknown = found.statistics, _unknown(found, keys)
    if seen is None or unknown is not None:
        return (*title, Shown("  "), *(unknown or ()))
    rows = _troubles(seen)
    if not rows:
        return (*title, Shown(f"  {CALM}", Tone.GOOD), Shown(f" {scope(seen)}", Tone.MUTED))
    parts = (Shown(f"  {each.glyph.text} {each.number:,} {each.words}", each.glyph.tone) for each in rows)
    return (*title, *parts)


def _latest(found: Activity, now: float, keys: Mapping[str, str]) -> Iterator[Line]:
    yield _title(keys.get("catalog.responses"), "Latest responses")
    for summary in found.latest:
        yield _response(summary, now)
    if not found.latest:
        empty = found.statistics is not None and not found.statistics.rows
        yield (Shown("  none stored" if empty else "  …", Tone.MUTED),)
    yield (
        *_title(keys.get("catalog.conversations"), f"Conversations {_number(found.conversations)}"),
        Shown("   "),
        *_title(keys.get("catalog.completions"), f"Completions {_number(found.completions)}"),
        Shown("   "),
        *_title(keys.get("catalog.objects"), f"Objects {_number(found.objects)}"),
    )
    orphans = found.orphans
    if orphans is not None and orphans.orphans:
        items = sum(each.items for each in orphans.orphans)
        more = "" if orphans.is_complete else "≥ "
        gone = plural(len(orphans.orphans), "deleted conversation")
        yield (
            Shown("▲ ", Tone.WARNING),
            Shown(f"{more}{plural(items, 'orphaned item')} from {gone}", Tone.MUTED),
        )


def _response(summary: ResponseSummary, now: float) -> Line:
    # Imported here: it is there by the time that there are responses.
    from llama_storage_tui.tui.style.response_marks import owner_shown, status_mark, trouble

    mark, owner = status_mark(summary.status, summary.shape), owner_shown(summary.owner)
    created = summary.created_at
    made = span(max(0.0, now - created)) if isinstance(created, int | float) else "–"
    wrong = trouble(summary)
    tokens = "" if summary.total_tokens is None else f"{summary.total_tokens:,} tok"
    return (
        Shown(f"  {made:>{AGE}}  ", Tone.MUTED),
        Shown(f"{mark.text:<{MARK}} ", mark.tone),
        # By cells: an owner may be written in letters that take two.
        Shown(set_cell_size(end(line(owner.text), OWNER), OWNER + 1), owner.tone),
        Shown(set_cell_size(end(line(summary.asked or ""), ASKED), ASKED + 2)),
        wrong if wrong.text else Shown(tokens, Tone.MUTED),
    )


def _number(found: FamilyCount) -> str:
    if found.count is None:
        return "–"
    lead = "≥ " if found.is_more else "" if found.count.is_exact else "~"
    return f"{lead}{found.count.value:,}"
