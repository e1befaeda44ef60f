"""Which run config is meant, where several lie in the usual places; and what to do where none does."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from llama_storage_tui.services.catalog import Candidate
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import ConfigChosen, PickerOpened
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Run config", grows=True, least=20, cuts_middle=True),
    ListColumn("Found because", most=40),
)
NOTHING: Final = Content.assemble(
    ("No run config was found in the usual places.\n\n", Tone.PLAIN.style),
    ("  llama-storage-tui PATH      ", Tone.KEY.style),
    ("opens one by its path\n", Tone.MUTED.style),
    ("  llama-storage-tui --demo    ", Tone.KEY.style),
    ("opens a made-up deployment to look around in\n\n", Tone.MUTED.style),
    (
        "The usual places: $OGX_CONFIG and $LLAMA_STACK_CONFIG, /etc/ogx and /etc/llama-stack in a container, ~/.ogx and ~/.llama.",
        Tone.MUTED.style,
    ),
)


class PickerScreen(WorkScreen):
    """A list of the configs found."""

    CSS_PATH = "picker.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("ctrl+r", "look", "Look again", "screen.reload", "Search the usual places again"),
    ]

    def __init__(self, candidates: tuple[Candidate, ...], *, is_root: bool) -> None:
        super().__init__()
        self._candidates = candidates
        self.is_root = is_root

    def body(self) -> ComposeResult:
        yield Listing(id="configs")
        yield Static(NOTHING, id="nothing", classes="empty")

    def on_mount(self) -> None:
        found = len(self._candidates)
        self.headline.show(
            ["llama-storage-tui", "run configs"],
            facts=[Shown(f"{plural(found, 'config')} found", Tone.MUTED)],
        )
        self.set_class(not found, "-empty")
        self.was_read()
        listing = self.query_one(Listing)
        listing.show(
            COLUMNS,
            [(Shown(str(found.path)), Shown(found.because, Tone.MUTED)) for found in self._candidates],
            [str(found.path) for found in self._candidates],
        )
        if found:
            listing.focus()
            self.status.say("enter opens the config under the cursor")

    def action_look(self) -> None:
        self.post_message(PickerOpened())

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        chosen = self.query_one(Listing).current
        if chosen is not None:
            self.post_message(ConfigChosen(chosen))
