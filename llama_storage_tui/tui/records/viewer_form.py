"""A user as an operator fills one in: name, attributes, tenant. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from llama_storage_tui.model.access import Viewer
from llama_storage_tui.services.access import parse_viewer
from llama_storage_tui.tui.widgets.form import FormField

FIELDS: Final = (
    FormField("user", "User", "alice; the principal that authentication gives"),
    FormField("attributes", "Attributes", '{"roles": ["admin"], "teams": ["ml"]}'),
    FormField("tenant", "Tenant", "only where tenants are kept apart"),
)


def typed(viewer: Viewer | None) -> dict[str, str]:
    """Return what an operator would type for a user."""
    if viewer is None:
        return {}
    return {
        "user": viewer.name,
        "attributes": attributes_text(viewer),
        "tenant": viewer.tenant or "",
    }


def attributes_text(viewer: Viewer) -> str:
    """Return a user's attributes as JSON, nothing where there are none."""
    if viewer.attributes is None:
        return ""
    return json.dumps({key: list(values) for key, values in viewer.attributes.items()}, ensure_ascii=False)


def parse(values: Mapping[str, str]) -> Viewer | None:
    """Return the user that was typed, None for an empty form; raises UsageError."""
    if not any(text.strip() for text in values.values()):
        return None
    return parse_viewer(
        values["user"].strip(), values["attributes"].strip() or None, values["tenant"].strip() or None
    )


def viewer_text(viewer: Viewer) -> str:
    """Name a user with what decides about them."""
    tenant = f"tenant {viewer.tenant}" if viewer.tenant else ""
    return " ".join(
        part for part in (viewer.name or "a user without a name", attributes_text(viewer), tenant) if part
    )
