"""The families of other objects that servers keep: files, batches, prompts, vector stores, jobs, sessions and the like."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.families import FamilyEntry, Place
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.counting import families
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import ObjectsOpened
from llama_storage_tui.tui.screens.session_screen import PlacesScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key
from llama_storage_tui.tui.style.wording import counted
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Object type", most=34),
    ListColumn("Objects", most=12, is_number=True),
    ListColumn("What they are", grows=True, least=20),
    ListColumn("Stored in", most=44, cuts_middle=True, is_wide_only=True),
)


class FamiliesScreen(PlacesScreen):
    """A list of families with their numbers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Count them again"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: tuple[FamilyEntry, ...] = ()

    def on_mount(self) -> None:
        self._head()
        self.listing.focus()
        self.action_reload()

    def _head(self) -> None:
        facts = [Shown(plural(len(self._found), "object type"), Tone.MUTED)] if self._found else []
        self.headline.show([self.outermost, "objects"], facts=facts)

    def action_reload(self) -> None:
        self.begin("Looking for objects")
        self._load()

    @service_worker("browse")
    async def _load(self) -> None:
        self.hand_on(self._loaded, await families(self._session))

    def _loaded(self, found: tuple[FamilyEntry, ...]) -> None:
        # What cannot be read now is shown as it was read before.
        before = {entry.family.name: entry for entry in self._found if entry.is_complete}
        kept = [entry for entry in found if not entry.is_complete and entry.family.name in before]
        self._found = tuple(before[entry.family.name] if entry in kept else entry for entry in found)
        self._head()
        self.listing.show(
            COLUMNS, [_cells(entry) for entry in self._found], [entry.family.name for entry in self._found]
        )
        notices = dict.fromkeys(notice_words(notice for entry in self._found for notice in entry.notices))
        if kept:
            self.finish(" ".join((*notices, self.age)), is_read=False)
        else:
            self.finish(
                " ".join((*notices, "enter lists them." if self._found else "This config keeps none."))
            )

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        name = self.listing.current
        for entry in self._found:
            if entry.family.name == name:
                self.post_message(ObjectsOpened(entry.family.name, entry.family.title))


def _cells(entry: FamilyEntry) -> tuple[Shown, ...]:
    is_empty = entry.is_complete and entry.count is not None and not entry.count.value
    tone = Tone.MUTED if is_empty else Tone.PLAIN
    return (
        Shown(entry.family.title, tone),
        _count(entry, tone),
        Shown(entry.family.about, Tone.MUTED),
        Shown(", ".join(_place(place) for place in entry.places), Tone.MUTED),
    )


def _count(entry: FamilyEntry, tone: Tone) -> Shown:
    if entry.is_complete:
        return Shown(counted(entry.count), tone)
    if entry.count is None:
        return Shown("▲ not read", Tone.WARNING)
    return Shown(f"▲ ≥ {counted(entry.count)}", Tone.WARNING)


def _place(place: Place) -> str:
    return f"{place.backend}.{place.table}" if place.table else f"{place.backend} {', '.join(place.prefixes)}"
