"""The preview of an upgrade in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.model.data import Count
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.model.upgrade import LostByDesign, StoreForecast, UpgradeReport
from llama_storage_tui.next_steps import Help
from llama_storage_tui.reports.findings import place_of
from llama_storage_tui.reports.lines import BAD, GOOD, MARKS, POINT, WARNING, Block, Line, LineMark, Tone
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.text import plural


def verdict_line(report: UpgradeReport) -> Line:
    """Return what the whole comes to."""
    server = f"{report.to.product} {report.to}"
    invisible = report.invisible
    if not report.verdict.loads or report.verdict.starts is False:
        fails = "loads this file and does not start" if report.verdict.loads else "does not load this file"
        hidden = (
            f"; it would not see {counted(invisible, 'item')}"
            if invisible is not None and invisible.value
            else ""
        )
        return Line(f"{server} {fails}{hidden}", Tone.BAD, BAD)
    if invisible is not None and invisible.value:
        return Line(f"{server} starts, and does not see {counted(invisible, 'item')}", Tone.WARNING, WARNING)
    if report.forms:
        return Line(f"{server} does not take all rows as they are stored", Tone.WARNING, WARNING)
    if report.loses:
        return Line(f"{server} starts, and not everything is as before", Tone.WARNING, WARNING)
    if report.is_unread or not report.is_final:
        return Line(f"{server} starts; not everything is counted", Tone.WARNING, WARNING)
    if report.former is not None:
        return Line(f"{server} starts; earlier rows may still have to be transferred", Tone.WARNING, WARNING)
    return Line(f"{server} starts, and nothing would be lost", Tone.GOOD, GOOD)


def upgrade_blocks(report: UpgradeReport) -> list[Block]:
    """Return the whole report but its steps: stores that lose rows first, then what else the version changes."""
    blocks = [Block((verdict_line(report),))]
    unread = [store for store in report.stores if store.problem is not None]
    hidden = [store for store in report.stores if store.invisible is not None and store.invisible.value]
    others = [store for store in report.stores if store not in unread and store not in hidden]
    empty = [store for store in others if store.visible is not None and not store.visible.value]
    for title, stores in (
        ("Becomes invisible", hidden),
        ("Stays visible", [store for store in others if store not in empty]),
        ("Holds nothing that this version serves", empty),
        ("Not counted", unread),
    ):
        if stores:
            blocks.append(Block(tuple(line for store in stores for line in store_lines(store)), title))
    if report.forms:
        lines = [Line(each, Tone.WARNING, WARNING) for each in report.forms]
        blocks.append(Block(tuple(lines), "Has to be changed before the first start"))
    if report.lost:
        blocks.append(Block(tuple(map(_lost_line, report.lost)), "No longer served, and not brought over"))
    if report.rewritten:
        lines = [
            line
            for each in report.rewritten
            for line in (Line(each.what, mark=POINT), Line(each.cost, Tone.MUTED, indent=2))
        ]
        blocks.append(Block(tuple(lines), "What the server changes by itself at its first start"))
    if report.findings:
        title = f"What {report.to.product} {report.to} finds in this file and its stores"
        blocks.append(Block(tuple(map(_finding_line, report.findings)), title))
    if report.notices:
        blocks.append(
            Block(tuple(Line(each, Tone.WARNING, WARNING) for each in notice_words(report.notices)))
        )
    return blocks


IMPLICIT: Final = "implicit "
NOT_THERE: Final = "not there: nothing is stored in it yet"


def store_lines(store: StoreForecast) -> Iterator[Line]:
    """Return a store with its numbers, and why rows of it become invisible."""
    item = "key" if store.is_key_value else "row"
    # What the server keeps by itself stands at no place of the file that would tell.
    named = (
        f"{store.label.removeprefix(IMPLICIT)} ({store.before_location})"
        if store.label.startswith(IMPLICIT)
        else store.path
    )
    if store.problem is not None:
        yield Line(f"{named}: not read", Tone.WARNING, WARNING)
        yield Line(store.problem, Tone.MUTED, indent=2)
        if store.reason:
            yield Line(store.reason, Tone.WARNING, indent=2)
        return
    visible, invisible = store.visible, store.invisible
    if invisible is not None and invisible.value:
        newest = f", the newest of {day(store.newest)}" if store.newest is not None else ""
        rest = f"; {counted(visible, item)} stay visible" if visible is not None and visible.value else ""
        yield Line(f"{named}: {counted(invisible, item)}{newest}{rest}", Tone.WARNING, WARNING)
        yield Line(store.reason, Tone.MUTED, indent=2)
        return
    if visible is not None and not visible.value:
        nothing = _nothing(store.ended, item) if store.is_there else NOT_THERE
        yield Line(f"{named}: {nothing}", mark=POINT)
        return
    said = counted(visible, item) if visible is not None else "not counted"
    yield Line(f"{named}: {said}", mark=GOOD)


def _nothing(ended: Count | None, item: str) -> str:
    """Say why no server shows anything of a store."""
    return f"{counted(ended, item)}, no longer served" if ended is not None and ended.value else "empty"


def counted(count: Count, item: str) -> str:
    """Return a number of things, `about` where it is an estimate."""
    return ("" if count.is_exact else "about ") + plural(count.value, item)


def day(seconds: float) -> str:
    """Return a stored time as a date in UTC; as it is stored where it is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g}"


def _lost_line(lost: LostByDesign) -> Line:
    number = "" if lost.count is None else f" ({'' if lost.count.is_exact else 'about '}{lost.count.value:,})"
    return Line(f"{lost.what}{number}: {lost.reason}", mark=POINT)


def _finding_line(finding: Finding) -> Line:
    tone = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARNING}.get(finding.severity, Tone.PLAIN)
    return Line(f"{place_of(finding)}: {finding.message}", tone, MARKS[finding.severity])


def step_lines(steps: tuple[Help, ...]) -> list[Line]:
    """Return the steps, numbered."""
    return [Line(step, mark=LineMark(f"{number}.")) for number, step in enumerate(steps, 1)]
