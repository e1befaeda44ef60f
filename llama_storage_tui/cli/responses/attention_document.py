"""The JSON of `responses RUN_CONFIG attention`."""

from __future__ import annotations

from typing import Annotated

from llama_storage_tui.cli.documents import Document, From, Json


class ExampleBody(Document):
    """One response of a category."""

    id: Json
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]


class CategoryBody(Document):
    """One reason to look: `count` of `rows` that were looked at, from the last stored on; `exact` where those are all."""

    name: Annotated[str, From("category.name")]
    title: Annotated[str, From("category.title")]
    why: Annotated[str, From("category.why")]
    next_step: Annotated[str, From("category.next_step")]
    count: int
    exact: bool
    rows: int
    examples: list[ExampleBody]


class AttentionDocument(Document):
    """The answer of `responses RUN_CONFIG attention`: every category, those without a response included."""

    categories: list[CategoryBody]
    rows: int
    estimated_rows: int
    exact: bool
    notices: list[str]
