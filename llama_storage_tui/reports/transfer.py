"""Transfers of stored data: the plan, what is in the way, how far it is, and the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from llama_storage_tui.model.pending import PendingTransfer
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer_result import (
    CountedItem,
    ItemOutcome,
    LeftRow,
    TransferPlan,
    TransferProgress,
    TransferResult,
)
from llama_storage_tui.reports.amounts import moment, size
from llama_storage_tui.reports.lines import ARROW, BAD, GOOD, LATER, NOW, POINT, WARNING, Block, Line, Tone
from llama_storage_tui.text import plural

SHOWN: Final = 20
"""Rows that are listed one by one in text; JSON has all."""

_ENDS: Final = {
    Outcome.APPLIED: "The data is now where this version reads it.",
    Outcome.RECOVERED: "The pending transfer was finished.",
    Outcome.UNDONE: "The transfer was undone.",
    Outcome.NONE: "Nothing was pending.",
}
ALL_THERE: Final = "Nothing was changed: everything that can be transferred was there already."
NOTHING: Final = "Nothing has to be transferred: this version already reads everything that was found."


def plan_blocks(plan: TransferPlan) -> Iterator[Block]:
    """Yield what a plan would bring and what stays, without what stops it."""
    for counted in plan.items:
        yield Block(tuple(_counted(counted)), counted.what)
    if not plan.items:
        yield Block((Line(NOTHING),))
    if plan.unseen:
        lines = [
            Line(f"{each.backend} at {each.location}: {each.reason}", Tone.WARNING, WARNING)
            for each in plan.unseen
        ]
        said = "Data there is not in this plan, and nothing is written there. Make the plan again when it can be reached."
        yield Block((*lines, Line(said, indent=2)), "Could not be read")
    if plan.stays:
        yield Block(
            tuple(
                Line(
                    f"{each.what}{'' if each.count is None else f' ({each.count:,})'}: {each.reason}",
                    mark=POINT,
                )
                for each in plan.stays
            ),
            "Stays where it is",
        )


def refusal_block(plan: TransferPlan) -> Block | None:
    """Return what stops a plan; None where nothing does."""
    if not plan.refusals:
        return None
    lines = [Line("This cannot be done now. Nothing was changed.", Tone.BAD, BAD)]
    return Block((*lines, *(Line(each, indent=2) for each in plan.refusals)))


def result_blocks(result: TransferResult) -> Iterator[Block]:
    """Yield how a transfer ended."""
    end = ALL_THERE if result.outcome is Outcome.NONE and result.items else _ENDS[result.outcome]
    lines = [Line(end, Tone.GOOD, GOOD)]
    lines += [
        Line(f"{each.what}: {_outcome(each, is_undone=result.outcome is Outcome.UNDONE)}", indent=2)
        for each in result.items
    ]
    yield Block(tuple(lines))
    if result.left:
        yield left_block(result.left)


def left_block(left: Sequence[LeftRow]) -> Block:
    """Return the rows that were left where they are, the first of them one by one."""
    lines = [
        Line(f"{each.what} {each.identity}: {each.reason}", Tone.WARNING, WARNING) for each in left[:SHOWN]
    ]
    if len(left) > SHOWN:
        lines.append(Line(f"and {plural(len(left) - SHOWN, 'row')} more", Tone.MUTED))
    return Block(
        tuple(lines), f"{plural(len(left), 'row')} left where {'it is' if len(left) == 1 else 'they are'}"
    )


def progress_sentence(progress: TransferProgress) -> str:
    """Return how far a transfer is, in one line."""
    rows = plural(progress.rows, "row")
    if progress.of is not None:
        rows = f"{progress.rows:,} of {plural(progress.of, 'row')}"
    rate = f", {progress.rate:,.0f} rows/s" if progress.seconds >= 1 else ""
    rest = ""
    if progress.of is not None and progress.seconds >= 1 and 0 < progress.rows < progress.of:
        rest = f", about {(progress.of - progress.rows) / progress.rate:,.0f} s left"
    return f"{progress.what}: {rows}{rate}{rest}"


def bring_question(plan: TransferPlan) -> str:
    """Return the question before a plan is carried out."""
    return f"Transfer {plural(sum(item.brings for item in plan.items), 'row')}?"


def progress_block(
    expected: Mapping[str, int | None], seen: Mapping[str, TransferProgress], *, is_running: bool
) -> Block:
    """Return how far each item is: `expected` are all of them with their rows, `seen` the last that was heard of each.

    The one that was heard of last is the one that runs.
    """
    current = next(reversed(tuple(seen)), None) if is_running else None
    lines = []
    for what in {**expected, **seen}:
        progress = seen.get(what)
        if progress is None:
            rows = expected[what]
            lines.append(Line(what if rows is None else f"{what}: {plural(rows, 'row')}", Tone.MUTED, LATER))
        elif what == current:
            lines.append(Line(f"{progress_sentence(progress)} ({progress.container})", Tone.KEY, NOW))
        else:
            mark = GOOD if progress.of in (None, progress.rows) else LATER
            lines.append(Line(f"{what}: {plural(progress.rows, 'row')}", mark=mark))
    return Block(tuple(lines), "rows on their way" if lines else "")


def pending_transfer_blocks(pending: PendingTransfer) -> Iterator[Block]:
    """Yield a transfer that is half done: how far it is, and what it is about."""
    what = "move of a backend" if pending.is_move else "transfer of data"
    state = "being undone" if pending.is_undoing else "unfinished"
    done = f"{pending.done} of {plural(pending.stores, 'target store')}"
    yield Block(
        (
            Line(f"a {what}, {state}", Tone.KEY),
            Line(f"begun {moment(pending.since)}, journal {pending.journal}", Tone.MUTED, indent=2),
            Line(
                f"{done} {'has' if pending.done == 1 else 'have'} the rows of the transfer, and they were verified there.",
                indent=2,
            ),
        )
    )
    lines = []
    for name, source, target in pending.items:
        lines += [
            Line(name, mark=POINT),
            Line(source, Tone.MUTED, indent=2),
            Line(target, Tone.MUTED, ARROW, 2),
        ]
    yield Block(tuple(lines), "what it transfers")


def _counted(counted: CountedItem) -> Iterator[Line]:
    item = counted.item
    yield Line(f"{item.source.container} in {item.source.location}", Tone.KEY)
    yield Line(f"{item.target.container} in {item.target.location} ({item.target.backend})", Tone.KEY, ARROW)
    yield Line(item.reason, Tone.MUTED, indent=2)
    about = "" if counted.is_exact else "up to "
    # Several keys may become one row, and some are of a kind that stays.
    is_other = counted.rows != counted.brings + counted.same + counted.conflicts
    made = f" from {plural(counted.rows, 'row' if item.source.keys is None else 'key')}" if is_other else ""
    parts = [f"{about}{plural(counted.brings, 'row')} to bring{made}, {size(counted.bytes)} at the source"]
    if counted.same:
        parts.append(f"{counted.same:,} there already with the same content")
    yield Line("; ".join(parts), indent=2)
    if counted.conflicts:
        examples = ", ".join(counted.conflict_examples)
        yield Line(
            f"{plural(counted.conflicts, 'row')} there with different content: {examples}",
            Tone.WARNING,
            WARNING,
            2,
        )
    for row in counted.left[:SHOWN]:
        yield Line(f"{row.identity} stays: {row.reason}", Tone.WARNING, WARNING, 2)
    if len(counted.left) > SHOWN:
        yield Line(f"and {plural(len(counted.left) - SHOWN, 'row')} more", Tone.MUTED, indent=2)


def _outcome(outcome: ItemOutcome, *, is_undone: bool) -> str:
    if is_undone:
        words = [f"{plural(outcome.removed, 'row')} taken away"]
        words += [f"{outcome.replaced:,} put back as before"] if outcome.replaced else []
        return ", ".join(words)
    words = [f"{plural(outcome.written, 'row')} written and verified"]
    words += [f"{outcome.same:,} there already"] if outcome.same else []
    words += [f"{outcome.replaced:,} replaced"] if outcome.replaced else []
    words += [f"{outcome.kept:,} kept as they were"] if outcome.kept else []
    words += [f"{outcome.removed:,} removed from the source"] if outcome.removed else []
    return ", ".join(words)
