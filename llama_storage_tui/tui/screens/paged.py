"""What the screens share that show a page at a time: the way forward, and the way back by the cursors passed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual.binding import BindingType

from llama_storage_tui.errors import NotFoundError, StorageToolError
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import Opening
from llama_storage_tui.tui.screens.remembered import Remembered
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key

Question = TypeVar("Question")


class PagedScreen(SessionScreen, Generic[Question]):
    """Pages of the answer to a question (which rows, in which order).

    What is asked becomes what is shown only when its page arrives: a page that fails or is cancelled leaves the one before
    on show, with its own way forward and back, and `ctrl+r` asks again for what did not arrive.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("n", "next", "Next", "page.next", "Show the next page"),
        hidden_key("p", "previous", "Previous", "page.previous", "Show the previous page"),
        hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Read this page again"),
    ]

    def __init__(
        self, session: Session, question: Question, list_: tuple[str, ...], remembered: Remembered | None
    ) -> None:
        """Ask a question; what a list of the config was last filtered by is asked in its place where that is `remembered`."""
        super().__init__(session)
        self._remembered, self._list = remembered, (session.catalog.config, *list_)
        if remembered is not None:
            question = remembered.recall(self._list, question)
        self._shown = self._asked = question
        self._passed: list[Cursor | None] = [None]
        """Where each page up to the one on show began; the last is this one's."""
        self._wanted: list[Cursor | None] = self._passed
        """The same for the page that is being read."""
        self._following: Cursor | None = None
        self._starts: list[int] = [0]
        """How many rows lie before each page that was read, by its number."""
        self._stepping: tuple[int, Callable[[StorageToolError], None]] | None = None
        """The step over the page's end that waits for another page, and who hears that there is none."""

    @property
    def question(self) -> Question:
        """What is on show, or while something is being read, what was asked last."""
        return self._asked if self.is_waiting else self._shown

    @property
    def page_number(self) -> int:
        """The number of this page, from 1."""
        return len(self._passed)

    @property
    def rows_before(self) -> int:
        """How many rows lie before this page."""
        return self._starts[min(len(self._passed), len(self._starts)) - 1]

    def read(self, question: Question, after: Cursor | None) -> None:
        """Begin to read the page after a cursor."""
        raise NotImplementedError

    def ask(self, question: Question) -> None:
        """Begin at the first page of the answer to a question."""
        self._go(question, [None])

    def is_asked(self, question: Question, after: Cursor | None) -> bool:
        """Tell whether a page that arrived is the one that was asked for last."""
        return (question, after) == (self._asked, self._wanted[-1])

    def arrived(self, following: Cursor | None, rows: int) -> None:
        """Note that the page asked for is here, and where the next one begins."""
        self._shown, self._passed, self._following = self._asked, self._wanted, following
        if self._remembered is not None:
            # Only what has arrived: a question that fails would fail again whenever the list is entered.
            self._remembered.keep(self._list, self._shown)
        del self._starts[len(self._passed) :]
        self._starts.append(self._starts[-1] + rows)

    def _go(self, question: Question, to: list[Cursor | None]) -> None:
        self._asked, self._wanted = question, to
        self.read(question, to[-1])

    def page_facts(self, rows: int, what: str = "", of: str = "") -> list[Shown]:
        """Say which page this is, and which of all rows are on it."""
        found = [Shown(f"page {self.page_number}", Tone.MUTED)]
        if rows:
            first = self.rows_before + 1
            found.append(Shown(f"{what}{first:,}–{first + rows - 1:,}{of}", Tone.MUTED))
        return found

    @property
    def directions(self) -> str:
        """Say which pages there are besides this one."""
        before = "p: previous page" if self.page_number > 1 else ""
        if self._following is None:
            return f"This is the last page; {before}." if before else "End of list."
        return f"More rows; n: next page{', ' + before if before else ''}."

    def action_next(self) -> None:
        if self._following is not None:
            self._go(self._shown, [*self._passed, self._following])

    def action_previous(self) -> None:
        if len(self._passed) > 1:
            self._go(self._shown, self._passed[:-1])

    def action_reload(self) -> None:
        """Read the page again that was asked for last."""
        self._go(self._asked, self._wanted)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the directions in which there is a page."""
        if action == "next":
            return self._following is not None
        if action == "previous":
            return len(self._passed) > 1
        return super().check_action(action, parameters)

    # From one record to the next

    def opened(self) -> Opening | None:
        """Return what opens the row under the cursor; None where there is none."""
        raise NotImplementedError

    def open_current(self, *, replaces: bool = False) -> None:
        """Open the row under the cursor, on top of this list or in place of the record that is open."""
        opening = self.opened()
        if opening is not None:
            opening.origin, opening.replaces = self, replaces
            self.post_message(opening)

    def step(self, by: int, failed: Callable[[StorageToolError], None]) -> str:
        """Open the row before or behind in place of the one that is open, over the page's end where there is more.

        Return a sentence where there is none, or where another page has to be read first; `failed` hears that it cannot be.
        """
        listing = self.listing
        row = listing.cursor_row + by
        if self._stepping is not None:
            return ""
        if 0 <= row < listing.row_count:
            listing.move_cursor(row=row, animate=False)
            self.open_current(replaces=True)
            return ""
        if (by > 0 and self._following is None) or (by < 0 and len(self._passed) < 2):
            return (
                "This is the last record of the list." if by > 0 else "This is the first record of the list."
            )
        self._stepping = by, failed
        if by > 0:
            self.action_next()
        else:
            self.action_previous()
        if self._passed is not self._wanted:
            return "Reading another page of the list…"
        # A page of what a search has found is there at once, though the search goes on.
        self._stepped()
        return ""

    def _stepped(self) -> None:
        waiting, self._stepping = self._stepping, None
        listing = self.listing
        if waiting is None or self.app.screen is self:
            # Nobody waits, or the operator has come back to this list meanwhile.
            return
        by, failed = waiting
        if listing.row_count:
            listing.move_cursor(row=0 if by > 0 else listing.row_count - 1, animate=False)
            self.open_current(replaces=True)
        else:
            failed(NotFoundError("The list has no more records."))

    def finish(self, note: str = "", *, is_read: bool = True) -> None:
        """Say that what was waited for is here, and go on with a step that waited for it."""
        super().finish(note, is_read=is_read)
        if is_read:
            self._stepped()
        self._stepping = None

    def fail(self, error: StorageToolError) -> None:
        """Show an error, also to whoever waits for a step."""
        super().fail(error)
        waiting, self._stepping = self._stepping, None
        if waiting is not None:
            waiting[1](error)
