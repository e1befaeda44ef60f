"""Going to an id or a screen from anywhere: what is typed or pasted is looked up in every store that could hold it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer
from textual.widgets import DataTable, Input

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.goto import IdMatch, IdReport, search_id
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import line
from llama_storage_tui.tui.messages import (
    BackendOpened,
    ConversationOpened,
    FindingsOpened,
    TableOpened,
)
from llama_storage_tui.tui.navigation.commands import NamedDestination
from llama_storage_tui.tui.records.record_lists import record_opened
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.next_steps import help_words
from llama_storage_tui.tui.values.messages import SubjectOpened
from llama_storage_tui.tui.values.viewables import KeySubject
from llama_storage_tui.tui.widgets.listing import ListColumn, Listing
from llama_storage_tui.tui.widgets.status_line import StatusLine

PATIENCE: Final = 0.5
"""Seconds that the other stores are waited for once one has the whole id."""
LEAD: Final = "Go to "
HINT: Final = "An id or its beginning, a key, a table, a backend, a rule, or a screen."
COLUMNS: Final = (
    ListColumn("Kind", most=26),
    ListColumn("ID", grows=True, least=20, cuts_middle=True),
    ListColumn("Where", most=46, gives_way=True),
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A line to choose from, and the message that opens it; None where there is nothing to open."""

    kind: str
    name: str
    where: str
    message: Message | None


class GotoDialog(Dialog[Message]):
    """Answers with the message that opens what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("enter", "go", "Go", "goto.go", "Look it up, or open the selected line"),
        hidden_key("down", "move(1)", "Next line", "goto.next", "Select the next line"),
        hidden_key("up", "move(-1)", "Previous line", "goto.previous", "Select the line before"),
        shown_key("escape", "close", "Close", "dialog.close", "Cancel the search; else close this box"),
    ]

    box_title = "Go to"

    def __init__(self, session: Session, screens: Sequence[NamedDestination]) -> None:
        super().__init__()
        self._session = session
        self._screens = screens
        self._goals: tuple[Goal, ...] = ()
        self._report: IdReport | None = None
        self._is_chosen = False
        """Whether enter opens the selected line: after an answer, or once the operator has moved to one."""
        self._patience: Timer | None = None

    def body(self) -> ComposeResult:
        entry = Input(placeholder="resp_…, conv_…, file-…, a key, findings", compact=True, id="goto")
        entry.cursor_blink = False
        yield entry
        yield Listing(id="goals")
        yield StatusLine()

    def on_mount(self) -> None:
        self.query_one(Listing).can_focus = False
        self._show(())
        self.query_one(StatusLine).say(HINT)
        self.query_one(Input).focus()

    @property
    def _text(self) -> str:
        return self.query_one(Input).value

    def _show(self, goals: Sequence[Goal]) -> None:
        self._goals = tuple(goals)
        listing = self.query_one(Listing)
        listing.display = bool(goals)
        rows = [
            (Shown(goal.kind, Tone.MUTED), Shown(goal.name), Shown(goal.where, Tone.MUTED)) for goal in goals
        ]
        listing.show(COLUMNS, rows)

    # Screens, by their names

    def _named(self) -> list[Goal]:
        wanted = self._text.strip().casefold()
        if not wanted:
            return []
        return [
            Goal("screen", found.title.removeprefix(LEAD), found.help, found.message)
            for found in self._screens
            if _short(found).startswith(wanted)
        ]

    @on(Input.Changed)
    def _typed(self) -> None:
        self._stop()
        self._report, self._is_chosen = None, False
        self._show(self._named())
        self.query_one(StatusLine).say(HINT)

    def action_move(self, by: int) -> None:
        listing = self.query_one(Listing)
        if self._goals:
            at = listing.cursor_row + by if self._is_chosen else 0
            self._is_chosen = True
            listing.move_cursor(row=min(max(at, 0), len(self._goals) - 1), animate=False)

    # Ids, in the stores

    @on(Input.Submitted)
    def action_go(self) -> None:
        """Open the selected line, or the screen of that name, or look the text up."""
        wanted = self._text.strip().casefold()
        exact = [goal for goal in self._named() if goal.name.casefold() == wanted]
        if self._is_chosen:
            self._open(self._goals[self.query_one(Listing).cursor_row])
        elif exact:
            self._open(exact[0])
        elif wanted:
            self._stop()
            self.query_one(StatusLine).wait(f"Looking for {line(self._text.strip(), 60)}")
            self._search(self._text)

    @on(DataTable.RowSelected)
    def _clicked(self) -> None:
        self._open(self._goals[self.query_one(Listing).cursor_row])

    @service_worker("goto")
    async def _search(self, text: str) -> None:
        report: IdReport | None = None
        async with aclosing(search_id(self._session, text)) as reports:
            async for report in reports:
                self.hand_on(self._found, text, report, is_over=False)
        if report is not None:
            self.hand_on(self._found, text, report, is_over=True)

    def _found(self, text: str, report: IdReport, *, is_over: bool) -> None:
        if text != self._text:
            # What is typed is another text by now.
            return
        self._report = report
        self._show([*map(self._goal, report.matches), *self._screens_beside(report)])
        if is_over:
            self._conclude()
        elif any(match.is_exact for match in report.matches) and self._patience is None:
            self._patience = self.set_timer(PATIENCE, self._conclude)
        if not is_over and report.waiting:
            names = ", ".join(dict.fromkeys(report.waiting))
            self.query_one(StatusLine).wait(f"Waiting for {line(names, 100)}")

    def _screens_beside(self, report: IdReport) -> list[Goal]:
        return [] if any(match.is_exact for match in report.matches) else self._named()

    def _conclude(self) -> None:
        """Open what was found, or let the operator choose, or say where was looked."""
        report = self._report
        self._stop()
        if report is None:
            return
        if len(self._goals) == 1 and self._goals[0].message is not None:
            self._open(self._goals[0])
        elif self._goals:
            self._is_chosen = True
            said = f"{len(self._goals)} found: arrows select one, enter opens it."
            self.query_one(StatusLine).say(
                " ".join((said, *notice_words(report.notices), *self._unanswered(report)))
            )
        else:
            self.query_one(StatusLine).fail(
                f"Nothing has the id {line(report.text, 60)}, and nothing begins with it.",
                " ".join(
                    (
                        *self._unanswered(report),
                        *notice_words(report.notices),
                        report.where_asked,
                    )
                ),
            )

    def _unanswered(self, report: IdReport) -> list[str]:
        silent = dict.fromkeys(report.waiting)
        failed = [
            f"{name} gave no answer: {self._session.redact(error.message)}" for name, error in report.failures
        ]
        return [*failed, *(f"{name} had not answered yet." for name in silent)]

    def failed(self, error: StorageToolError) -> None:
        self.query_one(StatusLine).fail(self._session.redact(error.message), help_words(error.help))

    def _stop(self) -> bool:
        """Stop a search; return whether one ran."""
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        running = [worker for worker in self.workers if worker.node is self and worker.is_running]
        self.workers.cancel_node(self)
        return bool(running)

    def action_close(self) -> None:
        if self._stop():
            self._is_chosen = bool(self._goals)
            self.query_one(StatusLine).say("Cancelled: enter looks again.")
        else:
            self.dismiss()

    # Opening

    def _open(self, goal: Goal) -> None:
        if goal.message is None:
            self.query_one(StatusLine).say(f"{goal.name}: {goal.where}.")
        else:
            self.dismiss(goal.message)

    def _goal(self, match: IdMatch) -> Goal:
        return Goal(match.kind, match.id, match.where, self._message(match))

    def _message(self, match: IdMatch) -> Message | None:
        if match.family is not None:
            return record_opened(match.family, match.id)
        if match.conversation is not None:
            return ConversationOpened(match.conversation)
        if match.backend is None:
            return FindingsOpened(match.id) if match.kind == "finding" else None
        if match.table is not None:
            return TableOpened(match.backend, match.table)
        if match.entry is not None and match.namespace is not None:
            return SubjectOpened(KeySubject(self._session, match.backend, match.namespace, match.entry))
        return BackendOpened(match.backend)


def _short(found: NamedDestination) -> str:
    """Return a screen's name as it is typed: `responses`, `files`, `kv_default`."""
    name = found.title.removeprefix(LEAD)
    for lead in ("objects: ", "backend "):
        name = name.removeprefix(lead)
    return name.casefold()
