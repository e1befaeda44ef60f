"""What a search through responses has come to: found so far, how far, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.access import Hiding
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.responses import ResponseBatch, ResponseSummary
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.text import plural
from llama_storage_tui.tui.style.glyphs import Shown, Tone

MOST_FOUND: Final = 1000
"""Responses that a search brings to a screen before it waits for who reads them."""


class SearchState(StrEnum):
    """How a search stands."""

    RUNNING = "running"
    DONE = "done"
    FULL = "full"
    """It stopped since a screen holds no more; it can go on."""
    CANCELLED = "cancelled"


def percent(done: int, total: int) -> str:
    """Return how much of the tables is read; never `100 %`, which is said at the end alone."""
    return f"{min(99, done * 100 // total) if total else 0} %"


@dataclass(slots=True, eq=False)
class ResponseSearch:
    """A part of a search, up to MOST_FOUND responses, and what it found; `done` of `total` positions are read.

    The parts before are known by where they start, and no more: who goes back to one searches it again.
    """

    starts: tuple[Cursor | None, ...] = (None,)
    part: int = 0
    found: list[ResponseSummary] = field(default_factory=list)
    done: int = 0
    total: int = 0
    state: SearchState = SearchState.RUNNING
    notices: list[str] = field(default_factory=list)
    hidden: Counter[Hiding] = field(default_factory=Counter)

    @property
    def start(self) -> Cursor | None:
        """Where this part begins."""
        return self.starts[self.part]

    @property
    def before(self) -> int:
        """How many responses the parts before have."""
        return self.part * MOST_FOUND

    @property
    def so_far(self) -> int:
        """How many responses were found, those of the parts before included."""
        return self.before + len(self.found)

    def holds(self, after: Cursor | None) -> bool:
        """Tell whether a page lies in this part."""
        return int(after or 0) // MOST_FOUND == self.part

    def towards(self, after: Cursor | None) -> ResponseSearch:
        """Return the part that a page lies in, not searched yet."""
        return ResponseSearch(self.starts, int(after or 0) // MOST_FOUND)

    def take(self, batch: ResponseBatch) -> None:
        """Add what a search says."""
        self.found += batch.responses
        self.notices += notice_words(batch.notices)
        self.hidden.update(batch.hidden)
        if batch.next is not None:
            self.starts = (*self.starts[: self.part + 1], batch.next)
        self.done, self.total = batch.done, batch.total

    def page(self, after: Cursor | None, size: int) -> tuple[tuple[ResponseSummary, ...], Cursor | None]:
        """Return a page of what is found, and where the next one begins."""
        start = int(after or 0) - self.before
        end = start + size
        is_more = len(self.found) > end or (self.state is SearchState.FULL and len(self.found) == end)
        return tuple(self.found[start:end]), str(self.before + end) if is_more else None

    @property
    def percent(self) -> str:
        """How much of the tables is read; never `100 %` before the end."""
        if self.state is SearchState.DONE:
            return "100 %"
        return percent(self.done, self.total)

    @property
    def progress(self) -> str:
        """How far the search is, in a few words."""
        return f"{self.percent} searched, {self.so_far:,} found"

    @property
    def fact(self) -> Shown:
        """What a headline says of the search."""
        match self.state:
            case SearchState.RUNNING:
                return Shown(f"◌ {self.progress}", Tone.KEY)
            case SearchState.DONE:
                return Shown(f"{self.so_far:,} found", Tone.MUTED)
            case SearchState.FULL | SearchState.CANCELLED:
                return Shown(f"▲ incomplete: {self.progress}", Tone.WARNING)

    @property
    def sentence(self) -> str:
        """What came of the search."""
        found = f"{plural(self.so_far, 'response')} found"
        match self.state:
            case SearchState.RUNNING:
                return f"Searching: {self.progress}"
            case SearchState.DONE:
                return f"{found}: everything was searched." if self.so_far else "No responses match."
            case SearchState.FULL:
                return f"{found} so far, {self.percent} searched: n on the last page searches on, / narrows the search."
            case SearchState.CANCELLED:
                return f"Cancelled: {found}, {self.percent} searched, so there may be more. ctrl+r searches again."
