"""A password change while it happens, step by step, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import Outcome, Result
from llama_storage_tui.reports.lines import Block
from llama_storage_tui.reports.rotation import error_block, notice_block, result_blocks, step_block
from llama_storage_tui.services.rotation.service import RotationService
from llama_storage_tui.services.session import Session
from llama_storage_tui.tui.messages import PendingOpened, ReloadRequested
from llama_storage_tui.tui.rotation.changes import ChangeJob
from llama_storage_tui.tui.rotation.reveal import RevealDialog
from llama_storage_tui.tui.screens.report import ReportScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.next_steps import password_command
from llama_storage_tui.tui.widgets.blocks import rows_of

HOLDS = (
    "This runs to its end, a few seconds more. If it is interrupted, both passwords are in the journal,"
    " and recovery resumes from there at the next start."
)


class ChangeScreen(ReportScreen):
    """One job: a change, a recovery, a confirmation."""

    CSS_PATH = "rotation.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "p",
            "reveal",
            "Show password",
            "rotation.reveal",
            "Show the new password; it is never shown otherwise",
        ),
        shown_key("R", "pending", "Pending", "catalog.pending", "Continue a pending change"),
    ]

    def __init__(self, session: Session, service: RotationService, job: ChangeJob) -> None:
        super().__init__(session)
        self._service = service
        self._job = job
        self._done: list[str] = []
        self._result: Result | None = None
        self._error: StorageToolError | None = None

    def redact(self, text: str) -> str:
        """Mask this config's secrets, and the new one."""
        return self._service.redact(super().redact(text))

    @property
    def must_stay(self) -> str:
        """Why this cannot be left now; empty where it can."""
        return HOLDS if self._result is None and self._error is None else ""

    def on_mount(self) -> None:
        self._show(Shown("◌ running", Tone.KEY))
        self.status.say("It runs to its end: a few seconds.")
        self._run()

    @service_worker("change")
    async def _run(self) -> None:
        def heard(step: str) -> None:
            self.hand_on(self._step, step)

        self.hand_on(self._ended, await self._job.run(heard))

    def _show(self, state: Shown) -> None:
        self.headline.show([self.outermost, self._job.title], facts=[state])
        blocks: list[Block] = []
        if self._result is not None:
            blocks += result_blocks(
                self._result,
                password_command,
                audit_log=self._service.audit_log,
                journals=self._service.journals,
            )
            blocks += [notice_block(self._result.notices)] if self._result.notices else []
        if self._error is not None:
            blocks.append(error_block(self._error))
        blocks.append(
            step_block(
                self._done,
                self._job.expected,
                is_running=bool(self.must_stay),
                has_failed=self._error is not None,
            )
        )
        sheet = self.rows
        sheet.show(rows_of(blocks, self.redact), keeps_place=bool(self.must_stay))
        if self.must_stay:
            # Each step is a line of its own: the one that runs stays in sight.
            sheet.scroll_to(y=max(len(self._done) - sheet.size.height // 2, 0), animate=False)

    def _step(self, step: str) -> None:
        self._done.append(step)
        if self.must_stay:
            self._show(Shown("◌ running", Tone.KEY))

    def _ended(self, result: Result) -> None:
        self._result = result
        is_open = result.outcome is Outcome.PENDING
        self._show(_end_mark(result))
        shows = "p shows the new password; " if self._job.password is not None else ""
        if is_open:
            self.finish(f"{shows}R continues once you have written it; escape goes back.", is_read=False)
        else:
            self.finish(f"{shows}escape reads the config again.", is_read=False)

    def failed(self, error: StorageToolError) -> None:
        self._error = error
        is_pending = error.kind == "pending"
        self._show(Shown("▲ unfinished", Tone.WARNING) if is_pending else Shown("✗ not changed", Tone.BAD))
        self.finish(
            "R shows its state and what finishes it."
            if is_pending
            else "escape goes back; nothing is left over.",
            is_read=False,
        )

    @property
    def _is_open(self) -> bool:
        is_pending = self._result is not None and self._result.outcome is Outcome.PENDING
        return is_pending or (self._error is not None and self._error.kind == "pending")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show the password only where it is the server's; go on only where something is pending."""
        if action == "reveal":
            return self._job.password is not None and self._result is not None
        if action == "pending":
            return self._is_open
        return super().check_action(action, parameters)

    def action_reveal(self) -> None:
        if self._job.password is not None:
            self.app.push_screen(RevealDialog(self._job.role, self._job.password))

    def action_pending(self) -> None:
        self.post_message(PendingOpened())

    def action_back(self) -> None:
        """Go back, to a config that is read anew where something changed; stay while it runs."""
        if self.must_stay:
            self.status.say(HOLDS)
        elif self._result is not None or self._is_open:
            self.post_message(ReloadRequested())
        else:
            self.dismiss()


def _end_mark(result: Result) -> Shown:
    if result.outcome is Outcome.PENDING:
        return Shown("▲ waits for you", Tone.WARNING)
    return Shown("✓ done", Tone.GOOD) if result.is_verified else Shown("▲ done, not verified", Tone.WARNING)
