"""A transfer of stored data: its plan, how far it is, how it ended; or one that is half done, and what goes on with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import BindingType

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.reports.lines import Block
from llama_storage_tui.reports.rotation import error_block
from llama_storage_tui.reports.transfer import pending_transfer_blocks, progress_block, progress_sentence
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import ReloadRequested
from llama_storage_tui.tui.screens.confirmation import AskingDialog
from llama_storage_tui.tui.screens.report import ReportScreen
from llama_storage_tui.tui.screens.session_screen import SessionScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.transfers.controllers import Carry, ShownPlan, TransferController, Watch
from llama_storage_tui.tui.widgets.blocks import line_row, rows_of
from llama_storage_tui.tui.widgets.sheet import Row

if TYPE_CHECKING:
    from llama_storage_tui.model.pending import PendingTransfer
    from llama_storage_tui.model.transfer_result import TransferProgress, TransferResult

HOLDS: Final = (
    "Rows are on their way. escape stops this first: what is not committed is rolled back, and what is committed can be"
    " finished or undone."
)
SECONDS: Final = 0.1
"""How often an item that runs is told of."""


class Phase(Enum):
    """Where a transfer is."""

    PLANNING = auto()
    PLANNED = auto()
    RUNNING = auto()
    STOPPING = auto()
    PENDING = auto()
    ENDED = auto()
    FAILED = auto()


_RUNS: Final = (Phase.RUNNING, Phase.STOPPING)


class TransferScreen(ReportScreen):
    """One transfer of a config's data."""

    CSS_PATH = "transfers.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("a", "apply", "Carry out", "transfer.apply", "Do what the plan says; asks once"),
        shown_key("f", "resume", "Finish", "transfer.resume", "Finish the unfinished transfer"),
        shown_key(
            "u",
            "undo",
            "Undo",
            "transfer.undo",
            "Undo the transfer: remove what it wrote, and nothing else; asks once",
        ),
        shown_key("m", "options", "Options", "transfer.options", "Choose where from, where to, and how"),
        hidden_key("ctrl+r", "reload", "Plan again", "screen.reload", "Make a new plan"),
    ]

    def __init__(self, session: Session, controller: TransferController) -> None:
        super().__init__(session)
        self._controller = controller
        self._phase = Phase.PLANNING
        self._plan: ShownPlan | None = None
        self._pending: PendingTransfer | None = None
        self._error: StorageToolError | None = None
        self._seen: dict[str, TransferProgress] = {}
        self._expected: Mapping[str, int | None] = {}
        """The items that run, with their rows; none where no plan was made before."""
        self._begun = 0.0
        self._is_outdated = False
        """Whether config or pending transfers may be others than those of the catalog's screen."""

    @property
    def must_stay(self) -> str:
        """Why this cannot be left now; empty where it can."""
        return HOLDS if self._phase in _RUNS else ""

    def on_mount(self) -> None:
        """Look for what is half done, then plan."""
        self._start()

    # What is shown

    def _head(self, *facts: Shown) -> None:
        config = self._session.catalog.config
        self.headline.show([self.outermost, self._controller.title], place=config, facts=facts)

    def _show(self, *blocks: Block, keeps_place: bool = False) -> None:
        self.rows.show(rows_of(blocks, self.redact), keeps_place=keeps_place)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self.refresh_bindings()

    # The plan

    def _start(self) -> None:
        self._plan = self._pending = self._error = None
        self._enter(Phase.PLANNING)
        self._head(Shown("◌ planning", Tone.KEY))
        self._show()
        self.begin("Looking for an unfinished transfer, and counting every row")
        self._look()

    @service_worker("transfer")
    async def _look(self) -> None:
        pending = await self._controller.pending()
        if pending is not None or self._controller.lacks:
            self.hand_on(self._looked, pending)
            return
        self.hand_on(self._planned, await self._controller.plan())

    def _planned(self, plan: ShownPlan) -> None:
        self._plan = plan
        self._enter(Phase.PLANNED)
        self._show(*plan.blocks)
        if plan.is_refused:
            self._head(Shown("✗ cannot be done now", Tone.BAD))
            self.finish("Nothing was changed. m: options, ctrl+r: plan again")
        elif plan.carry is None:
            self._head(Shown("✓ nothing to do", Tone.GOOD))
            self.finish("Nothing was changed.")
        else:
            self._head(Shown("○ planned, nothing was changed", Tone.GOOD))
            self.finish("a: carry it out (asks first), m: options")

    def _looked(self, pending: PendingTransfer | None) -> None:
        self._pending = pending
        if pending is None:
            self._none_pending()
            return
        self._enter(Phase.PENDING)
        failure = [error_block(self._error)] if self._error is not None else []
        self._head(Shown("▲ unfinished", Tone.WARNING))
        self._show(*failure, *pending_transfer_blocks(pending))
        self.finish("f: finish it, u: undo it")

    def _none_pending(self) -> None:
        """Go on where nothing is half done: with the choice that the plan needs, or with what went wrong."""
        if self._phase in _RUNS:
            self._enter(Phase.FAILED)
            self._head(Shown("✗ nothing was changed", Tone.BAD))
            self._show(*([error_block(self._error)] if self._error is not None else []))
            stopped = "" if self._error is not None else "Stopped: everything was rolled back. "
            self.finish(f"{stopped}ctrl+r: plan again")
            return
        self._enter(Phase.FAILED)
        self._head(Shown("○ no plan yet", Tone.MUTED))
        self.finish(self._controller.lacks)
        self.action_options()

    def failed(self, error: StorageToolError) -> None:
        self._error = error
        if self._phase in _RUNS or error.kind == "pending":
            self._is_outdated = True
            self._look_for_pending()
            return
        self._enter(Phase.FAILED)
        self._head(Shown("✗ no plan", Tone.BAD))
        self._show(error_block(error))
        self.finish("m: options, ctrl+r: try again")

    @work(exclusive=True, group="transfer", exit_on_error=False)
    async def _look_for_pending(self) -> None:
        self.hand_on(self._looked, await self._controller.pending())

    # On its way

    def _run(self, carry: Carry, *, is_move: bool, expected: Mapping[str, int | None] | None = None) -> None:
        self._seen = {}
        self._expected = expected or {}
        self._error = None
        self._is_outdated = self._is_outdated or is_move or self._pending is not None
        self._begun = time.monotonic()
        self._enter(Phase.RUNNING)
        self._head(Shown("◌ running", Tone.KEY))
        self._show_progress()
        self.begin("Copying, reading back, verifying" if expected else "Asking the stores")
        self._carry_out(carry, is_move=is_move)

    @service_worker("transfer")
    async def _carry_out(self, carry: Carry, *, is_move: bool) -> None:
        try:
            result = await carry(self._watcher())
        except asyncio.CancelledError:
            self.hand_on(self._stopped)
            raise
        self.hand_on(self._ended, result, is_move=is_move)

    def _watcher(self) -> Watch:
        """Return what hears of rows in another thread: of each item's beginning and end, and now and then in between."""
        last, what = 0.0, ""

        def watch(progress: TransferProgress) -> None:
            nonlocal last, what
            now = time.monotonic()
            if now - last >= SECONDS or progress.what != what or progress.rows == progress.of:
                last, what = now, progress.what
                self.hand_on(self._brought, progress)

        return watch

    def _brought(self, progress: TransferProgress) -> None:
        self._seen.pop(progress.what, None)
        self._seen[progress.what] = progress
        if self._phase in _RUNS:
            self._show_progress()

    def _show_progress(self) -> None:
        self._show(progress_block(self._expected, self._seen, is_running=True), keeps_place=True)
        current = next(reversed(list(self._seen)), None)
        if current is not None and self._phase is Phase.RUNNING:
            seconds = time.monotonic() - self._begun
            self._head(Shown("◌ running", Tone.KEY), Shown(f"{seconds:,.0f} s", Tone.MUTED))
            self.status.wait(progress_sentence(self._seen[current]))

    def _stopped(self) -> None:
        self._is_outdated = True
        self._look_for_pending()

    def _ended(self, result: TransferResult, *, is_move: bool) -> None:
        self._ended_as = is_move
        self._can_undo = result.outcome in (Outcome.APPLIED, Outcome.RECOVERED)
        for screen in self.app.screen_stack:
            if isinstance(screen, SessionScreen) and screen is not self:
                screen.is_outdated = True
        self._enter(Phase.ENDED)
        left = Shown(f"▲ {plural(len(result.left), 'row')} left", Tone.WARNING)
        self._head(Shown("✓ done", Tone.GOOD), *([left] if result.left else []))
        self._show(*self._controller.ending(result, is_move=is_move))
        self.finish("u: undo it, escape: go back" if self._can_undo else "escape: go back")

    # Keys

    _can_undo = False
    _ended_as = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what can be done in this phase."""
        match action:
            case "apply":
                return (
                    self._phase is Phase.PLANNED and self._plan is not None and self._plan.carry is not None
                )
            case "resume":
                return self._phase is Phase.PENDING and self._pending is not None
            case "undo":
                return self._phase is Phase.PENDING or (self._phase is Phase.ENDED and self._can_undo)
            case "options":
                is_idle = self._phase in (Phase.PLANNED, Phase.FAILED)
                return is_idle and bool(self._controller.has_options)
            case "reload":
                return self._phase not in (*_RUNS, Phase.PLANNING)
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        """Plan again."""
        self._start()

    def action_options(self) -> None:
        """Ask what is to be chosen, then plan."""
        dialog = self._controller.options()
        if dialog is not None:
            self.app.push_screen(dialog, self._chosen)

    def _chosen(self, options: object) -> None:
        if options is not None:
            self._controller.choose(options)
            self._start()
        elif self._controller.lacks:
            # Nothing was ever planned: this screen has nothing to show.
            self.action_back()

    def action_apply(self) -> None:
        """Ask, then do what the plan says."""
        plan = self._plan
        if plan is not None and plan.carry is not None:
            carry = plan.carry
            rows = [line_row(each, self.redact) for each in plan.warnings]
            self._ask(
                plan.question,
                rows,
                lambda: self._run(carry, is_move=self._controller.is_move, expected=plan.expected),
            )

    def action_resume(self) -> None:
        """Ask, then finish what is half done."""
        pending = self._pending
        if pending is None:
            return
        accepts = self._controller.accepts_open

        def carry(watch: Watch) -> Awaitable[TransferResult]:
            return self._controller.resume(watch, is_move=pending.is_move, accepts_open=accepts)

        question = "Finish the move?" if pending.is_move else "Finish the transfer?"
        rows = [Row(Shown("A move ends only when no server has a store open."))] if pending.is_move else []
        self._ask(question, rows, lambda: self._run(carry, is_move=pending.is_move))

    def action_undo(self) -> None:
        """Ask, then take back what was brought."""
        pending = self._pending if self._phase is Phase.PENDING else None
        is_move = pending.is_move if pending is not None else self._ended_as
        accepts = self._controller.accepts_open

        def carry(watch: Watch) -> Awaitable[TransferResult]:
            return self._controller.undo(watch, is_move=is_move, accepts_open=accepts)

        self._ask("Remove what was transferred?", [], lambda: self._run(carry, is_move=is_move))

    def _ask(self, question: str, rows: list[Row], go: Callable[[], None]) -> None:
        def answered(agrees: bool | None) -> None:  # noqa: FBT001 - Textual calls it with the answer
            if agrees:
                go()

        hint = "Escape stops it on the way: what is not committed is rolled back."
        more = [*rows, Row(Shown(hint, Tone.MUTED)), Row(Shown("y: continue, esc: cancel", Tone.MUTED))]
        self.app.push_screen(AskingDialog(question, more), answered)

    def action_back(self) -> None:
        """Stop what runs; else go back, to a config that is read anew where it or what is pending may be another."""
        if self._phase is Phase.RUNNING:
            self._enter(Phase.STOPPING)
            self._head(Shown("◌ stopping", Tone.WARNING))
            self.status.say("Stopping: what is not committed is rolled back.")
            self.workers.cancel_group(self, "transfer")
        elif self._phase is Phase.STOPPING:
            self.status.say(HOLDS)
        elif self._is_outdated and not self.is_waiting:
            self.post_message(ReloadRequested())
        else:
            super().action_back()

    def cancelled(self) -> None:
        """There is no plan then."""
        self._enter(Phase.FAILED)
        self._head(Shown("○ no plan", Tone.MUTED))
