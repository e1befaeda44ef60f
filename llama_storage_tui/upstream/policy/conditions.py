"""The conditions of a rule: parsed once, then asked for each row."""

from __future__ import annotations

from typing import Protocol

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Viewer


@dataclass(frozen=True, slots=True)
class Owner:
    """A row's owner as the policy sees it: lists of texts that passed the server's own model."""

    name: str
    attributes: dict[str, list[str]] | None
    tenant: str | None = None

    def is_of_another_tenant(self, viewer: Viewer) -> bool:
        """Tell whether both have a tenant and not the same one."""
        return bool(self.tenant) and bool(viewer.tenant) and self.tenant != viewer.tenant


class Condition(Protocol):
    """A statement about a viewer and the owner of a row, None where it has none."""

    def holds(self, viewer: Viewer, owner: Owner | None) -> bool:
        """Tell whether it is true."""


@dataclass(frozen=True, slots=True)
class IsOwner:
    """`user is [not] owner`."""

    is_negated: bool

    def holds(self, viewer: Viewer, owner: Owner | None) -> bool:
        """Compare the names."""
        if owner is not None and owner.is_of_another_tenant(viewer):
            return False
        return (owner is not None and owner.name == viewer.name) is not self.is_negated


@dataclass(frozen=True, slots=True)
class HasValue:
    """`user with VALUE [not] in NAME`."""

    value: str
    attribute: str
    is_negated: bool

    def holds(self, viewer: Viewer, owner: Owner | None) -> bool:  # noqa: ARG002 - the row does not matter
        """Look among the viewer's own values."""
        return (self.value in (viewer.attributes or {}).get(self.attribute, ())) is not self.is_negated


@dataclass(frozen=True, slots=True)
class SharesValue:
    """`user [not] in owners NAME`. `if_missing` is the answer for a row without that attribute: true before 0.4."""

    attribute: str
    is_negated: bool
    if_missing: bool

    def holds(self, viewer: Viewer, owner: Owner | None) -> bool:
        """Compare the viewer's values with the owner's."""
        if owner is not None and owner.is_of_another_tenant(viewer):
            return False
        theirs = (owner.attributes or {}).get(self.attribute) if owner is not None else None
        if not theirs:
            return self.if_missing is not self.is_negated
        mine = (viewer.attributes or {}).get(self.attribute) or ()
        return any(value in mine for value in theirs) is not self.is_negated


@dataclass(frozen=True, slots=True)
class IsUnowned:
    """`resource is unowned`, from 0.4 on."""

    def holds(self, viewer: Viewer, owner: Owner | None) -> bool:  # noqa: ARG002 - who asks does not matter
        """Tell whether nobody owns the row."""
        return owner is None


def parse_condition(
    text: str, *, is_missing_shared: bool = False, has_unowned: bool = True
) -> Condition | None:
    """Read a condition as servers do, None where they cannot. Before 0.4 a missing attribute counts as shared."""
    match text.split():
        case ["user", "is", "owner"]:
            return IsOwner(is_negated=False)
        case ["user", "is", "not", "owner"]:
            return IsOwner(is_negated=True)
        case ["user", "with", value, "in", name]:
            return HasValue(value, name, is_negated=False)
        case ["user", "with", value, "not", "in", name]:
            return HasValue(value, name, is_negated=True)
        case ["user", "in", "owners", name]:
            return SharesValue(name, is_negated=False, if_missing=is_missing_shared)
        case ["user", "not", "in", "owners", name]:
            return SharesValue(name, is_negated=True, if_missing=is_missing_shared)
        case ["resource", "is", "unowned"] if has_unowned:
            return IsUnowned()
        case _:
            return None
