"""The columns of a list of records and what stands in them: by the family's description, or laid out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.families import RecordEntry, RecordFamily, RecordPart, Show
from llama_storage_tui.services.records.last_asked import last_asked
from llama_storage_tui.services.records.showing import shown
from llama_storage_tui.services.values import with_letters
from llama_storage_tui.tui.records.response_wording import created_shown, id_text, number, owner_shown
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

Cells = Callable[[RecordEntry, tzinfo | None], tuple[Shown, ...]]


@dataclass(frozen=True, slots=True)
class ListLayout:
    """The columns of a list, what each is sorted by, and what makes the cells of a record."""

    columns: tuple[ListColumn, ...]
    sort_names: tuple[str, ...]
    cells: Cells

    def row(self, entry: RecordEntry) -> Callable[[tzinfo | None], tuple[Shown, ...]]:
        """Return a record's cells by the zone of times."""
        return lambda zone: self.cells(entry, zone)


def layout_of(family: RecordFamily) -> ListLayout:
    """Return a family's layout: its own where there is one, else its id and then the columns that it describes."""
    if family.name in _OWN:
        return _OWN[family.name]
    return ListLayout(
        (
            ListColumn("Id", grows=True, least=16, cuts_middle=True),
            *(_column(each) for each in family.columns),
        ),
        ("id", *(each.label for each in family.columns)),
        lambda entry, zone: _described(family, entry, zone),
    )


def _column(part: RecordPart) -> ListColumn:
    is_number = part.show in (Show.BYTES, Show.NUMBER)
    # Texts make room for numbers and times, which say nothing when they are cut.
    is_text = not is_number and part.show is not Show.TIME
    return ListColumn(part.label, most=30, least=10, is_number=is_number, cuts_middle=is_text, gives_way=True)


def _described(family: RecordFamily, entry: RecordEntry, zone: tzinfo | None) -> tuple[Shown, ...]:
    id_ = Shown(id_text(entry.id))
    if entry.problem is not None:
        empty = (Shown(""),) * (len(family.columns) - 1)
        return (id_, Shown(f"▲ {entry.problem}", Tone.WARNING), *empty)
    return (id_, *(_cell(entry.cells.get(part.label), part, zone) for part in family.columns))


def _cell(value: object, part: RecordPart, zone: tzinfo | None) -> Shown:
    if part.show is Show.OWNER:
        return owner_shown(None if value is None else str(value))
    if part.show is Show.TIME and isinstance(value, int | float) and value:
        return created_shown(value, zone)
    return Shown(shown(value, part.show), Tone.MUTED if value is None else Tone.PLAIN)


def _conversation(entry: RecordEntry, zone: tzinfo | None) -> tuple[Shown, ...]:
    metadata = stored_cell(entry, "metadata")
    return (
        created_shown(entry.time, zone),
        number(_count(entry, "items")),
        owner_shown(text_cell(entry, "owner")),
        Shown("–" if metadata is None else with_letters(id_text(metadata)), Tone.MUTED),
        Shown(id_text(entry.id), Tone.MUTED),
    )


def _completion(entry: RecordEntry, zone: tzinfo | None) -> tuple[Shown, ...]:
    reason, asked = text_cell(entry, "finish_reason"), last_asked(entry.cells)
    finished = {
        "stop": Shown("● stop", Tone.GOOD),
        "tool_calls": Shown("● tool calls", Tone.KEY),
        None: Shown("▲ unknown", Tone.WARNING),
    }.get(reason, Shown(f"▲ {reason}", Tone.WARNING))
    return (
        created_shown(entry.time, zone),
        finished,
        Shown(id_text(stored_cell(entry, "model"))),
        owner_shown(text_cell(entry, "owner")),
        number(_count(entry, "messages")),
        number(_count(entry, "tool_calls")),
        Shown("–", Tone.MUTED) if asked is None else Shown(asked),
        Shown(id_text(entry.id), Tone.MUTED),
    )


def text_cell(entry: RecordEntry, label: str) -> str | None:
    """Return a cell of an entry as text, None for NULL."""
    value = entry.cells.get(label)
    return None if value is None else str(value)


def _count(entry: RecordEntry, label: str) -> int | None:
    value = entry.cells.get(label)
    return value if isinstance(value, int) else None


def stored_cell(entry: RecordEntry, label: str) -> Cell:
    """Return a cell of an entry as it is stored, None where that is an object or a list."""
    value = entry.cells.get(label)
    return value if isinstance(value, str | int | float | bytes) else None


_OWN: Final[Mapping[str, ListLayout]] = {
    "conversations": ListLayout(
        (
            ListColumn("Created", most=22),
            ListColumn("Items", most=7, is_number=True),
            ListColumn("Owner", most=24, cuts_middle=True),
            ListColumn("Metadata", grows=True, least=12),
            ListColumn("Id", most=24, cuts_middle=True, is_wide_only=True),
        ),
        ("created_at", "items", "owner", "metadata", "id"),
        _conversation,
    ),
    "completions": ListLayout(
        (
            ListColumn("Created", most=22),
            ListColumn("Finished", most=14),
            ListColumn("Model", most=26, least=12, cuts_middle=True),
            ListColumn("Owner", most=24, least=10, cuts_middle=True),
            ListColumn("Messages", most=8, is_number=True, is_wide_only=True, gives_way=True),
            ListColumn("Calls", most=6, is_number=True),
            ListColumn("Asked", grows=True, least=24, is_wide_only=True),
            ListColumn("Id", most=24, least=12, cuts_middle=True, is_wide_only=True),
        ),
        ("created", "finish_reason", "model", "owner", "messages", "tool_calls", "asked", "id"),
        _completion,
    ),
}
"""Lists whose columns have an order, widths or marks of their own."""
