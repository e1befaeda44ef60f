"""Chains of responses: what each one continued, what continued it, and where that is broken or odd."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import TablePlace
from llama_storage_tui.model.notices import Notice


class LinkMark(StrEnum):
    """What deserves a look at one response of a chain."""

    MISSING_PARENT = "missing-parent"
    """It names a previous response that is not there."""
    CYCLE = "cycle"
    """It is its own ancestor: somebody edited the rows."""
    OLDER_THAN_PARENT = "older-than-parent"
    """Its created_at lies before its parent's."""
    OWNER_CHANGED = "owner-changed"
    """Its owner, or its tenant, is not its parent's."""
    AMBIGUOUS = "ambiguous"
    """Several responses fit as its inferred parent; the oldest of them was taken."""
    GAP = "gap"
    """Its input holds answers that its inferred parent, or without one any response, did not give.

    A response between them was deleted or cannot be read, or the client sent the history itself.
    """
    UNREADABLE = "unreadable"
    """Its row is no JSON document."""


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One response of a chain.

    `previous_response_id` is the stored one, or, where `inferred` is True, the response whose input and output its own input
    begins with. `depth` counts from the chain's first response, which has 0. `created_at` is as stored.
    """

    id: str
    previous_response_id: str | None = None
    inferred: bool = False
    status: str | None = None
    created_at: Cell = None
    owner: str | None = None
    tenant: str | None = None
    model: Cell = None
    depth: int = 0
    marks: tuple[LinkMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Fork:
    """A response that several others continue."""

    id: str
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A response that is not its parent's owner's, or not of its parent's tenant."""

    id: str
    previous_response_id: str
    owner: str | None
    previous_owner: str | None
    tenant: str | None
    previous_tenant: str | None


@dataclass(frozen=True, slots=True)
class Chain:
    """A response with everything that it continues and everything that continues it.

    `links` lead from the first response to the one asked for; `children` are its descendants and `branches` those of its
    ancestors that are no descendants of its own, both flat and parents before children: a tree a thousand deep is no nesting.
    `missing_parent` is the id that the first of `links` names and that is not there; `cycle` are the responses that are their own
    ancestors. `is_complete` is False where a limit left out responses.
    """

    place: TablePlace
    asked: str
    links: tuple[ChainLink, ...]
    children: tuple[ChainLink, ...] = ()
    branches: tuple[ChainLink, ...] = ()
    missing_parent: str | None = None
    cycle: tuple[str, ...] = ()
    forks: tuple[Fork, ...] = ()
    owner_changes: tuple[OwnerChange, ...] = ()
    is_complete: bool = True
    notices: tuple[Notice, ...] = ()


class Truncation(StrEnum):
    """Why a full input does not reach the beginning."""

    MISSING_PARENT = "missing-parent"
    CYCLE = "cycle"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FullInput:
    """The whole input of a response: parsed items, oldest first.

    From ogx 1.1 on a row may hold only what is new; then the ancestors `of`, oldest first and the response itself last, gave
    the rest. `truncated` says why items are missing at the beginning, `missing_parent` which response would have had them.
    """

    items: tuple[object, ...]
    of: tuple[str, ...]
    is_rebuilt: bool = False
    truncated: Truncation | None = None
    missing_parent: str | None = None
