"""The keys of one namespace, a page at a time in key order."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.data import Cursor, KeyEntry, KeyPage, Namespace
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.export.jobs import KeyExport
from llama_storage_tui.tui.export.messages import ExportOpened
from llama_storage_tui.tui.messages import CopyRequested, Opening
from llama_storage_tui.tui.screens.paged import PagedScreen
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.wording import expiry, key_text, size
from llama_storage_tui.tui.values.key_tree import KeyTreeScreen
from llama_storage_tui.tui.values.messages import SubjectOpened
from llama_storage_tui.tui.values.viewables import KeySubject
from llama_storage_tui.tui.widgets.filter_bar import FilterBar
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Key", grows=True, least=20, cuts_middle=True),
    ListColumn("Size", most=10, is_number=True),
    ListColumn("Expires", most=34),
)
PAGE: Final = 200


class KeysScreen(PagedScreen[str]):
    """A list of keys with their sizes and expiry; the question is a prefix."""

    CSS_PATH = "../screens/browse.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("slash", "filter", "Prefix", "screen.filter", "Show only keys that begin with a text"),
        shown_key("v", "tree", "Tree", "keys.view", "Show the keys as a tree by their separator, the colon"),
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the key under the cursor"),
        shown_key(
            "e", "export", "Export", "screen.export", "Write this page or the whole namespace to a file"
        ),
    ]

    def __init__(
        self,
        session: Session,
        backend: str,
        namespace: Namespace,
        remembered: Remembered | None = None,
    ) -> None:
        super().__init__(session, "", ("keys", backend, namespace.name or ""), remembered)
        self._backend = backend
        self._namespace = namespace
        self._entries: tuple[KeyEntry, ...] = ()

    def body(self) -> ComposeResult:
        yield FilterBar("Keys beginning with ", placeholder="text; empty for all")
        yield Listing(id="keys")

    def on_mount(self) -> None:
        self._head(None)
        self.listing.focus()
        self.ask(self.question)

    def _head(self, page: KeyPage | None) -> None:
        facts = self.page_facts(0 if page is None else len(page.keys), "keys ")
        if self._shown:
            facts.append(Shown(f"only keys beginning with {self._shown}", Tone.KEY))
        backend = self._session.backend(self._backend)
        self.headline.show(
            [self.outermost, backend.name, self._namespace.title], place=backend.location, facts=facts
        )

    def read(self, question: str, after: Cursor | None) -> None:
        """Begin to read a page."""
        self.begin(f"Reading keys of {self._namespace.name or self._backend}")
        self._read(question, after)

    @service_worker("browse")
    async def _read(self, prefix: str, after: Cursor | None) -> None:
        page = await browse.keys(
            self._session, self._backend, self._namespace, prefix=prefix, limit=PAGE, after=after
        )
        self.hand_on(self._loaded, prefix, after, page)

    def _loaded(self, prefix: str, after: Cursor | None, page: KeyPage) -> None:
        if not self.is_asked(prefix, after):
            return
        self.arrived(page.next, len(page.keys))
        self._entries = page.keys
        self._head(page)
        self.listing.show(COLUMNS, [_cells(entry) for entry in page.keys])
        if not page.is_complete:
            self.finish(f"The search stopped after {browse.looked_at(page)}; n continues.")
        elif not page.keys:
            self.finish("No keys begin with this text." if self._shown else "No keys here.")
        else:
            self.finish(self.directions)

    @property
    def _current(self) -> KeyEntry | None:
        key = self.listing.current
        return self._entries[int(key)] if key is not None and int(key) < len(self._entries) else None

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        self.open_current()

    def opened(self) -> Opening | None:
        """Return what opens the key under the cursor."""
        entry = self._current
        if entry is None:
            return None
        return SubjectOpened(KeySubject(self._session, self._backend, self._namespace, entry))

    def action_filter(self) -> None:
        self.query_one(FilterBar).open(self.question)

    @on(FilterBar.Sent)
    def _filtered(self, message: FilterBar.Sent) -> None:
        self.listing.focus()
        self.ask(message.text)

    @on(FilterBar.Closed)
    def _filter_closed(self) -> None:
        self.listing.focus()

    def action_tree(self) -> None:
        """Show the namespace as a tree."""
        self.app.push_screen(KeyTreeScreen(self._session, self._backend, self._namespace))

    def action_copy(self) -> None:
        entry = self._current
        if entry is not None:
            self.post_message(CopyRequested("key", key_text(entry.key)))

    def action_export(self) -> None:
        self.post_message(
            ExportOpened(KeyExport(self._session, self._backend, self._namespace, self._entries))
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to copy or to export without a key."""
        if action in ("copy", "export", "tree"):
            return True if self._entries else None
        return super().check_action(action, parameters)


def _cells(entry: KeyEntry) -> tuple[Shown, ...]:
    is_odd = not isinstance(entry.key, str)
    return (
        Shown(key_text(entry.key), Tone.WARNING if is_odd else Tone.PLAIN),
        Shown(size(entry.bytes), Tone.MUTED),
        expiry(entry),
    )
