"""Who refers to a backend: what each asks for, and where a server really keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.model.catalog import Reference
from llama_storage_tui.reports.references import why_nowhere
from llama_storage_tui.text import line
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Who", most=26),
    ListColumn("Namespace or table", grows=True, least=12),
    ListColumn("Rows are in", grows=True, least=16),
    ListColumn("Remarks", most=22),
)


class ReferencePane(Vertical):
    """The references of one backend, with everything about the one under the cursor below them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._references: tuple[Reference, ...] = ()

    def compose(self) -> ComposeResult:
        yield Listing(id="references-list")
        yield Static(id="reference-note", classes="note")

    def show(self, references: Sequence[Reference]) -> None:
        """Replace the references."""
        self._references = tuple(references)
        self.query_one(Listing).show(
            COLUMNS, [_cells(found) for found in self._references], [found.path for found in self._references]
        )
        self._note(self._references[0] if self._references else None)

    @property
    def current(self) -> Reference | None:
        """The reference under the cursor."""
        path = self.query_one(Listing).current
        return next((found for found in self._references if found.path == path), None)

    @on(DataTable.RowHighlighted)
    def _highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self._note(self.current)

    def _note(self, reference: Reference | None) -> None:
        note = self.query_one("#reference-note", Static)
        if reference is None:
            note.update(Content.styled("Nothing refers to this backend.", Tone.MUTED.style))
            return
        place = f"{reference.path}, line {reference.line}" if reference.line is not None else reference.path
        parts = [place, whole_place(reference)]
        if reference.queue:
            values = ", ".join(f"{name} {value}" for name, value in reference.queue)
            parts.append(values if reference.queue_is_used else f"{values}: not used on this backend")
        if reference.note:
            parts.append(reference.note)
        note.update(Content.styled(line(" · ".join(parts), 1200), Tone.MUTED.style))


def _cells(reference: Reference) -> tuple[Shown, ...]:
    tone = Tone.PLAIN if reference.is_enabled else Tone.MUTED
    place = physical_place(reference)
    return (
        Shown(reference.label, tone),
        Shown(asked(reference), tone),
        Shown(place, Tone.MUTED if reference.physical is None or not reference.is_enabled else tone),
        Shown(remarks(reference), Tone.MUTED),
    )


def asked(reference: Reference) -> str:
    """Return the namespace or table as the file names it."""
    return reference.target_name or "–"


def physical_place(reference: Reference) -> str:
    """Return where the rows really are."""
    physical = reference.physical
    if physical is None:
        return f"nowhere: {why_nowhere(reference)}"
    if physical.tables:
        return ", ".join(physical.tables)
    if physical.prefixes:
        return ", ".join(f"{prefix}*" for prefix in physical.prefixes)
    return physical.container


def whole_place(reference: Reference) -> str:
    """Return where the rows really are, the container included."""
    physical = reference.physical
    if physical is None:
        return physical_place(reference)
    if physical.prefixes:
        return f"keys {physical_place(reference)} in {physical.container}"
    return f"rows in {physical_place(reference)}"


def remarks(reference: Reference) -> str:
    """Return what is unusual about a reference, in a few words."""
    found = []
    if not reference.is_enabled:
        found.append("disabled")
    if reference.is_defaulted:
        found.append("default")
    if reference.queue_is_used and reference.queue:
        found.append("queue " + "×".join(str(value) for _, value in reference.queue))
    return ", ".join(found)
