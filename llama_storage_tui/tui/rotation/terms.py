"""How the password is to be changed: where it comes from, what changes, and what is gone on with."""

from __future__ import annotations

import shlex
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from llama_storage_tui.secrets import Secret
from llama_storage_tui.tui.rotation.rotation_options import MEANINGS, Mode, Wish
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.plan_options import CLOSE, GUIDE, TAKE, choice
from llama_storage_tui.tui.screens.secret_form import field
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.status_line import StatusLine

STOP, LEAVE = "stop there", "I write those places"
REFUSE, ACCEPT = "stop where no password is checked", "continue"
TYPED: Final = (Mode.TYPED, Mode.FILES)


class TermsDialog(Dialog[Wish]):
    """A form. `enter` takes what it says and makes a new plan."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *TAKE,
        shown_key("ctrl+o", "show", "Show", "secret.show", "Show what is typed, or mask it again"),
        CLOSE,
    ]

    def __init__(self, wish: Wish) -> None:
        super().__init__()
        self._wish = wish

    def compose(self) -> ComposeResult:
        wish = self._wish
        with Vertical(classes="box") as box:
            box.border_title = "Options of the password change"
            with VerticalScroll(id="form", can_focus=False):
                yield from choice("Password", "mode", [mode.value for mode in Mode], wish.mode.value)
                yield Static(id="meaning", markup=False)
                yield from field("Type it", "typed", is_secret=True)
                yield from field("Again", "again", is_secret=True)
                yield from choice("Unwritable", "outside", (STOP, LEAVE), LEAVE if wish.hands_over else STOP)
                yield from choice(
                    "Unchecked", "unchecked", (REFUSE, ACCEPT), ACCEPT if wish.accepts_unchecked else REFUSE
                )
                yield from field(
                    "Also in",
                    "also",
                    is_secret=False,
                    value=shlex.join(wish.also),
                    placeholder="further run configs",
                )
                yield from field(
                    "Userlist",
                    "userlist",
                    is_secret=False,
                    value=wish.userlist or "",
                    placeholder="PgBouncer's, a file",
                )
            yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#mode", Choice).focus()
        self._show_mode()
        self._hint()

    @property
    def _mode(self) -> Mode:
        return Mode(self.query_one("#mode", Choice).chosen)

    def _hint(self) -> None:
        self.query_one(StatusLine).say(GUIDE)

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

    @on(Input.Changed)
    def _typing(self) -> None:
        self._hint()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_take()

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
        typed = self.query_one("#typed", Input).value
        try:
            also = tuple(shlex.split(self.query_one("#also", Input).value))
        except ValueError:
            self.query_one(StatusLine).fail("A quote is not closed in the list of configs.")
            return
        self.dismiss(
            Wish(
                self._mode,
                Secret(typed) if self._mode in TYPED else None,
                hands_over=self.query_one("#outside", Choice).chosen == LEAVE,
                accepts_unchecked=self.query_one("#unchecked", Choice).chosen == ACCEPT,
                also=also,
                userlist=self.query_one("#userlist", Input).value.strip() or None,
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
