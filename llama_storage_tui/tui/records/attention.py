"""What of the stored responses deserves a look: reasons with counts, at once over the last stored, exactly where asked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.model.attention import Attention, CategoryCount, CategoryName
from llama_storage_tui.model.families import Query
from llama_storage_tui.reports.attention import CategoryWords, category_words
from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import ResponsesOpened
from llama_storage_tui.tui.records.sampled import COUNT_ALL, LOOK_AGAIN, SampledScreen
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Responses", most=12, is_number=True),
    ListColumn("Reason", most=44),
    ListColumn("Why", grows=True, least=20),
)
_BAD: Final = frozenset(
    {CategoryName.FAILED, CategoryName.STUCK, CategoryName.UNPARSABLE, CategoryName.NO_OBJECT}
)


class AttentionScreen(SampledScreen[Attention]):
    """A list of reasons, and below it why the one under the cursor deserves a look and what to do next."""

    BINDINGS: ClassVar[list[BindingType]] = [COUNT_ALL, LOOK_AGAIN]

    enter_hint = "enter lists the responses of a reason."

    def __init__(self, session: Session, now: float | None = None) -> None:
        super().__init__(session)
        self._now = now
        self._has_pointed = False

    def body(self) -> ComposeResult:
        yield from self.frame("places")

    def on_mount(self) -> None:
        self._head()
        self.note(None)
        self.listing.focus()
        self.action_reload()

    def _head(self) -> None:
        facts: list[Shown] = []
        seen = self._seen
        if seen is not None:
            found = sum(each.count > 0 for each in seen.categories)
            facts.append(
                Shown(f"▲ {found} kinds of problem" if found != 1 else "▲ 1 kind of problem", Tone.WARNING)
                if found
                else Shown("● nothing", Tone.GOOD)
            )
        self.headline.show([self.outermost, "what deserves a look"], facts=facts + self.sample_facts())

    def sample(self, *, exact: bool) -> AsyncGenerator[Attention]:
        """Yield what deserves a look, growing."""
        return attention(self._session, exact=exact, now=self._now)

    def show_sample(self) -> None:
        """List the reasons; the cursor begins on the first that has any."""
        assert self._seen is not None, "shown when something was found"  # noqa: S101 - for the reader
        self._head()
        self.listing.show(
            COLUMNS,
            [_cells(each, self._words(each)) for each in self._seen.categories],
            [each.category.name for each in self._seen.categories],
        )
        found = next((each for each in self._seen.categories if each.count), None)
        if found is not None and not self._has_pointed:
            self._has_pointed = True
            self.listing.point(found.category.name)
        self._tell()

    @property
    def _current(self) -> CategoryCount | None:
        name = self.listing.current
        seen = self._seen.categories if self._seen is not None else ()
        return next((each for each in seen if each.category.name == name), None)

    def _words(self, found: CategoryCount) -> CategoryWords:
        assert self._seen is not None, "there are counts when something was found"  # noqa: S101 - for the reader
        return category_words(found.category.name, self._seen.version, self._seen.thresholds)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        found = self._current
        self.note(None if found is None else _why(self._words(found)))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        found = self._current
        if found is not None:
            query = Query(conditions=found.category.conditions)
            self.post_message(ResponsesOpened(query, self._words(found).title))


def _why(words: CategoryWords) -> Content:
    return Content.assemble(
        (line(words.why, 400), Tone.PLAIN.style),
        (f"\n→ {line(words.next_step, 400)}", Tone.MUTED.style),
    )


def _cells(found: CategoryCount, words: CategoryWords) -> tuple[Shown, ...]:
    if not found.count:
        return Shown("–", Tone.MUTED), Shown(words.title, Tone.MUTED), Shown("", Tone.MUTED)
    is_bad = found.category.name in _BAD
    tone = Tone.BAD if is_bad else Tone.WARNING
    at_least = "" if found.is_exact else "≥ "
    return (
        Shown(f"{at_least}{found.count:,}", tone),
        Shown(f"{'✗' if is_bad else '▲'} {words.title}", tone),
        Shown(words.why),
    )
