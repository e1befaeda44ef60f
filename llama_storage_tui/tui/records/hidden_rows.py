"""What hides responses from a user, in the words and marks of a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.access import AccessStage, Decision, Hiding
from llama_storage_tui.tui.style.glyphs import Shown, Tone

_STAGES: Final = {
    AccessStage.TENANT: "tenant",
    AccessStage.NULL_OWNER: "NULL owner",
    AccessStage.FILTER: "SQL filter",
    AccessStage.POLICY: "policy",
    None: "server",
}
_NUMBERED: Final = re.compile(r"\[(\d+)\]$")


def hidden_by(hiding: Hiding) -> str:
    """Name what hides a row: the stage, of the policy the rule by its place in the file."""
    number = _NUMBERED.search(hiding.rule or "")
    name = _STAGES[hiding.stage]
    if hiding.stage is AccessStage.POLICY and not hiding.fails:
        name += f" rule [{number[1]}]" if number else ", by default" if hiding.rule else ", no rule"
    return f"an error: {name}" if hiding.fails else name


def hidden_mark(decision: Decision | None) -> Shown:
    """Return what a list shows in its own column of a row that a user would not get; empty where the user would."""
    hiding = None if decision is None else decision.hiding
    return Shown("") if hiding is None else Shown(f"✗ {hidden_by(hiding)}", Tone.MUTED)


def hidden_sentence(hidden: Mapping[Hiding, int]) -> str:
    """Say how many rows are hidden by what, the most first; empty where none is."""
    names: dict[str, int] = {}
    for hiding, count in hidden.items():
        name = hidden_by(hiding)
        names[name] = names.get(name, 0) + count
    if not names:
        return ""
    parts = sorted(names.items(), key=lambda each: (-each[1], each[0]))
    return f"Hidden: {', '.join(f'{count:,} by {name}' for name, count in parts)}."
