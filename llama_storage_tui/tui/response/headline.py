"""What a response's headline says: how it ended, by which model, how much, how long, when, whose."""

from __future__ import annotations

from datetime import tzinfo

from llama_storage_tui.model.resume import Examination
from llama_storage_tui.model.transcript import Usage
from llama_storage_tui.tui.records.response_wording import owner_shown, point, status_mark
from llama_storage_tui.tui.style.glyphs import Shown, Tone


def facts(examination: Examination, zone: tzinfo | None) -> list[Shown]:
    """Return the facts, those that matter most first."""
    response = examination.response
    head = response.transcript.head
    is_readable = response.transcript.stored is not None
    found = [status_mark(head.status) if is_readable else Shown("✗ its object cannot be read", Tone.BAD)]
    failure = ": ".join(part for part in (head.error_code, head.error) if part)
    if failure:
        found.append(Shown(failure, Tone.BAD))
    if head.incomplete_reason:
        found.append(Shown(head.incomplete_reason, Tone.WARNING))
    if head.model:
        found.append(Shown(head.model))
    if head.usage is not None:
        found.append(Shown(_tokens(head.usage)))
    if head.seconds is not None:
        found.append(Shown(f"{head.seconds:g} s"))
    if head.created_at is not None:
        found.append(Shown(f"{point(head.created_at, zone)}{'' if zone is None else ' UTC'}", Tone.MUTED))
    owner = owner_shown(head.owner)
    found.append(Shown(f"owner {owner.text}", Tone.MUTED if owner.tone is Tone.PLAIN else owner.tone))
    if head.tenant:
        found.append(Shown(f"tenant {head.tenant}", Tone.MUTED))
    if examination.conversation:
        inferred = " (inferred)" if examination.is_inferred else ""
        found.append(Shown(f"in {examination.conversation}{inferred}", Tone.MUTED))
    return found


def _tokens(usage: Usage) -> str:
    parts = [
        f"{number:,} {what}"
        for number, what in ((usage.input, "in"), (usage.output, "out"), (usage.cached or None, "cached"))
        if number is not None
    ]
    whole = "" if usage.total is None else f"{usage.total:,} tokens"
    return f"{whole} ({', '.join(parts)})".strip() if parts else whole
