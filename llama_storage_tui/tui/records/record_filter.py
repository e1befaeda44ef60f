"""The filter of stored records as a form: its fields, the way between what is typed and a query, and the words for it.

One for every family: its fields are the family's filters. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from itertools import chain, zip_longest
from typing import Final

from llama_storage_tui.model.families import FamilyFilter, Match, Query, RecordFamily
from llama_storage_tui.services.records.row_conditions import parse_conditions
from llama_storage_tui.services.records.times import SHORT, parse_time
from llama_storage_tui.tui.records.response_wording import NOBODY, point
from llama_storage_tui.tui.screens import filter_menu
from llama_storage_tui.tui.screens.filter_menu import FilterChoices
from llama_storage_tui.tui.widgets.form import FormField

_TIMES: Final = (Match.SINCE, Match.UNTIL)
_HINTS: Final = {
    Match.SINCE: SHORT,
    Match.UNTIL: "a time as above; a day alone: to the end of that day",
    Match.WHERE: "COLUMN.key > VALUE and …; = != < > ~ in, is null",
}


def form_fields(family: RecordFamily) -> tuple[FormField, ...]:
    """Return the fields of a family's form: in its left column what a record is, in its right one when and with which text."""
    left = [each for each in family.filters if each.match in (Match.EQUALS, Match.LOOKED_UP)]
    right = [each for each in family.filters if each not in left]
    return tuple(
        FormField(each.name, each.name.capitalize(), _HINTS.get(each.match, each.hint))
        for each in chain.from_iterable(zip_longest(left, right))
        if each is not None
    )


def choices(family: RecordFamily, values: Mapping[str, object]) -> FilterChoices:
    """Return what a family can be filtered by, with a row's values by their labels; owner NULL is no owner to filter by."""
    offers: dict[str, tuple[str, ...]] = {}
    if family.filter("status") is not None:
        offers[filter_menu.FAILED] = ("status=failed",)
    if family.filter("since") is not None:
        offers[filter_menu.TODAY] = ("since=today",)
        offers[filter_menu.YESTERDAY] = ("since=yesterday",)
        offers[filter_menu.HOUR] = ("since=1h",)
    keys = {"status": filter_menu.STATUS, "model": filter_menu.MODEL, "owner": filter_menu.OWNER}
    for name, key in keys.items():
        if family.filter(name) is not None and values.get(name) is not None:
            offers[key] = (f"{name}={values[name] or NOBODY}",)
    return FilterChoices(family.name, offers)


def typed(family: RecordFamily, query: Query) -> dict[str, str]:
    """Return what an operator would type for a query, for each of its conditions."""
    return {each.name: _typed(each, query) for each in _set(family, query)}


def _typed(found: FamilyFilter, query: Query) -> str:
    if found.match in _TIMES:
        return _typed_time(query.time(found.name) or 0.0)
    return query.text(found.name) or NOBODY


def _typed_time(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f}"


def parse(family: RecordFamily, values: Mapping[str, str], query: Query, *, now: datetime) -> Query:
    """Return a query with what was typed in place of its own conditions; raises UsageError for a time that cannot be read."""
    given = {
        each.name: _parsed(each, values[each.name], now) for each in family.filters if each.name in values
    }
    kept = {name: value for name, value in query.filters.items() if name not in values}
    return replace(query, filters=kept | {name: value for name, value in given.items() if value is not None})


def _parsed(found: FamilyFilter, text: str, now: datetime) -> str | float | None:
    given = text.strip()
    if not given:
        return None
    if found.match in _TIMES:
        return parse_time(given, now=now, is_end=found.match is Match.UNTIL)
    if found.match is Match.WHERE:
        parse_conditions(given, now=now)
        return given
    if found.match is Match.CONTAINS:
        # Blanks may be what is looked for.
        return text
    return "" if found.name == "owner" and given == NOBODY else given


def words(family: RecordFamily, query: Query, zone: tzinfo | None) -> list[str]:
    """Return a query's conditions in words, one each, in the order of the family's filters."""
    return [_word(each, query, zone) for each in _set(family, query)]


def _word(found: FamilyFilter, query: Query, zone: tzinfo | None) -> str:
    if found.match in _TIMES:
        return f"{found.name} {point(query.time(found.name) or 0.0, zone)}"
    text = query.text(found.name)
    if found.match is Match.WHERE:
        return f"where {text}"
    if found.match is Match.CONTAINS:
        return f"containing “{text}”"
    return f"{found.name} {text}" if text else f"without {found.name}"


def without_last(family: RecordFamily, query: Query) -> Query:
    """Return a query without the condition that is named last."""
    *_, last = _set(family, query)
    return replace(query, filters={name: value for name, value in query.filters.items() if name != last.name})


def unfiltered(query: Query) -> Query:
    """Return a query without these conditions."""
    return replace(query, filters={})


def is_filtered(query: Query) -> bool:
    """Tell whether a query has any of these conditions."""
    return bool(query.filters)


def _set(family: RecordFamily, query: Query) -> list[FamilyFilter]:
    return [each for each in family.filters if each.name in query.filters]
