"""What the screens share that look at the responses stored last at once, and at all of them where asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Generic, TypeVar

from llama_storage_tui.model.statistics import Sample
from llama_storage_tui.reports.amounts import scope
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.records.frame import RecordFrame
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key

COUNT_ALL: Final = shown_key(
    "x", "count", "Count all", "browse.count", "Look at every response instead of the last ones"
)
LOOK_AGAIN: Final = hidden_key("ctrl+r", "reload", "Reload", "screen.reload", "Look again")


Seen = TypeVar("Seen", bound=Sample)


class SampledScreen(RecordFrame, Generic[Seen]):
    """Looks at the responses stored last when it opens, at all of them on `x`; subclasses bind COUNT_ALL and LOOK_AGAIN."""

    shows_growing = True
    """Whether a look at everything shows what it has found so far."""
    enter_hint: str
    """What `enter` does, in words."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._seen: Seen | None = None
        self._is_exact = False

    @abstractmethod
    def sample(self, *, exact: bool) -> AsyncGenerator[Seen]:
        """Yield what is found, growing; raises StorageToolError."""

    @abstractmethod
    def show_sample(self) -> None:
        """Draw what was found so far."""

    def sample_facts(self) -> list[Shown]:
        """Return of what the counts are, for the headline; nothing before the first look."""
        if self._seen is None:
            return []
        facts = [Shown(scope(self._seen), Tone.MUTED if self._seen.is_exact else Tone.KEY)]
        if not self._seen.is_exact:
            facts.append(Shown(f"of about {self._seen.estimated_rows:,}", Tone.MUTED))
        return facts

    def _start(self, *, exact: bool) -> None:
        self._is_exact = exact
        self.begin("Looking at every response" if exact else "Looking at the responses stored last")
        self._look(exact=exact)

    @service_worker("browse")
    async def _look(self, *, exact: bool) -> None:
        seen: Seen | None = None
        async with aclosing(self.sample(exact=exact)) as growing:
            async for seen in growing:
                self.hand_on(self._grew, seen)
        if seen is not None:
            self.hand_on(self._grew, seen, is_over=True)

    def _grew(self, seen: Seen, *, is_over: bool = False) -> None:
        if not self.is_waiting:
            return
        is_counting = self._is_exact and not is_over
        if self.shows_growing or not is_counting:
            self._seen = seen
            self.show_sample()
        if is_over:
            more = "" if seen.is_exact else "x counts all of them; "
            self.finish(" ".join((*notice_words(seen.notices), f"{more}{self.enter_hint}")))
        elif is_counting:
            percent = min(99, seen.done * 100 // seen.total) if seen.total else 0
            self.begin(f"Looking at every response: {percent} %, {seen.rows:,} seen")

    def action_count(self) -> None:
        """Look at all responses."""
        self._start(exact=True)

    def action_reload(self) -> None:
        """Look at the responses stored last again."""
        self._start(exact=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to count where all was seen."""
        if action == "count":
            return True if self._seen is not None and not self._seen.is_exact else None
        return super().check_action(action, parameters)
