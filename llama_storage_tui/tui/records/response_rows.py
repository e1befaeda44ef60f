"""A response in a list: its cells, and the lines that tell the rest of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from textual.content import Content

from llama_storage_tui.model.responses import ResponseSummary
from llama_storage_tui.text import line
from llama_storage_tui.tui.records.hidden_rows import hidden_mark
from llama_storage_tui.tui.records.response_wording import (
    created_shown,
    id_text,
    number,
    owner_shown,
    status_mark,
    trouble,
)
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.wording import size
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Created", most=22),
    ListColumn("Status", most=14),
    ListColumn("Model", most=24, least=10, cuts_middle=True),
    ListColumn("Owner", most=18, least=8, cuts_middle=True),
    ListColumn("In", most=5, is_number=True, is_wide_only=True, gives_way=True),
    ListColumn("Out", most=5, is_number=True, is_wide_only=True, gives_way=True),
    ListColumn("Tokens", most=9, is_number=True, is_wide_only=True),
    ListColumn("Id", most=24, is_wide_only=True, gives_way=True),
    ListColumn("Asked", grows=True, least=20, is_wide_only=True),
    ListColumn("What failed", grows=True, least=16),
)
MARKED_COLUMNS: Final = (
    *COLUMNS[:2],
    replace(COLUMNS[2], is_wide_only=True),
    ListColumn("Hidden by", most=24),
    COLUMNS[3],
    *COLUMNS[6:-1],
    replace(COLUMNS[-1], is_wide_only=True),
)
"""Those of a list that shows what is hidden from a user too: what hides it in place of the numbers of items."""
SORT_NAMES: Final = (
    "created_at", "status", "model", "owner", "input_items", "output_items", "total_tokens", "id", "asked", "error",
)  # fmt: skip
MARKED_SORT_NAMES: Final = (*SORT_NAMES[:3], "hidden", SORT_NAMES[3], *SORT_NAMES[6:])
"""What each of the columns is sorted by, where that is in a column of the table."""
LONGEST: Final = 400
NO_TENANT: Final = "''"


def marked_cells(summary: ResponseSummary, short_id: str, zone: tzinfo | None) -> tuple[Shown, ...]:
    """Return the cells of one response in a list that shows hidden ones too: those are dimmed, and say what hides them."""
    found = cells(summary, short_id, zone)
    found = (*found[:3], hidden_mark(summary.hidden), found[3], *found[6:])
    return found if summary.hidden is None else tuple(replace(cell, tone=Tone.MUTED) for cell in found)


def cells(summary: ResponseSummary, short_id: str, zone: tzinfo | None) -> tuple[Shown, ...]:
    """Return the cells of one response."""
    model = summary.model
    return (
        created_shown(summary.created_at, zone),
        status_mark(summary.status, summary.shape),
        Shown("–", Tone.MUTED) if model is None else Shown(str(model)),
        owner_shown(summary.owner),
        number(summary.input_items),
        number(summary.output_items),
        number(summary.total_tokens),
        Shown(short_id, Tone.MUTED),
        Shown("–", Tone.MUTED) if summary.asked is None else Shown(summary.asked),
        trouble(summary),
    )


def detail(summary: ResponseSummary) -> Content:
    """Write what a list knows of one response and its columns have no room for: the whole id first."""
    owner = owner_shown(summary.owner)
    parts: list[tuple[str, Tone]] = [(id_text(summary.id), Tone.KEY)]
    if summary.hidden is not None:
        parts.append((f"hidden: {summary.hidden.because}", Tone.WARNING))
    parts.append((f"owner {owner.text}", owner.tone))
    if summary.previous_response_id:
        parts.append((f"after {summary.previous_response_id}", Tone.PLAIN))
    if summary.conversation:
        inferred = " (inferred)" if summary.conversation_inferred else ""
        parts.append((f"in {summary.conversation}{inferred}", Tone.PLAIN))
    if summary.tenant is not None:
        parts.append((f"tenant {summary.tenant or NO_TENANT}", Tone.PLAIN))
    parts.append((size(summary.bytes), Tone.MUTED))
    parts.append((f"{summary.place.backend}.{summary.place.table}", Tone.MUTED))
    text = Content("  ").join([Content.styled(line(text, LONGEST), tone.style) for text, tone in parts])
    found = trouble(summary)
    return text + Content.styled(f"\n{line(found.text, LONGEST)}", found.tone.style) if found.text else text


def row_key(summary: ResponseSummary) -> str:
    """Return what tells a response's row from others: place and id."""
    return f"{summary.place.backend}/{summary.place.table}/{id_text(summary.id)}"


def keys(responses: Sequence[ResponseSummary], ids: Sequence[str]) -> list[str]:
    """Return a key for each row: place and id, so that the cursor stays on its response; a repeated one gets its number."""
    seen: dict[str, int] = {}
    found = []
    for summary, id_ in zip(responses, ids, strict=True):
        key = f"{summary.place.backend}/{summary.place.table}/{id_}"
        seen[key] = seen.get(key, 0) + 1
        found.append(key if seen[key] == 1 else f"{key}#{seen[key]}")
    return found
