"""The filter of stored records as a form: its fields, the way between what is typed and a query, and the words for it.

One for responses, chat completions and conversations: a field belongs to whichever of their queries has an attribute of its
name. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, TypeVar

from llama_storage_tui.model.completions import CompletionQuery
from llama_storage_tui.model.conversations import ConversationQuery
from llama_storage_tui.model.responses import ResponseQuery
from llama_storage_tui.services.responses.times import SHORT, parse_time
from llama_storage_tui.tui.records.response_wording import NOBODY, point
from llama_storage_tui.tui.widgets.form import FormField
from llama_storage_tui.upstream.resuming import STATUSES

Query = TypeVar("Query", bound=ResponseQuery | CompletionQuery | ConversationQuery)

_STATUS: Final = FormField("status", "Status", ", ".join(STATUSES))
_SINCE: Final = FormField("since", "Since", SHORT)
_UNTIL: Final = FormField("until", "Until", "a time as above; a day alone: through its end")
_MODEL: Final = FormField("model", "Model", "exact model id")
_OWNER: Final = FormField("owner", "Owner", f"alice; {NOBODY} for no owner")
_CONTAINS: Final = FormField("contains", "Contains", "text in the request or the answer")
_CONVERSATION: Final = FormField("conversation", "Conversation", "conv_…")

RESPONSE_FIELDS: Final = (_STATUS, _SINCE, _MODEL, _UNTIL, _OWNER, _CONTAINS, _CONVERSATION)
COMPLETION_FIELDS: Final = (_MODEL, _SINCE, _OWNER, _UNTIL, _CONTAINS)
CONVERSATION_FIELDS: Final = (_OWNER, _SINCE, _UNTIL)

_ORDER: Final = ("status", "model", "owner", "conversation", "since", "until", "contains")
"""In which order conditions are named."""
_TIMES: Final = ("since", "until")


def typed(query: Query) -> dict[str, str]:
    """Return what an operator would type for a query, for each of its conditions."""
    found: dict[str, str] = {}
    for name, value in _conditions(query).items():
        if name in _TIMES:
            found[name] = _typed_time(float(value))
        else:
            found[name] = str(value) or NOBODY
    return found


def _typed_time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def parse(values: Mapping[str, str], query: Query, *, now: datetime) -> Query:
    """Return a query with what was typed in place of its own conditions; raises UsageError for a time that cannot be read."""
    return _with(query, {name: _parsed(name, text, now) for name, text in values.items()})


def _parsed(name: str, text: str, now: datetime) -> str | float | None:
    given = text.strip()
    if not given:
        return None
    if name in _TIMES:
        return parse_time(given, now=now, is_end=name == "until")
    if name == "contains":
        # Blanks may be what is looked for.
        return text
    return "" if name == "owner" and given == NOBODY else given


def words(query: Query, zone: tzinfo | None) -> list[str]:
    """Return a query's conditions in words, one each."""
    return [_word(name, value, zone) for name, value in _conditions(query).items()]


def _word(name: str, value: Any, zone: tzinfo | None) -> str:  # noqa: ANN401 - of whichever attribute
    if name in _TIMES:
        return f"{name} {point(float(value), zone)}"
    if name == "contains":
        return f"containing “{value}”"
    return f"{name} {value or 'nobody'}"


def without_last(query: Query) -> Query:
    """Return a query without the condition that is named last."""
    *_, last = _conditions(query)
    return _with(query, {last: None})


def unfiltered(query: Query) -> Query:
    """Return a query without these conditions."""
    return _with(query, dict.fromkeys(_conditions(query)))


def is_filtered(query: Query) -> bool:
    """Tell whether a query has any of these conditions."""
    return bool(_conditions(query))


def _with(query: Query, changes: Mapping[str, Any]) -> Query:
    return replace(query, **changes)


def _conditions(query: Query) -> dict[str, Any]:
    found = {name: getattr(query, name, None) for name in _ORDER}
    return {
        name: value for name, value in found.items() if value is not None and (value != "" or name == "owner")
    }
