"""The JSON of `responses RUN_CONFIG chain`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from llama_storage_tui.cli.documents import Document, From, Json, Notices

Mark = Literal[
    "missing-parent", "cycle", "older-than-parent", "owner-changed", "ambiguous", "gap", "unreadable"
]


class LinkBody(Document):
    """One response of a chain; `created_at` in epoch seconds, as stored; `owner` null where the row has none, '' for nobody's."""

    id: str
    previous_response_id: str | None
    """The stored one; where `inferred`, the response whose input and output its own input begins with."""
    inferred: bool
    status: str | None
    created_at: Json
    owner: str | None
    tenant: str | None
    model: Json
    depth: int
    """Steps from the first response of `chain`, which has 0."""
    marks: list[Mark]


class ForkBody(Document):
    """A response that several others continue."""

    id: str
    children: list[str]


class OwnerChangeBody(Document):
    """A response whose owner or tenant is not its parent's."""

    id: str
    previous_response_id: str
    owner: str | None
    previous_owner: str | None
    tenant: str | None
    previous_tenant: str | None


class ChainDocument(Document):
    """The answer of `responses RUN_CONFIG chain ID`."""

    chain: Annotated[list[LinkBody], From("links")] = Field(
        description="The way to this response: the first one first, this response last."
    )
    children: list[LinkBody] = Field(
        description="Everything that continues this response, at any distance: a flat list, parents before children, "
        "each naming its parent in previous_response_id; a tree a thousand deep would break JSON readers."
    )
    branches: list[LinkBody] = Field(
        description="Everything else that continues a response of `chain`, as flat as `children`."
    )
    missing_parent: str | None = Field(
        description="The id that the first of `chain` names and that no row has."
    )
    cycle: Annotated[list[str] | None, BeforeValidator(lambda ids: ids or None)] = Field(
        description="The responses that are their own ancestors, each the parent of the next and the last of the first; "
        "null where there is no cycle."
    )
    forks: list[ForkBody]
    owner_changes: list[OwnerChangeBody]
    complete: bool = Field(description="False where a limit left out responses: see `notices`.")
    notices: Notices
    backend: Annotated[str, From("place.backend")]
    table: Annotated[str, From("place.table")]
