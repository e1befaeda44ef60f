"""The JSON of `responses RUN_CONFIG attention`."""

from __future__ import annotations

from pydantic import JsonValue

from llama_storage_tui.cli.documents import Document, json_value
from llama_storage_tui.model.attention import Attention, CategoryCount, Example


class ExampleBody(Document):
    """One response of a category."""

    id: JsonValue
    backend: str
    table: str

    @classmethod
    def of(cls, example: Example) -> ExampleBody:
        """Make the body of an example."""
        return cls(id=json_value(example.id), backend=example.place.backend, table=example.place.table)


class CategoryBody(Document):
    """One reason to look: `count` of `rows` that were looked at, from the last stored on; `exact` where those are all."""

    name: str
    title: str
    why: str
    next_step: str
    count: int
    exact: bool
    rows: int
    examples: list[ExampleBody]

    @classmethod
    def of(cls, counted: CategoryCount) -> CategoryBody:
        """Make the body of a category."""
        category = counted.category
        return cls(
            name=category.name,
            title=category.title,
            why=category.why,
            next_step=category.next_step,
            count=counted.count,
            exact=counted.is_exact,
            rows=counted.rows,
            examples=[ExampleBody.of(example) for example in counted.examples],
        )


class AttentionDocument(Document):
    """The answer of `responses RUN_CONFIG attention`: every category, those without a response included."""

    categories: list[CategoryBody]
    rows: int
    estimated_rows: int
    exact: bool
    notices: list[str]

    @classmethod
    def of(cls, attention: Attention) -> AttentionDocument:
        """Make the document."""
        return cls(
            categories=[CategoryBody.of(counted) for counted in attention.categories],
            rows=attention.rows,
            estimated_rows=attention.estimated_rows,
            exact=attention.is_exact,
            notices=list(attention.notices),
        )
