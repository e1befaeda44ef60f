"""Parts that many families share."""

from __future__ import annotations

from functools import partial
from typing import Final

from llama_storage_tui.model.families import RecordPart, Show
from llama_storage_tui.model.records import Measure


def _part(show: Show, label: str, *path: str | int) -> RecordPart:
    return RecordPart(label, (path or (label,),), show)


text = partial(_part, Show.TEXT)
"""Makes a part of one path, whose only step is the label where none is given; so do the others, which show it otherwise."""
time = partial(_part, Show.TIME)
number = partial(_part, Show.NUMBER)
size = partial(_part, Show.BYTES)
json = partial(_part, Show.JSON)
long = partial(_part, Show.LONG)


def column(label: str, name: str = "", show: Show = Show.TEXT) -> RecordPart:
    """Make a part that stands in a column, of the label's name where no other is given, and nowhere else."""
    return RecordPart(label, ((name or label,),), show, is_column=True)


def stored(label: str) -> RecordPart:
    """Make a part of a column as it is stored."""
    return column(label, show=Show.STORED)


def counted(label: str, *path: str | int) -> RecordPart:
    """Make a part that is the number of items of a list."""
    return RecordPart(label, (path or (label,),), Show.NUMBER, Measure.ITEMS)


def inside(label: str, *path: str | int, show: Show = Show.TEXT) -> RecordPart:
    """Make a part inside the document, even where the row has a column of that name."""
    return RecordPart(label, (("@document", *(path or (label,))),), show)


LAST, LAST_ROLE, BEFORE_TOOL = "last message", "last role", "message before a tool"
"""The labels of what `said` asks for."""


ENOUGH: Final = 2_000
"""Letters of a message that are asked for."""


def said(*path: str | int) -> tuple[RecordPart, ...]:
    """Make the parts that tell what a user said last in a list of messages: its last, and the one before a tool's call and answer.

    Each look into a large document takes its time: no more of them are asked for.
    """
    return (
        RecordPart(LAST, ((*path, -1),), most=ENOUGH),
        RecordPart(LAST_ROLE, ((*path, -1, "role"),)),
        RecordPart(BEFORE_TOOL, ((*path, -3),), most=ENOUGH),
    )


CREATED: Final = time("created", "created_at")
OWNER: Final = RecordPart("owner", (("owner_principal",), ("owner", "principal")))
ACCESS: Final = (
    RecordPart("tenant", (("tenant_id",), ("owner", "tenant_id"))),
    RecordPart("access attributes", (("access_attributes",), ("owner", "attributes")), Show.JSON),
)
"""Who an object belongs to beside its owner: columns of a row, or of the `owner` in a value."""
