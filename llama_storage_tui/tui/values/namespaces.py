"""The namespaces of a key-value backend with their keys counted, and the keys outside all of them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.data import Namespace
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import NamespaceOpened
from llama_storage_tui.tui.screens.session_screen import PlacesScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.wording import counted
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Namespace", most=40),
    ListColumn("Keys", most=14, is_number=True),
    ListColumn("Keys begin with", grows=True, least=14),
    ListColumn("Referred to by", grows=True, least=14),
)


class NamespacesScreen(PlacesScreen):
    """A list: the namespaces at once, their counts as soon as they are known."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("x", "count", "Count exactly", "browse.count", "Count every key instead of estimating"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Count again"),
    ]

    def __init__(self, session: Session, backend: str, *, point: str | None = None) -> None:
        super().__init__(session)
        self._point = point
        self._backend = backend
        self._found: tuple[Namespace, ...] = ()

    def on_mount(self) -> None:
        """Show the names that the config gives, then count."""
        known = browse.known_namespaces(self._session.catalog, self._session.backend(self._backend))
        self._fill((*known, Namespace("", None, browse.unassigned_selection(known))))
        listing = self.listing
        listing.focus()
        pointed = next((one.title for one in self._found if one.name == self._point), None)
        if pointed is not None:
            listing.point(pointed)
        self._start(fast=True)

    def _fill(self, found: tuple[Namespace, ...]) -> None:
        self._found = found
        backend = self._session.backend(self._backend)
        self.headline.show(
            [self.outermost, backend.name],
            place=backend.location,
            facts=[Shown(backend.type, Tone.MUTED), Shown(plural(len(found) - 1, "namespace"), Tone.MUTED)],
        )
        self.listing.show(COLUMNS, [_cells(one) for one in found], [one.title for one in found])

    def _start(self, *, fast: bool) -> None:
        self.begin(f"Counting the keys of {self._backend}")
        self._count(fast=fast)

    @service_worker("browse")
    async def _count(self, *, fast: bool) -> None:
        listing = await browse.namespaces(self._session, self._backend, fast=fast)
        self.hand_on(self._loaded, (*listing.namespaces, listing.unassigned))

    def _loaded(self, namespaces: tuple[Namespace, ...]) -> None:
        self._fill(namespaces)
        counts = [one.keys for one in namespaces if one.keys is not None]
        total = plural(sum(count.value for count in counts), "key")
        exact = all(count.is_exact for count in counts)
        self.finish(f"{total} in all." if exact else f"About {total} in all; x counts exactly.")

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        name = self.listing.current
        chosen = next((one for one in self._found if one.title == name), None)
        if chosen is not None:
            self.post_message(NamespaceOpened(self._backend, chosen))

    def action_count(self) -> None:
        self._start(fast=False)

    def action_reload(self) -> None:
        self._start(fast=True)


def _cells(found: Namespace) -> tuple[Shown, ...]:
    if found.is_unassigned:
        return (
            Shown(found.title, Tone.MUTED),
            Shown(counted(found.keys), Tone.WARNING if found.keys and found.keys.value else Tone.MUTED),
            Shown("anything else", Tone.MUTED),
            Shown("nothing", Tone.MUTED),
        )
    return (
        Shown(found.title, Tone.PLAIN if found.name else Tone.MUTED),
        Shown(counted(found.keys)),
        Shown(", ".join(f"{prefix}*" for prefix in found.selection.include) or "not known", Tone.MUTED),
        Shown(", ".join(found.referenced_by), Tone.MUTED),
    )
