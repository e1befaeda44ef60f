"""Moves of a backend: the plan and the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.model.move import MovePlan, Space
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer_result import TransferResult
from llama_storage_tui.reports.amounts import size
from llama_storage_tui.reports.lines import ARROW, GOOD, WARNING, Block, Line, Tone
from llama_storage_tui.reports.transfer import plan_blocks, result_blocks
from llama_storage_tui.text import plural

_ENDS: Final = {
    Outcome.APPLIED: "The backend has moved, and the config leads there. Start the servers with it.",
    Outcome.RECOVERED: "The pending move was finished, and the config leads there. Start the servers with it.",
    Outcome.UNDONE: "The config leads to the source again, and what was written to the target was removed.",
    Outcome.NONE: "Nothing was pending.",
}


def move_plan_blocks(plan: MovePlan) -> Iterator[Block]:
    """Yield what a move would do, without what stops it."""
    follow = plural(len(plan.references), "reference")
    head = [
        Line(f"{plan.backend}: {plan.before.type} {plan.before.location}", Tone.KEY),
        Line(f"{plan.after.type} {plan.after.location}", Tone.KEY, ARROW),
        Line(f"{follow} {'follows' if len(plan.references) == 1 else 'follow'}", indent=2),
        *(Line(each, Tone.MUTED, indent=4) for each in plan.references),
        Line(f"{plural(plan.rows, 'row')}, {size(plan.bytes)}", indent=2),
        Line(f"first pass: about {plural(plan.seconds, 'second')}, while the servers may run", indent=2),
        Line(_space(plan.space), indent=2),
        Line(f"downtime: about {plural(plan.downtime.seconds, 'second')}. {plan.downtime.reason}", indent=2),
    ]
    head += [Line(each, Tone.WARNING, WARNING, 2) for each in (*plan.users, *plan.transfer.notices)]
    yield Block(tuple(head), "Move")
    if plan.transfer.items or plan.transfer.stays:
        yield from plan_blocks(plan.transfer)
    yield Block(tuple(Line(each) for each in plan.diff.split("\n")), "The last step, in the config")


def _space(space: Space) -> str:
    if space.free is None:
        return f"space: about {size(space.needed)} needed; the target does not say how much is free"
    return f"space: about {size(space.needed)} needed, {size(space.free)} free"


def move_question(plan: MovePlan) -> str:
    """Return the question before a plan is carried out."""
    return f"Move {plan.backend} with {plural(plan.rows, 'row')}?"


def move_result_blocks(result: TransferResult) -> Iterator[Block]:
    """Yield how a move ended."""
    first, *others = result_blocks(result)
    yield Block((Line(_ENDS[result.outcome], Tone.GOOD, GOOD), *first.lines[1:]))
    yield from others
