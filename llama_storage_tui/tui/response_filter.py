"""The filter of responses as a form: its fields, and the way between what is typed and a query. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from llama_storage_tui.model.access import Viewer
from llama_storage_tui.model.responses import ResponseQuery
from llama_storage_tui.services.responses.times import parse_time
from llama_storage_tui.tui.response_wording import NOBODY
from llama_storage_tui.tui.widgets.form import FormField


@dataclass(frozen=True, slots=True)
class Question:
    """Which responses are asked for, and whose eyes are looked through; None sees everything.

    With `marks` what the viewer would not get is shown too, and marked.
    """

    query: ResponseQuery
    viewer: Viewer | None = None
    title: str | None = None
    """What the query's conditions beyond the form's are called."""
    marks: bool = False

    @property
    def is_sifted(self) -> bool:
        """Whether it leaves anything out."""
        return is_filtered(self.query) or (self.viewer is not None and not self.marks)


FIELDS: Final = (
    FormField("status", "Status", "completed, failed, incomplete, in_progress, queued, cancelled"),
    FormField("since", "Since", "2026-11-25, 2026-11-25T14:30Z, 2h, 3d"),
    FormField("model", "Model", "as it is stored"),
    FormField("until", "Until", "a date alone is its end"),
    FormField("owner", "Owner", f"{NOBODY} is nobody's"),
    FormField("contains", "Contains", "text as people write it"),
    FormField("conversation", "Conversation", "conv_…"),
)


def is_filtered(query: ResponseQuery) -> bool:
    """Tell whether a query selects."""
    return bool(query.conditions) or any(
        getattr(query, field.name) not in (None, "") or _is_nobody(query, field) for field in FIELDS
    )


def _is_nobody(query: ResponseQuery, field: FormField) -> bool:
    return field.name == "owner" and query.owner == ""


def typed(query: ResponseQuery) -> dict[str, str]:
    """Return what an operator would type for a query."""
    found = {
        field.name: "" if getattr(query, field.name) is None else str(getattr(query, field.name))
        for field in FIELDS
    }
    for name, time in (("since", query.since), ("until", query.until)):
        if time is not None:
            found[name] = _typed_time(time)
    if query.owner == "":
        found["owner"] = NOBODY
    return found


def _typed_time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def parse(values: Mapping[str, str], query: ResponseQuery, *, now: datetime) -> ResponseQuery:
    """Return a query with what was typed in place of its own conditions; raises UsageError for what is no time."""
    given = {name: text.strip() or None for name, text in values.items()}
    owner, since, until = given["owner"], given["since"], given["until"]
    return replace(
        query,
        status=given["status"],
        model=given["model"],
        owner="" if owner == NOBODY else owner,
        conversation=given["conversation"],
        since=None if since is None else parse_time(since, now=now),
        until=None if until is None else parse_time(until, now=now, is_end=True),
        # Blanks may be what is looked for.
        contains=values["contains"] if given["contains"] else None,
    )


def unfiltered(query: ResponseQuery) -> ResponseQuery:
    """Return a query without its conditions."""
    return ResponseQuery(order=query.order, limit=query.limit)
