"""What the screens share that show a page at a time: the way forward, and the way back by the cursors passed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from llama_storage_tui.model.data import Cursor
from llama_storage_tui.tui.screens.base import WorkScreen


class PagedScreen(WorkScreen):
    """Pages in order. A page that fails or is cancelled leaves the one before on show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "next", "Next", id="page.next", tooltip="Show the next page"),
        Binding("p", "previous", "Previous", id="page.previous", tooltip="Show the page before"),
        Binding("ctrl+r", "reload", "Reload", id="screen.reload", show=False, tooltip="Read this page again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._passed: list[Cursor | None] = [None]
        """Where each page up to this one began; the last is this one's."""
        self._pending: list[Cursor | None] = self._passed
        """The same for the page that is being read."""
        self._following: Cursor | None = None
        self._starts: list[int] = [0]
        """How many rows lie before each page that was read, by its number."""

    @property
    def page_number(self) -> int:
        """The number of this page, from 1."""
        return len(self._passed)

    @property
    def rows_before(self) -> int:
        """How many rows lie before this page."""
        return self._starts[min(len(self._passed), len(self._starts)) - 1]

    def read(self, after: Cursor | None) -> None:
        """Begin to read the page after a cursor."""
        raise NotImplementedError

    def restart(self) -> None:
        """Begin again at the first page, since the question changed."""
        self._go([None])

    def arrived(self, following: Cursor | None, rows: int) -> None:
        """Note that the page asked for is here, and where the next one begins."""
        self._passed, self._following = self._pending, following
        del self._starts[len(self._passed) :]
        self._starts.append(self._starts[-1] + rows)

    def _go(self, to: list[Cursor | None]) -> None:
        self._pending = to
        self.read(to[-1])

    def action_next(self) -> None:
        """Show the next page."""
        if self._following is not None:
            self._go([*self._passed, self._following])

    def action_previous(self) -> None:
        """Show the page before."""
        if len(self._passed) > 1:
            self._go(self._passed[:-1])

    def action_reload(self) -> None:
        """Read the page again that was asked for last."""
        self._go(self._pending)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey the directions in which there is no page."""
        if action == "next":
            return True if self._following is not None else None
        if action == "previous":
            return True if len(self._passed) > 1 else None
        return super().check_action(action, parameters)
