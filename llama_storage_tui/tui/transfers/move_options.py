"""What a backend becomes: its type, and the fields of its new entry as they are written there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.screens.plan_options import CLOSE, TAKE, PlanOptionsDialog, choice
from llama_storage_tui.tui.screens.secret_form import field
from llama_storage_tui.tui.transfers.data_options import ACCEPT, REFUSE
from llama_storage_tui.tui.widgets.choice import Choice
from llama_storage_tui.tui.widgets.status_line import StatusLine
from llama_storage_tui.upstream.run_config import FieldInfo

EXPLAINED = "Fields are written as typed; ${env.NAME:=DEFAULT} is possible. Empty fields are left out."


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """What a backend is to become, with which fields, and whether it goes on while a store is open elsewhere."""

    type: str
    fields: Mapping[str, str]
    accepts_open: bool = False


class MoveOptionsDialog(PlanOptionsDialog[MoveOptions]):
    """A form. `enter` takes what it says and makes the plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*TAKE, CLOSE]

    def __init__(
        self, backend: str, choices: Mapping[str, tuple[FieldInfo, ...]], options: MoveOptions | None
    ) -> None:
        super().__init__()
        self.box_title = f"Move {backend} to"
        self._choices = choices
        self._options = options or MoveOptions(next(iter(choices)), {})

    def fields(self) -> ComposeResult:
        """Lay out the types, and the fields of each."""
        options = self._options
        yield from choice("Type", "type", tuple(self._choices), options.type)
        yield Static(EXPLAINED, classes="explained", markup=False)
        for type_, fields in self._choices.items():
            with Vertical(id=f"fields-{type_}", classes="fields"):
                for each in fields:
                    value = options.fields.get(each.name, "") if type_ == options.type else ""
                    id_ = f"{type_}-{each.name}"
                    yield from field(
                        each.name, id_, value, _hint(each), is_secret=each.is_secret, may_be_variable=True
                    )
        yield from choice("If in use", "open", (REFUSE, ACCEPT), ACCEPT if options.accepts_open else REFUSE)

    def on_mount(self) -> None:
        """Begin with the type."""
        self.query_one("#type", Choice).focus()
        self._show_fields()
        self.guide()

    @on(Choice.Turned, "#type")
    def _show_fields(self) -> None:
        for type_ in self._choices:
            self.query_one(f"#fields-{type_}").display = type_ == self.chosen("type")

    def action_take(self) -> None:
        """Answer with the type and the fields that hold something."""
        type_ = self.chosen("type")
        typed = {each.name: self.typed(f"{type_}-{each.name}").strip() for each in self._choices[type_]}
        fields = {name: text for name, text in typed.items() if text}
        if not fields:
            self.query_one(StatusLine).fail("No target given: fill in at least one field.")
            return
        self.dismiss(MoveOptions(type_, fields, accepts_open=self.chosen("open") == ACCEPT))


def _hint(field_: FieldInfo) -> str:
    if field_.is_secret:
        return "${env.NAME}: the variable that holds it"
    return "" if field_.default is None else f"{field_.default} where empty"
