"""Parts that many families share."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.model.families import Part, Show
from llama_storage_tui.model.records import Measure


def text(label: str, *path: str | int) -> Part:
    """Make a part of one path, whose only step is the label where none is given."""
    return Part(label, (path or (label,),))


def time(label: str, *path: str) -> Part:
    """Make a part that is a time."""
    return Part(label, (path or (label,),), Show.TIME)


def number(label: str, *path: str | int) -> Part:
    """Make a part that is a number."""
    return Part(label, (path or (label,),), Show.NUMBER)


def size(label: str, *path: str) -> Part:
    """Make a part that is a number of bytes."""
    return Part(label, (path or (label,),), Show.BYTES)


def json(label: str, *path: str | int) -> Part:
    """Make a part that is shown as JSON."""
    return Part(label, (path or (label,),), Show.JSON)


def long(label: str, *path: str | int) -> Part:
    """Make a part that is text of several lines."""
    return Part(label, (path or (label,),), Show.LONG)


def column(label: str, name: str = "", show: Show = Show.TEXT) -> Part:
    """Make a part that stands in a column, of the label's name where no other is given, and nowhere else."""
    return Part(label, ((name or label,),), show, is_column=True)


def stored(label: str) -> Part:
    """Make a part of a column as it is stored."""
    return column(label, show=Show.STORED)


def counted(label: str, *path: str | int) -> Part:
    """Make a part that is the number of items of a list."""
    return Part(label, (path or (label,),), Show.NUMBER, Measure.ITEMS)


def inside(label: str, *path: str | int, show: Show = Show.TEXT) -> Part:
    """Make a part inside the document, even where the row has a column of that name."""
    return Part(label, (("@document", *(path or (label,))),), show)


CREATED: Final = time("created", "created_at")
OWNER: Final = Part("owner", (("owner_principal",), ("owner", "principal")))
ACCESS: Final = (
    Part("tenant", (("tenant_id",), ("owner", "tenant_id"))),
    Part("access attributes", (("access_attributes",), ("owner", "attributes")), Show.JSON),
)
"""Who an object belongs to beside its owner: columns of a row, or of the `owner` in a value."""
