"""How the password is to be changed: where it comes from, what changes, and what is gone on with."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.tui.screens.plan_options import CLOSE, TAKE, PlanOptionsDialog, choice
from llama_storage_tui.tui.screens.secret_form import field
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.status_line import StatusLine

STOP, LEAVE = "stop there", "I write those places"
REFUSE, ACCEPT = "stop where no password is checked", "continue"


class Mode(StrEnum):
    """Where the new password comes from, and what changes."""

    GENERATE = "generated"
    TYPED = "typed"
    FILES = "files only"
    SERVER = "server only"


MEANINGS = {
    Mode.GENERATE: "A new password of 32 letters and digits, at the server and in every place.",
    Mode.TYPED: "The password that you type, at the server and in every place.",
    Mode.FILES: "The server has the password that you type already: it is verified, then the files are updated.",
    Mode.SERVER: "A generated password at the server alone; you place it, and confirm when that is done.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen; `typed` is None where nothing is typed."""

    mode: Mode = Mode.GENERATE
    typed: Secret | None = None
    hands_over: bool = False
    accepts_unchecked: bool = False
    also: tuple[str, ...] = ()
    userlist: str | None = None

    @property
    def terms(self) -> Terms:
        """The same in the service's words."""
        return Terms(
            self.typed if self.mode is Mode.FILES else None,
            is_server_only=self.mode is Mode.SERVER,
            hands_over=self.hands_over,
            accepts_unchecked=self.accepts_unchecked,
        )


TYPED: Final = (Mode.TYPED, Mode.FILES)


class TermsDialog(PlanOptionsDialog[Wish]):
    """A form. `enter` takes what it says and makes a new plan."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *TAKE,
        shown_key("ctrl+o", "show", "Show", "secret.show", "Show what is typed, or mask it again"),
        CLOSE,
    ]

    box_title = "Options of the password change"

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish

    def fields(self) -> ComposeResult:
        wish = self._wish
        yield from choice("Password", "mode", [mode.value for mode in Mode], wish.mode.value)
        yield Static(id="meaning", markup=False)
        yield from field("Type it", "typed", is_secret=True)
        yield from field("Again", "again", is_secret=True)
        yield from choice("Unwritable", "outside", (STOP, LEAVE), LEAVE if wish.hands_over else STOP)
        unchecked = ACCEPT if wish.accepts_unchecked else REFUSE
        yield from choice("Unchecked", "unchecked", (REFUSE, ACCEPT), unchecked)
        yield from field("Also in", "also", shlex.join(wish.also), "further run configs")
        yield from field("Userlist", "userlist", wish.userlist or "", "PgBouncer's, a file")

    def on_mount(self) -> None:
        self.query_one("#mode", Choice).focus()
        self._show_mode()
        self.guide()

    @property
    def _mode(self) -> Mode:
        return Mode(self.chosen("mode"))

    @on(Choice.Turned, "#mode")
    def _show_mode(self) -> None:
        mode = self._mode
        self.query_one("#meaning", Static).update(MEANINGS[mode])
        for name in ("typed", "again"):
            self.query_one(f"#line-{name}").display = mode in TYPED
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to show where nothing is typed."""
        if action == "show":
            return True if self.is_mounted and self._mode in TYPED else None
        return super().check_action(action, parameters)

    def action_show(self) -> None:
        """Show what is typed, or mask it again."""
        typed = self.query_one("#typed", Input)
        is_masked = not typed.password
        typed.password = is_masked
        self.query_one("#line-again").display = is_masked
        if not is_masked:
            typed.focus()

    def action_take(self) -> None:
        problem = self._problem()
        if problem:
            self.query_one(StatusLine).fail(problem)
            return
        try:
            also = tuple(shlex.split(self.typed("also")))
        except ValueError:
            self.query_one(StatusLine).fail("A quote is not closed in the list of configs.")
            return
        self.dismiss(
            Wish(
                self._mode,
                Secret(self.typed("typed")) if self._mode in TYPED else None,
                hands_over=self.chosen("outside") == LEAVE,
                accepts_unchecked=self.chosen("unchecked") == ACCEPT,
                also=also,
                userlist=self.typed("userlist").strip() or None,
            )
        )

    def _problem(self) -> str | None:
        typed, again = self.query_one("#typed", Input), self.query_one("#again", Input)
        if self._mode not in TYPED:
            return None
        if not typed.value:
            return "Type the password first."
        if typed.password and typed.value != again.value:
            return "The two passwords differ; ctrl+o shows what is typed."
        return None
