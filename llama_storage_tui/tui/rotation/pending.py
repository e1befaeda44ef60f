"""A password change that is pending: where it stands, and what the two logins allow."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.rotation import Result
from llama_storage_tui.reports.lines import WARNING, Block, Line
from llama_storage_tui.reports.pending import notice_help, standing_line, waiting_blocks
from llama_storage_tui.reports.rotation import error_block
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.pending import Pending
from llama_storage_tui.services.rotation.pending_status import PendingStanding
from llama_storage_tui.services.rotation.service import RotationService, Waiting
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.tui.rotation.changes import ChangeJob, ChangeStarted, Notify
from llama_storage_tui.tui.rotation.reveal import RevealDialog
from llama_storage_tui.tui.screens.confirmation import AskingDialog
from llama_storage_tui.tui.screens.one_field import FieldDialog
from llama_storage_tui.tui.screens.report import ReportScreen
from llama_storage_tui.tui.screens.workers import service_worker
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import hidden_key, shown_key
from llama_storage_tui.tui.style.next_steps import password_command
from llama_storage_tui.tui.widgets.blocks import block_rows, line_mark, rows_of
from llama_storage_tui.tui.widgets.sheet import Row


class PendingScreen(ReportScreen):
    """The first pending change of a config; the next one shows when that is ended."""

    CSS_PATH = "rotation.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("f", "recover", "Finish", "pending.recover", "Finish the change"),
        shown_key("u", "undo", "Undo", "pending.undo", "Undo a change that the server does not have"),
        shown_key(
            "c",
            "confirm",
            "Confirm",
            "pending.confirm",
            "You have written the new password: read every place again",
        ),
        shown_key(
            "w",
            "adopt",
            "Working password",
            "pending.adopt",
            "Type the password that works, where neither of the change's does",
        ),
        shown_key("p", "reveal", "Show password", "rotation.reveal", "Show the new password of the change"),
        hidden_key("ctrl+r", "reload", "Look again", "screen.reload", "Ask the server again"),
    ]

    def __init__(self, session: Session, service: RotationService) -> None:
        super().__init__(session)
        self._service = service
        self._waiting: tuple[Waiting, ...] = ()

    def redact(self, text: str) -> str:
        """Mask this config's secrets, and those of the change."""
        return self._service.redact(super().redact(text))

    def on_mount(self) -> None:
        self._start()

    def _head(self, *facts: Shown) -> None:
        config = self._session.catalog.config
        self.headline.show([self.outermost, "pending password change"], place=config, facts=facts)

    def _start(self) -> None:
        self._waiting = ()
        self._head(Shown("◌ looking", Tone.KEY))
        self.begin("Reading the journal, and asking the server with both passwords")
        self._look()

    @service_worker("pending")
    async def _look(self) -> None:
        pending, waiting = await self._service.waiting()
        self.hand_on(self._looked, pending, waiting)

    def _looked(self, pending: Pending, waiting: tuple[Waiting, ...]) -> None:
        self._waiting = waiting
        for one in waiting:
            self._service.learn(one.journal.old)
            self._service.learn(one.journal.new)
        blocks = [Block((Line(notice_help(notice), mark=WARNING),)) for notice in pending.notices_of_others()]
        if self._waiting:
            first = self._waiting[0]
            self._head(line_mark(standing_line(first.stand.standing)), *self._count())
            blocks = [*waiting_blocks(first, password_command), *blocks]
            self.rows.show(rows_of(blocks, self.redact))
            self.finish(self._advice())
        else:
            self._head(Shown("✓ nothing of yours is pending", Tone.GOOD))
            self.rows.show(rows_of(blocks, self.redact))
            self.finish("escape goes back.")

    def _count(self) -> list[Shown]:
        more = len(self._waiting) - 1
        return [Shown(f"{plural(more, 'change')} more after this", Tone.MUTED)] if more else []

    def _advice(self) -> str:
        found = self._waiting[0]
        match found.stand.standing:
            case PendingStanding.STAGING:
                return "f: remove what it left behind"
            case PendingStanding.COMMITTED if found.journal.state == "waiting":
                return "c: confirm when you have written the new password, p: show the password"
            case PendingStanding.COMMITTED:
                return "f: finish it, the files get the new password"
            case PendingStanding.NOT_COMMITTED:
                return "f: make the change, u: undo it"
            case PendingStanding.UNCHECKED:
                return "f: finish it; nothing can be verified"
            case PendingStanding.LOST:
                return "w: type the password that works"
            case PendingStanding.UNKNOWN:
                return "Unknown for now; ctrl+r: check again"

    def failed(self, error: StorageToolError) -> None:
        self._head(Shown("✗ unknown", Tone.BAD))
        self.rows.show([block_rows(error_block(error), self.redact)])
        self.finish("ctrl+r looks again.")

    def _allows(self, action: str) -> bool:
        if self.is_waiting or not self._waiting:
            return False
        found = self._waiting[0]
        is_open = found.journal.state == "waiting"
        match action:
            case "recover":
                allowed = {
                    PendingStanding.STAGING,
                    PendingStanding.COMMITTED,
                    PendingStanding.UNCHECKED,
                    PendingStanding.NOT_COMMITTED,
                }
                return found.stand.standing in allowed and not (
                    is_open and found.stand.standing is PendingStanding.COMMITTED
                )
            case "undo":
                return found.stand.standing is PendingStanding.NOT_COMMITTED
            case "confirm":
                return is_open and found.stand.standing in (
                    PendingStanding.COMMITTED,
                    PendingStanding.UNCHECKED,
                )
            case "adopt":
                return found.stand.standing is PendingStanding.LOST
            case _:
                return found.journal.state != "staging"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the two logins allow, and nothing else."""
        if action in ("recover", "undo", "confirm", "adopt", "reveal"):
            return self._allows(action)
        if action == "reload":
            return None if self.is_waiting else True
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        self._start()

    def action_reveal(self) -> None:
        journal = self._waiting[0].journal
        self.app.push_screen(RevealDialog(journal.role, journal.new))

    def action_recover(self) -> None:
        found = self._waiting[0]
        is_unchecked = found.stand.standing is PendingStanding.UNCHECKED

        async def run(notify: Notify) -> Result:
            return await self._service.recover(found.journal, notify, accepts_unchecked=is_unchecked)

        words = {
            PendingStanding.STAGING: "What the change left beside the files is removed; nothing else changes.",
            PendingStanding.COMMITTED: "The files get the new password that the server has already.",
            PendingStanding.UNCHECKED: "Server and files get the new password. Nothing can be verified: the server accepts any"
            " password.",
        }.get(found.stand.standing, "The server gets the new password, and then the files.")
        self._ask(
            "Finish the change?",
            words,
            ChangeJob(f"finishing the change of {found.journal.role}", found.journal.role, run),
        )

    def action_undo(self) -> None:
        journal = self._waiting[0].journal

        async def run(notify: Notify) -> Result:
            return await self._service.recover(journal, notify, undo=True)

        words = "The change is dropped: server and files keep the old password."
        self._ask(
            "Undo the change?", words, ChangeJob(f"undoing the change of {journal.role}", journal.role, run)
        )

    def action_confirm(self) -> None:
        """Ask for an env file where a variable of the process carries the password, and confirm."""
        journal = self._waiting[0].journal
        if any(patch.variable is not None for patch in journal.patches):
            text = (
                "A variable of the process environment carries the password, and this program still has the old one in its own."
                " Name an env file that sets the new one, or leave this empty to read with what is there. enter continues."
            )
            self.app.push_screen(
                FieldDialog("Confirm", text, "Env file", may_be_empty=True), self._confirm_with
            )
        else:
            words = "Every place is read again; where all yield the new password, and it logs in, the change is finished."
            self._ask("Confirm the change?", words, self._confirmation(()))

    def _confirm_with(self, typed: str | None) -> None:
        if typed is not None:
            env_files = (typed.strip(),) if typed.strip() else ()
            self.post_message(ChangeStarted(self._confirmation(env_files)))

    def _confirmation(self, env_files: tuple[str, ...]) -> ChangeJob:
        journal = self._waiting[0].journal

        async def run(notify: Notify) -> Result:
            return await self._service.confirm(journal, env_files, notify)

        return ChangeJob(f"confirming the change of {journal.role}", journal.role, run)

    def action_adopt(self) -> None:
        text = (
            "Neither the old nor the new password logs in. Type the one that does: it is verified at the server, then written to"
            " every place of this change. enter continues."
        )
        self.app.push_screen(
            FieldDialog("The password that works", text, "Password", is_secret=True), self._adopt
        )

    def _adopt(self, typed: str | None) -> None:
        if not typed:
            return
        journal, password = self._waiting[0].journal, self._service.learn(Secret(typed))

        async def run(notify: Notify) -> Result:
            return await self._service.adopt(journal, password, notify)

        words = f"The typed password is verified at the server, then written to {plural(len(journal.files), 'file')}."
        self._ask(
            "Use this password?",
            words,
            ChangeJob(f"adopting a password of {journal.role}", journal.role, run),
        )

    def _ask(self, title: str, words: str, job: ChangeJob) -> None:
        def answered(agrees: bool | None) -> None:  # noqa: FBT001 - Textual calls it with the answer
            if agrees:
                self.post_message(ChangeStarted(job))

        rows = [Row(Shown(words)), Row(Shown("")), Row(Shown("y: do it, esc: cancel", Tone.MUTED))]
        self.app.push_screen(AskingDialog(title, rows), answered)
