"""The JSON of `responses RUN_CONFIG chain`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from llama_storage_tui.cli.documents import Document, json_value
from llama_storage_tui.model.chain import Chain, ChainLink, Fork, OwnerChange

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
    created_at: JsonValue
    owner: str | None
    tenant: str | None
    model: JsonValue
    depth: int
    """Steps from the first response of `chain`, which has 0."""
    marks: list[Mark]

    @classmethod
    def of(cls, link: ChainLink) -> LinkBody:
        """Make the body of a link."""
        return cls(
            id=link.id,
            previous_response_id=link.previous_response_id,
            inferred=link.inferred,
            status=link.status,
            created_at=json_value(link.created_at),
            owner=link.owner,
            tenant=link.tenant,
            model=json_value(link.model),
            depth=link.depth,
            marks=[mark.value for mark in link.marks],
        )


class ForkBody(Document):
    """A response that several others continue."""

    id: str
    children: list[str]

    @classmethod
    def of(cls, fork: Fork) -> ForkBody:
        """Make the body of a fork."""
        return cls(id=fork.id, children=list(fork.children))


class OwnerChangeBody(Document):
    """A response whose owner or tenant is not its parent's."""

    id: str
    previous_response_id: str
    owner: str | None
    previous_owner: str | None
    tenant: str | None
    previous_tenant: str | None

    @classmethod
    def of(cls, change: OwnerChange) -> OwnerChangeBody:
        """Make the body of a change."""
        return cls(
            id=change.id,
            previous_response_id=change.previous_response_id,
            owner=change.owner,
            previous_owner=change.previous_owner,
            tenant=change.tenant,
            previous_tenant=change.previous_tenant,
        )


class ChainDocument(Document):
    """The answer of `responses RUN_CONFIG chain ID`."""

    chain: list[LinkBody] = Field(
        description="The way to the response asked for: the first one first, the one asked for last."
    )
    children: list[LinkBody] = Field(
        description="Everything that continues the one asked for, at any distance: a flat list, parents before children, "
        "each naming its parent in previous_response_id; a tree a thousand deep would break JSON readers."
    )
    branches: list[LinkBody] = Field(
        description="Everything else that continues a response of `chain`, as flat as `children`."
    )
    missing_parent: str | None = Field(
        description="The id that the first of `chain` names and that no row has."
    )
    cycle: list[str] | None = Field(
        description="The responses that are their own ancestors, each the parent of the next and the last of the first; "
        "null where there is no cycle."
    )
    forks: list[ForkBody]
    owner_changes: list[OwnerChangeBody]
    complete: bool = Field(description="False where a limit left out responses: see `notices`.")
    notices: list[str]
    backend: str
    table: str

    @classmethod
    def of(cls, chain: Chain) -> ChainDocument:
        """Make the document of a chain."""
        return cls(
            chain=[LinkBody.of(link) for link in chain.links],
            children=[LinkBody.of(link) for link in chain.children],
            branches=[LinkBody.of(link) for link in chain.branches],
            missing_parent=chain.missing_parent,
            cycle=list(chain.cycle) or None,
            forks=[ForkBody.of(fork) for fork in chain.forks],
            owner_changes=[OwnerChangeBody.of(change) for change in chain.owner_changes],
            complete=chain.is_complete,
            notices=list(chain.notices),
            backend=chain.place.backend,
            table=chain.place.table,
        )
