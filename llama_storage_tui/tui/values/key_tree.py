"""The keys of one namespace as a tree by their separator, one level on show: branches, and the keys between them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from llama_storage_tui.model.data import KeyBranch, KeyEntry, Namespace
from llama_storage_tui.services.key_tree import SEPARATOR, Level, key_level, parent_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import CopyRequested
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.wording import expiry, key_text, size
from llama_storage_tui.tui.values.messages import SubjectOpened
from llama_storage_tui.tui.values.viewables import KeySubject
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing

COLUMNS: Final = (
    ListColumn("Key", grows=True, least=20, cuts_middle=True),
    ListColumn("Keys", most=10, is_number=True),
    ListColumn("Size", most=10, is_number=True),
    ListColumn("Expires", most=34),
)


class KeyTreeScreen(SessionScreen):
    """A list of what comes next; `enter` goes down, `escape` up and at the top back."""

    CSS_PATH = "../screens/browse.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("v", "list", "List", "keys.view", "Show the keys as a list again"),
        shown_key("y", "copy", "Copy", "screen.copy", "Copy the key or the prefix under the cursor"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read this level again"),
    ]

    def __init__(self, session: Session, backend: str, namespace: Namespace) -> None:
        super().__init__(session)
        self._backend = backend
        self._namespace = namespace
        self._level = Level("", ())
        self._top: str | None = None
        """The prefix of the first level, known when that is here."""
        self._came_from = ""
        """The branch to point at in the level above it."""

    def body(self) -> ComposeResult:
        yield Listing(id="keys")

    def on_mount(self) -> None:
        self._head()
        self.listing.focus()
        self._go("")

    def _head(self) -> None:
        facts = [Shown("by separator :", Tone.MUTED)]
        below = self._level.prefix.removeprefix(self._top or "")
        if below:
            facts.append(Shown(f"keys beginning with {self._level.prefix}", Tone.KEY))
        names = [self.outermost, self._backend, self._namespace.title]
        names += [part for part in below.split(SEPARATOR) if part]
        self.headline.show(names, facts=facts)

    def _go(self, prefix: str) -> None:
        self.begin("Reading keys")
        self._read(prefix)

    @service_worker("browse")
    async def _read(self, prefix: str) -> None:
        level = await key_level(self._session, self._backend, self._namespace, prefix)
        self.hand_on(self._loaded, level)

    def _loaded(self, level: Level) -> None:
        self._level = level
        if self._top is None:
            self._top = level.prefix
        self._head()
        listing = self.listing
        names = [part.prefix if isinstance(part, KeyBranch) else key_text(part.key) for part in level.parts]
        listing.show(COLUMNS, [self._cells(part) for part in level.parts], names)
        listing.move_cursor(row=0, animate=False)
        listing.point(self._came_from)
        if not level.parts:
            self.finish("No keys here.")
        elif level.said:
            self.finish(f"Of what was looked at: {level.said}; v shows the keys as a list, page by page.")
        elif not level.is_complete:
            self.finish("There are more keys on this level; v shows them as a list, page by page.")
        else:
            self.finish("enter goes down a level, esc up")

    def _cells(self, part: KeyBranch | KeyEntry) -> tuple[Shown, ...]:
        if isinstance(part, KeyBranch):
            name = part.prefix.removeprefix(self._level.prefix)
            least = "" if part.keys.is_exact else "≥ "
            return (
                Shown(f"▸ {name}", Tone.KEY),
                Shown(f"{least}{part.keys.value:,}"),
                Shown(""),
                Shown(""),
            )
        name = key_text(part.key).removeprefix(self._level.prefix)
        return (Shown(f"  {name}"), Shown(""), Shown(size(part.bytes), Tone.MUTED), expiry(part))

    @property
    def _current(self) -> KeyBranch | KeyEntry | None:
        row = self.listing.cursor_row
        return self._level.parts[row] if 0 <= row < len(self._level.parts) else None

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        part = self._current
        if isinstance(part, KeyBranch):
            self._came_from = ""
            self._go(part.prefix)
        elif part is not None:
            self.post_message(SubjectOpened(KeySubject(self._session, self._backend, self._namespace, part)))

    def action_back(self) -> None:
        """Cancel what runs, else go up a level, and from the first one back."""
        above = None if self._top is None else parent_of(self._level.prefix, self._top)
        if self.is_waiting or above is None:
            super().action_back()
        else:
            self._came_from = self._level.prefix
            self._go(above)

    def action_list(self) -> None:
        """Go back to the list of keys."""
        self.dismiss()

    def action_reload(self) -> None:
        """Read this level again."""
        self._go(self._level.prefix)

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        key = self.listing.current
        if key is not None:
            self.post_message(CopyRequested("key", key))
