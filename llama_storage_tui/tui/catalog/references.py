"""Who refers to a backend: what each asks for, and where a server really keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.model.catalog import Reference
from llama_storage_tui.reports.references import why_nowhere
from llama_storage_tui.text import line
from llama_storage_tui.tui.catalog.backends import age_shown
from llama_storage_tui.tui.messages import ConfigTextOpened, EditorOpened
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.wording import counted
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

if TYPE_CHECKING:
    # Names of annotations only: the first screen reads nothing yet.
    from llama_storage_tui.model.data import Count
    from llama_storage_tui.services.overview.holdings import BackendHoldings, Holding

COLUMNS: Final = (
    ListColumn("Who", most=26),
    ListColumn("Configured as", grows=True, least=12, cuts_middle=True),
    ListColumn("Stored in", grows=True, least=16),
    ListColumn("Rows", most=10, is_number=True),
    ListColumn("Newest", most=10, is_number=True),
    ListColumn("Remarks", most=22, gives_way=True),
)


class ReferencePane(Vertical):
    """The references of one backend, with everything about the one under the cursor below them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "V",
            "config",
            "View in config",
            "config.view",
            "Show the config at the line of this reference, secrets masked",
        ),
        hidden_key(
            "E",
            "edit",
            "Edit",
            "config.edit",
            "Open the config in $VISUAL or $EDITOR at the line of this reference, and read it again afterwards",
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._references: tuple[Reference, ...] = ()

    def compose(self) -> ComposeResult:
        yield Listing(id="references-list")
        yield Static(id="reference-note", classes="note")

    def show(self, references: Sequence[Reference], holdings: BackendHoldings | None, now: float) -> None:
        """Replace the references; `holdings` say what lies where they lead, once that is known."""
        self._references = tuple(references)
        held = {} if holdings is None else holdings.holdings
        self.query_one(Listing).show(
            COLUMNS,
            [_cells(found, held.get(found.path), now) for found in self._references],
            [found.path for found in self._references],
        )
        self._note(self.current or (self._references[0] if self._references else None))

    @property
    def current(self) -> Reference | None:
        """The reference under the cursor."""
        path = self.query_one(Listing).current
        return next((found for found in self._references if found.path == path), None)

    def action_config(self) -> None:
        """Show the config at the reference's line."""
        reference = self.current
        self.post_message(ConfigTextOpened(None if reference is None else reference.line))

    def action_edit(self) -> None:
        """Open the config in an editor at the reference's line."""
        reference = self.current
        self.post_message(EditorOpened((None if reference is None else reference.line) or 1))

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


def _cells(reference: Reference, held: Holding | None, now: float) -> tuple[Shown, ...]:
    tone = Tone.PLAIN if reference.is_enabled else Tone.MUTED
    place = physical_place(reference)
    return (
        Shown(reference.label, tone),
        Shown(asked(reference), tone),
        Shown(place, Tone.MUTED if reference.physical is None or not reference.is_enabled else tone),
        Shown("–", Tone.MUTED) if held is None else Shown(rows_held(held.count, is_more=held.is_more)),
        age_shown(None if held is None else held.newest, now),
        Shown(remarks(reference), Tone.MUTED),
    )


def rows_held(count: Count | None, *, is_more: bool) -> str:
    """Return a number of rows or keys: `~` before an estimate, `≥` before one that others may be added to."""
    if count is None or not is_more:
        return counted(count)
    return f"≥ {count.value:,}"


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
