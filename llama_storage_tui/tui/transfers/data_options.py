"""What can be chosen of a migration of data: which config wrote it, and what becomes of conflicts, owners and the source."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.transfer import OnConflict
from llama_storage_tui.tui.screens.plan_options import CLOSE, TAKE, PlanOptionsDialog, choice
from llama_storage_tui.tui.screens.secret_form import field

CONFLICTS: Final = {
    OnConflict.STOP: "stop before anything is changed",
    OnConflict.KEEP: "keep the target's row",
    OnConflict.REPLACE: "replace it there",
}
STAYS, GOES = "stays", "removed afterwards"
HIDDEN, PUBLIC = "rows stay as they are", "rows were public: readable to all"
REFUSE, ACCEPT = "stop", "continue anyway"


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What can be chosen of a migration of data."""

    old: str | None = None
    on_conflict: OnConflict = OnConflict.STOP
    removes_source: bool = False
    accepts_open: bool = False
    public_rows: bool = False
    tenant: str | None = None


class DataOptionsDialog(PlanOptionsDialog[DataOptions]):
    """A form. `enter` takes what it says and makes a new plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*TAKE, CLOSE]

    box_title = "Options of the migration"

    def __init__(self, options: DataOptions) -> None:
        super().__init__()
        self._options = options

    def fields(self) -> ComposeResult:
        options = self._options
        hint = "the config that wrote the data, where that is another file"
        yield from field("Old config", "old", options.old or "", hint)
        conflict = CONFLICTS[options.on_conflict]
        yield from choice("Conflicts", "conflict", tuple(CONFLICTS.values()), conflict)
        yield from choice("Source", "source", (STAYS, GOES), GOES if options.removes_source else STAYS)
        owners = PUBLIC if options.public_rows else HIDDEN
        yield from choice("Without owner", "owners", (HIDDEN, PUBLIC), owners)
        yield from field("Tenant", "tenant", options.tenant or "", "of rows that have none")
        yield from choice("If in use", "open", (REFUSE, ACCEPT), ACCEPT if options.accepts_open else REFUSE)

    def on_mount(self) -> None:
        """Begin in the first field."""
        self.query_one("#old", Input).focus()
        self.guide()

    def action_take(self) -> None:
        conflict = self.chosen("conflict")
        self.dismiss(
            DataOptions(
                self.typed("old").strip() or None,
                next(each for each, words in CONFLICTS.items() if words == conflict),
                removes_source=self.chosen("source") == GOES,
                accepts_open=self.chosen("open") == ACCEPT,
                public_rows=self.chosen("owners") == PUBLIC,
                tenant=self.typed("tenant").strip() or None,
            )
        )
