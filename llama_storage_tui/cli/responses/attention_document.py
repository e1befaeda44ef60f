"""The JSON of `responses RUN_CONFIG attention`."""

from __future__ import annotations

from typing import Annotated

from llama_storage_tui.cli.documents import Document, From, Json, Made, Notices
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.attention import Attention, CategoryCount
from llama_storage_tui.reports.attention import CategoryWords, category_words


class ExampleBody(Document):
    """One response of a category."""

    id: Json
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


@dataclass(frozen=True, slots=True)
class _Worded:
    counted: CategoryCount
    words: CategoryWords


class CategoryBody(Document):
    """One reason to look: `count` of `rows` that were looked at, from the last stored on; `exact` where those are all."""

    name: Annotated[str, From("counted.category.name")]
    title: Annotated[str, From("words.title")]
    why: Annotated[str, From("words.why")]
    next_step: Annotated[str, From("words.next_step")]
    count: Annotated[int, From("counted.count")]
    exact: Annotated[bool, From("counted.is_exact")]
    rows: Annotated[int, From("counted.rows")]
    examples: Annotated[list[ExampleBody], From("counted.examples")]


def _worded(seen: Attention) -> list[_Worded]:
    return [
        _Worded(each, category_words(each.category.name, seen.version, seen.thresholds))
        for each in seen.categories
    ]


class AttentionDocument(Document):
    """The answer of `responses RUN_CONFIG attention`: every category, those without a response included."""

    categories: Annotated[list[CategoryBody], Made(_worded)]
    rows: int
    estimated_rows: int
    exact: bool
    notices: Notices
