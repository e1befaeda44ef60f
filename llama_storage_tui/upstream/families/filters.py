"""Filters that many families share."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import FamilyFilter, Match
from llama_storage_tui.model.records import Path


def equals(name: str, *paths: Path, hint: str = "", choices: tuple[str, ...] = ()) -> FamilyFilter:
    """Make a filter of a text, in the column of the filter's name where no path is given."""
    return FamilyFilter(name, Match.EQUALS, paths or ((name,),), hint, choices)


def contains(*columns: str) -> FamilyFilter:
    """Make a filter of what the text of one of these columns contains."""
    paths = tuple((column,) for column in columns)
    return FamilyFilter("contains", Match.CONTAINS, paths, "text in the request or the answer")


MODEL: Final = equals("model", hint="exact model id")
OWNED_BY: Final = equals("owner", ("owner_principal",), ("owner", "principal"), hint="alice; '' for no owner")
PERIOD: Final = (FamilyFilter("since", Match.SINCE), FamilyFilter("until", Match.UNTIL))
"""When a record was created, both ends included."""
