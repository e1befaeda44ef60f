"""What a search through responses has come to: found so far, how far, and how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from llama_storage_tui.model.access import Hiding
from llama_storage_tui.model.data import Cursor
from llama_storage_tui.model.responses import ResponseBatch, ResponseSummary
from llama_storage_tui.tui.fitting import plural
from llama_storage_tui.tui.marks import Shown, Tone


class HuntState(StrEnum):
    """How a search stands."""

    RUNNING = "running"
    DONE = "done"
    FULL = "full"
    """It stopped since a screen holds no more."""
    CANCELLED = "cancelled"


def percent(done: int, total: int) -> str:
    """Return how much of the tables is read; never `100 %`, which is said at the end alone."""
    return f"{min(99, done * 100 // total) if total else 0} %"


@dataclass(slots=True)
class Hunt:
    """A search and what it found; `done` of `total` positions are read."""

    found: list[ResponseSummary] = field(default_factory=list)
    done: int = 0
    total: int = 0
    state: HuntState = HuntState.RUNNING
    notices: list[str] = field(default_factory=list)
    hidden: Counter[Hiding] = field(default_factory=Counter)

    def take(self, batch: ResponseBatch) -> None:
        """Add what a search says."""
        self.found += batch.responses
        self.notices += batch.notices
        self.hidden.update(batch.hidden)
        self.done, self.total = batch.done, batch.total

    def page(self, after: Cursor | None, size: int) -> tuple[tuple[ResponseSummary, ...], Cursor | None]:
        """Return a page of what is found, and where the next one begins."""
        start = int(after or 0)
        following = str(start + size) if len(self.found) > start + size else None
        return tuple(self.found[start : start + size]), following

    @property
    def percent(self) -> str:
        """How much of the tables is read; never `100 %` before the end."""
        if self.state is HuntState.DONE:
            return "100 %"
        return percent(self.done, self.total)

    @property
    def progress(self) -> str:
        """How far the search is, in a few words."""
        return f"{self.percent} searched, {len(self.found):,} found"

    @property
    def fact(self) -> Shown:
        """What a headline says of the search."""
        match self.state:
            case HuntState.RUNNING:
                return Shown(f"◌ {self.progress}", Tone.KEY)
            case HuntState.DONE:
                return Shown(f"{len(self.found):,} found", Tone.MUTED)
            case HuntState.FULL | HuntState.CANCELLED:
                return Shown(f"▲ incomplete: {self.progress}", Tone.WARNING)

    @property
    def sentence(self) -> str:
        """What came of the search."""
        found = f"{plural(len(self.found), 'response')} found"
        match self.state:
            case HuntState.RUNNING:
                return f"Searching: {self.progress}"
            case HuntState.DONE:
                return f"{found}: everything was searched." if self.found else "No response is like that."
            case HuntState.FULL:
                return f"{found}, {self.percent} searched: no more are shown. / narrows, with Until for the older ones."
            case HuntState.CANCELLED:
                return f"Cancelled: {found}, {self.percent} searched, so there may be more. ctrl+r searches again."
