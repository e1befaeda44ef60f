"""A password change before it happens: every place, every check, every line, and one question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import Plan, Result
from llama_storage_tui.reports.lines import Block
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.reports.rotation import (
    error_block,
    expected_steps,
    notice_block,
    plan_blocks,
    refusal_block,
)
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.service import RotationDraft, RotationService
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.messages import PendingOpened
from llama_storage_tui.tui.rotation.changes import ChangeJob, ChangeStarted, Notify
from llama_storage_tui.tui.rotation.terms import Mode, TermsDialog, Wish
from llama_storage_tui.tui.screens.confirmation import AskingDialog
from llama_storage_tui.tui.screens.report import ReportScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.next_steps import password_command
from llama_storage_tui.tui.widgets.blocks import block_rows, rows_of
from llama_storage_tui.tui.widgets.sheet import Row


class RotationScreen(ReportScreen):
    """The plan of one backend's credential."""

    CSS_PATH = "rotation.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("a", "apply", "Change it", "rotation.apply", "Change the password as planned; asks once"),
        shown_key(
            "m",
            "terms",
            "Options",
            "rotation.terms",
            "Type the password, change only the files or only the server, or write some places yourself",
        ),
        shown_key("ctrl+r", "reload", "Plan again", "screen.reload", "Check again and make a new plan"),
    ]

    def __init__(
        self, session: Session, service: RotationService, backend: str, also: tuple[str, ...] = ()
    ) -> None:
        """`also` are other configs that hold the same password, to begin with."""
        super().__init__(session)
        self._service = service
        self._backend = backend
        self._wish = Wish(also=also)
        self._draft: RotationDraft | None = None

    def redact(self, text: str) -> str:
        """Mask this config's secrets, and what was typed here."""
        return self._service.redact(super().redact(text))

    def on_mount(self) -> None:
        self._start()

    @property
    def _plan(self) -> Plan | None:
        return self._draft.plan if self._draft is not None else None

    def _head(self, state: Shown, *facts: Shown) -> None:
        backend = self._session.backend(self._backend)
        self.headline.show(
            [self.outermost, backend.name, "password"],
            place=backend.location,
            facts=[state, *facts, Shown(f"password: {self._wish.mode}", Tone.MUTED)],
        )

    def _start(self) -> None:
        self._draft = None
        self._head(Shown("◌ planning", Tone.KEY))
        self.rows.show([])
        self.begin("Asking the server, and reading every file that holds this password")
        self._make_plan(self._wish)

    @service_worker("rotation")
    async def _make_plan(self, wish: Wish) -> None:
        if await self._service.pending():
            self.post_message(PendingOpened())
            return
        draft = await self._service.prepare(self._backend, wish.terms, also=wish.also, userlist=wish.userlist)
        self.hand_on(self._made, draft)

    def _made(self, draft: RotationDraft) -> None:
        plan = draft.plan
        self._draft = draft
        self.rows.show(rows_of(_blocks(plan)))
        if plan.refusal is not None:
            self._head(Shown("✗ cannot be done now", Tone.BAD))
            self.finish("Nothing was changed. m: options, ctrl+r: check again")
        else:
            held = Shown(f"✓ {plural(len(plan.checks), 'check')}", Tone.GOOD)
            self._head(Shown("○ planned, nothing was changed", Tone.GOOD), held)
            self.finish("a: change the password (asks first), m: options")

    def failed(self, error: StorageToolError) -> None:
        self._head(Shown("✗ no plan", Tone.BAD))
        self.rows.show([block_rows(error_block(error), self.redact)])
        self.finish("ctrl+r: try again")

    def cancelled(self) -> None:
        """There is no plan then."""
        self._head(Shown("○ no plan", Tone.MUTED))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no key that would carry out a plan that is refused."""
        if action == "apply":
            return self._plan is not None and self._plan.refusal is None and not self.is_waiting
        if action in ("terms", "reload"):
            return None if self.is_waiting else True
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        self._start()

    def action_terms(self) -> None:
        self.app.push_screen(TermsDialog(self._wish), self._chosen)

    def _chosen(self, wish: Wish | None) -> None:
        if wish is not None:
            if wish.typed is not None:
                self._service.learn(wish.typed)
            self._wish = wish
            self._start()

    def action_apply(self) -> None:
        if self._plan is not None:
            self.app.push_screen(
                AskingDialog("Change the password?", question(self._plan, self._wish)), self._answered
            )

    def _answered(self, agrees: bool | None) -> None:  # noqa: FBT001 - Textual calls it with the answer
        draft, plan = self._draft, self._plan
        if not agrees or draft is None or plan is None:
            return
        new: Secret = self._wish.typed or self._service.generate()

        async def run(notify: Notify) -> Result:
            return await self._service.apply(draft, new, notify)

        title = f"changing the password of {plan.credential.role}"
        self.post_message(
            ChangeStarted(ChangeJob(title, plan.credential.role, run, expected_steps(plan), new))
        )


def _blocks(plan: Plan) -> Iterator[Block]:
    """Yield a plan; what stops it comes first."""
    refusal = refusal_block(plan)
    if refusal is not None:
        yield refusal
    yield from plan_blocks(plan, password_command)
    if notices := (*notice_words(plan.config_notices), *plan.notices):
        yield notice_block(notices)


def question(plan: Plan, wish: Wish) -> list[Row]:
    """Say what would happen in a few rows."""
    files = {change.file for change in plan.changes}
    server = Row(
        Shown("the server keeps the password that it has")
        if wish.mode is Mode.FILES
        else Shown(f"the server gets a new password for {plan.credential.role}"),
        Shown("·", Tone.MUTED),
    )
    rows = [server]
    if files:
        lines = plural(len(plan.changes), "line")
        rows.append(Row(Shown(f"to change: {lines} in {plural(len(files), 'file')}"), Shown("·", Tone.MUTED)))
    if plan.patches:
        number = len(plan.patches)
        places = f"{plural(number, 'place')} {'is' if number == 1 else 'are'} left to you"
        rows.append(
            Row(
                Shown(f"{places}: logins from there fail until you have written it", Tone.WARNING),
                Shown("▲", Tone.WARNING),
            )
        )
    if plan.restart:
        rows.append(
            Row(
                Shown(
                    f"restart afterwards: the processes behind {plural(len(plan.restart), 'session')} of the role"
                ),
                Shown("·", Tone.MUTED),
            )
        )
    if wish.accepts_unchecked:
        rows.append(
            Row(
                Shown("nothing can be verified where the server checks no password", Tone.WARNING),
                Shown("▲", Tone.WARNING),
            )
        )
    rows += [
        Row(Shown("")),
        Row(
            Shown(
                "Once begun it runs to its end. If it is interrupted, recovery resumes from the journal.",
                Tone.MUTED,
            )
        ),
        Row(Shown("y: change now, esc: cancel", Tone.MUTED)),
    ]
    return rows
