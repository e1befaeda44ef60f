"""What of the stored responses deserves a look: reasons with counts, at once over the last stored, exactly where asked for."""

from __future__ import annotations

from contextlib import aclosing
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.attention import Attention, Category, CategoryCount
from llama_storage_tui.model.families import Query
from llama_storage_tui.services.responses.attention import attention
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import Failed, ResponsesOpened
from llama_storage_tui.tui.records.frame import RecordFrame
from llama_storage_tui.tui.records.messages import AttentionGrew
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.widgets.listing import ListColumn

COLUMNS: Final = (
    ListColumn("Responses", most=12, is_number=True),
    ListColumn("Reason", most=44),
    ListColumn("Why", grows=True, least=20),
)
_BAD: Final = frozenset({"failed", "stuck", "unparsable", "no-object"})


class AttentionScreen(RecordFrame):
    """A list of reasons, and below it why the one under the cursor deserves a look and what to do next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x",
            "count",
            "Count all",
            id="browse.count",
            tooltip="Look at every response instead of the last ones",
        ),
        Binding("ctrl+r", "reload", "Reload", id="screen.reload", show=False, tooltip="Look again"),
    ]

    def __init__(self, session: Session, now: float | None = None) -> None:
        super().__init__()
        self._session = session
        self._now = now
        self._seen: Attention | None = None
        self._is_exact = False

    def compose(self) -> ComposeResult:
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
            facts.append(Shown(seen.scope, Tone.MUTED if seen.is_exact else Tone.KEY))
            if not seen.is_exact:
                facts.append(Shown(f"of about {seen.estimated_rows:,}", Tone.MUTED))
        self.headline(["what deserves a look"], facts)

    def _start(self, *, exact: bool) -> None:
        self._is_exact = exact
        self.begin("Looking at every response" if exact else "Looking at the responses stored last")
        self._look(exact=exact)

    @work(exclusive=True, group="browse", exit_on_error=False)
    async def _look(self, *, exact: bool) -> None:
        seen: Attention | None = None
        try:
            async with aclosing(attention(self._session, exact=exact, now=self._now)) as growing:
                async for seen in growing:
                    self.post_message(AttentionGrew(seen))
        except StorageToolError as error:
            self.post_message(Failed(error))
        else:
            if seen is not None:
                self.post_message(AttentionGrew(seen, is_over=True))

    @on(AttentionGrew)
    def _grew(self, message: AttentionGrew) -> None:
        if not self.is_waiting:
            return
        is_first = self._seen is None
        seen = self._seen = message.attention
        self._head()
        self.listing.show(
            COLUMNS,
            [_cells(each) for each in seen.categories],
            [each.category.name for each in seen.categories],
        )
        found = next((each for each in seen.categories if each.count), None)
        if is_first and found is not None:
            self.listing.point(found.category.name)
        self._tell()
        if message.is_over:
            more = "" if seen.is_exact else "x counts all of them; "
            self.finish(" ".join((*seen.notices, f"{more}enter lists the responses of a reason.")))
        elif self._is_exact:
            percent = min(99, seen.done * 100 // seen.total) if seen.total else 0
            self.begin(f"Looking at every response: {percent} %, {seen.rows:,} seen")

    @property
    def _current(self) -> CategoryCount | None:
        name = self.listing.current
        seen = self._seen.categories if self._seen is not None else ()
        return next((each for each in seen if each.category.name == name), None)

    @on(DataTable.RowHighlighted)
    def _tell(self) -> None:
        found = self._current
        self.note(None if found is None else _why(found.category))

    @on(DataTable.RowSelected)
    def _selected(self) -> None:
        found = self._current
        if found is not None:
            query = Query(conditions=found.category.conditions)
            self.post_message(ResponsesOpened(query, found.category.title))

    def action_count(self) -> None:
        self._start(exact=True)

    def action_reload(self) -> None:
        self._start(exact=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to count where all was seen."""
        if action == "count":
            return True if self._seen is not None and not self._seen.is_exact else None
        return super().check_action(action, parameters)


def _why(category: Category) -> Content:
    return Content.assemble(
        (line(category.why, 400), Tone.PLAIN.style),
        (f"\n→ {line(category.next_step, 400)}", Tone.MUTED.style),
    )


def _cells(found: CategoryCount) -> tuple[Shown, ...]:
    if not found.count:
        return Shown("–", Tone.MUTED), Shown(found.category.title, Tone.MUTED), Shown("", Tone.MUTED)
    is_bad = found.category.name in _BAD
    tone = Tone.BAD if is_bad else Tone.WARNING
    at_least = "" if found.is_exact else "≥ "
    return (
        Shown(f"{at_least}{found.count:,}", tone),
        Shown(f"{'✗' if is_bad else '▲'} {found.category.title}", tone),
        Shown(found.category.why),
    )
