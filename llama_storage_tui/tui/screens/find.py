"""Finding a text in what a screen shows: one way for values, responses, messages and everything else that is read in full."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from dataclasses import field
from time import monotonic
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.widget import Widget

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.screens.base import WorkScreen
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.find_bar import FindBar
from llama_storage_tui.tui.widgets.searching import MOST_HITS, Hit, Searchable, pattern_of
from llama_storage_tui.tui.widgets.status_line import StatusLine

GROUP: Final = "find"
SLICE: Final = 0.01
"""Seconds that a search runs before it lets the screen be drawn."""
REPORT: Final = 0.1

_NEXT: Final = shown_key("n", "find_step(1)", "Next hit", "find.next", "Go to the next hit")


@dataclass(eq=False, slots=True)
class TextSearch:
    """One search: what is looked for and where, and what was found so far; `at` is the number of the current hit."""

    text: str
    pattern: re.Pattern[str]
    where: Searchable
    start: Hit
    hits: list[Hit] = field(default_factory=list)
    at: int | None = None
    steps: int = 0
    """How many hits further an operator wants to be who did not wait for the first one."""
    is_over: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it ended since there are too many hits."""
        return len(self.hits) >= MOST_HITS

    @property
    def count(self) -> str:
        """Which hit of how many."""
        number = f"{'≥ ' if self.is_full else ''}{len(self.hits):,}"
        if not self.hits:
            return "not found" if self.is_over else "searching…"
        of = f"{(self.at or 0) + 1:,} of {number}" if self.at is not None else number
        return of if self.is_over else f"{of}, searching…"


class FindScreen(WorkScreen):
    """A screen that a text can be found in: `searchable` says in which of its widgets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("slash", "find", "Find", "screen.find", "Find a text in what is shown"),
        _NEXT,
        shown_key("N", "find_step(-1)", "Previous hit", "find.previous", "Go to the previous hit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._find: TextSearch | None = None
        self._find_last = ""
        """What was looked for last."""
        # `n` shows the next part on most screens, and while hits are marked the next hit. Of a class and its bases Textual keeps
        # one binding a key; of several of an instance it takes the first that can be had.
        keys = self._bindings.key_to_bindings
        keys[_NEXT.key] = [_NEXT, *(each for each in keys.get(_NEXT.key, ()) if each.id != _NEXT.id)]

    @property
    def searchable(self) -> Searchable | None:
        """The widget on show that a text can be found in; None where there is none yet."""
        raise NotImplementedError

    def action_find(self) -> None:
        """Ask for a text."""
        if not self.query(FindBar):
            self.mount(FindBar(), before=self.query_one(StatusLine))
        self.call_later(self._find_ask)

    def _find_ask(self) -> None:
        for bar in self.query(FindBar):  # none where the screen is being left
            bar.open(self._find_last)

    @on(FindBar.Sent)
    def _find_sent(self, message: FindBar.Sent) -> None:
        self._unmark()
        where = self.searchable
        if not message.text or where is None:
            self._close_find_bar()
            return
        self._find_last = message.text
        search = self._find = TextSearch(message.text, pattern_of(message.text), where, where.place)
        where.highlight(search.pattern)
        self._focus_found()
        self._find_say()
        self._find_look(search)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self.end_find()

    def end_find(self) -> None:
        """Take the marks off, end a search that runs, and close the line."""
        self._unmark()
        self._close_find_bar()

    def _unmark(self) -> None:
        search, self._find = self._find, None
        if search is not None:
            self.workers.cancel_group(self, GROUP)
            search.where.highlight(None)
            self.refresh_bindings()

    def _close_find_bar(self) -> None:
        for bar in self.query(FindBar):
            bar.remove()
            self._focus_found()

    def _focus_found(self) -> None:
        where: object = self.searchable
        if isinstance(where, Widget):
            inside = next((each for each in where.walk_children(Widget) if each.can_focus), None)
            (where if where.can_focus else inside or where).focus()

    @work(exclusive=True, group=GROUP, exit_on_error=False)
    async def _find_look(self, search: TextSearch) -> None:
        found: list[Hit] = []
        number, paused, said = 0, monotonic(), monotonic()
        for hit in search.where.hits(search.pattern):
            if hit is not None:
                found.append(hit)
                number += 1
                if number >= MOST_HITS:
                    break
            now = monotonic()
            if now - said > REPORT and found:
                self.hand_on(self._find_found, search, found, is_over=False)
                found, said = [], now
            if now - paused > SLICE:
                await asyncio.sleep(0)
                paused = monotonic()
        self.hand_on(self._find_found, search, found, is_over=True)

    def _find_found(self, search: TextSearch, hits: list[Hit], *, is_over: bool) -> None:
        if search is not self._find:
            return
        search.hits += hits
        search.is_over = is_over
        if search.at is None and search.hits:
            at = bisect_left(search.hits, search.start)
            if at < len(search.hits) or search.is_over:
                self._find_go(search, (at + search.steps) % len(search.hits))
        self._find_say()
        self.refresh_bindings()

    def _find_go(self, search: TextSearch, at: int) -> None:
        search.at = at
        problem = search.where.go_to(search.hits[at])
        self.hit_shown()
        if problem:
            self.status.say(problem)

    def hit_shown(self) -> None:
        """Say anew what changes where another part of a long text is shown, as for a hit in it."""
        self.refresh_bindings()

    def _find_say(self) -> None:
        search = self._find
        if search is not None:
            self.query_one(FindBar).say(search.text, search.count, has_hits=bool(search.hits))

    def action_find_step(self, by: int) -> None:
        search = self._find
        if search is None:
            return
        if search.at is None:
            search.steps += by
        else:
            self._find_go(search, (search.at + by) % len(search.hits))
            self._find_say()

    def action_back(self) -> None:
        """End the search first."""
        if self._find is not None:
            self.end_find()
        else:
            super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the next hit where there are hits, or may be: who types fast does not wait for the first."""
        if action == "find_step":
            return self._find is not None and (bool(self._find.hits) or not self._find.is_over)
        if action == "find":
            return True if self.is_mounted and self.searchable is not None else None
        return super().check_action(action, parameters)
