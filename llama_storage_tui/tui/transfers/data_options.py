"""What can be chosen of a migration of data: which config wrote it, and what becomes of conflicts, owners and the source."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from llama_storage_tui.model.transfer import OnConflict
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.screens.plan_options import CLOSE, GUIDE, TAKE, choice
from llama_storage_tui.tui.screens.secret_form import field
from llama_storage_tui.tui.transfers.choices import DataOptions
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.key_footer import KeyFooter
from llama_storage_tui.tui.widgets.status_line import StatusLine

CONFLICTS: Final = {
    OnConflict.STOP: "stop before anything is changed",
    OnConflict.KEEP: "keep the target's row",
    OnConflict.REPLACE: "replace it there",
}
STAYS, GOES = "stays", "removed afterwards"
HIDDEN, PUBLIC = "rows stay as they are", "rows were public: readable to all"
REFUSE, ACCEPT = "stop", "continue anyway"


class DataOptionsDialog(Dialog[DataOptions]):
    """A form. `enter` takes what it says and makes a new plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*TAKE, CLOSE]

    def __init__(self, options: DataOptions) -> None:
        super().__init__()
        self._options = options

    def compose(self) -> ComposeResult:
        """Lay out the form."""
        options = self._options
        with Vertical(classes="box") as box:
            box.border_title = "Options of the migration"
            with VerticalScroll(id="form", can_focus=False):
                yield from field(
                    "Old config",
                    "old",
                    is_secret=False,
                    value=options.old or "",
                    placeholder="the config that wrote the data, where that is another file",
                )
                yield from choice(
                    "Conflicts", "conflict", tuple(CONFLICTS.values()), CONFLICTS[options.on_conflict]
                )
                yield from choice(
                    "Source", "source", (STAYS, GOES), GOES if options.removes_source else STAYS
                )
                yield from choice(
                    "Without owner", "owners", (HIDDEN, PUBLIC), PUBLIC if options.public_rows else HIDDEN
                )
                yield from field(
                    "Tenant",
                    "tenant",
                    is_secret=False,
                    value=options.tenant or "",
                    placeholder="of rows that have none",
                )
                yield from choice(
                    "If in use", "open", (REFUSE, ACCEPT), ACCEPT if options.accepts_open else REFUSE
                )
            yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin in the first field."""
        self.query_one("#old", Input).focus()
        self.query_one(StatusLine).say(GUIDE)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_take()

    def action_take(self) -> None:
        """Answer with what the form says."""
        conflict = self.query_one("#conflict", Choice).chosen
        self.dismiss(
            DataOptions(
                self.query_one("#old", Input).value.strip() or None,
                next(each for each, words in CONFLICTS.items() if words == conflict),
                removes_source=self.query_one("#source", Choice).chosen == GOES,
                accepts_open=self.query_one("#open", Choice).chosen == ACCEPT,
                public_rows=self.query_one("#owners", Choice).chosen == PUBLIC,
                tenant=self.query_one("#tenant", Input).value.strip() or None,
            )
        )
