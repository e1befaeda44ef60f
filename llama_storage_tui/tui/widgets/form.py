"""A few labelled fields above a list, hidden while there is nothing to type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.tui.style.keys import hidden_key, shown_key


@dataclass(frozen=True, slots=True)
class FormField:
    """A field: the name of its value, its label, and what may stand in it."""

    name: str
    label: str
    hint: str = ""


class Form(Vertical):
    """Fields by name. `enter` in any of them sends all, `escape` closes without a change; the screen closes it on success."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("escape", "close", "Close form", "form.close", "Leave everything as it was"),
        hidden_key("down", "next", "Next field", "form.next"),
        hidden_key("up", "previous", "Previous field", "form.previous"),
    ]

    @dataclass(eq=False)
    class Sent(Message):
        """The operator pressed enter: what stands in each field."""

        form: Form
        values: dict[str, str]

        @property
        def control(self) -> Form:
            """The form."""
            return self.form

    @dataclass(eq=False)
    class Closed(Message):
        """The operator pressed escape."""

    def __init__(self, fields: Sequence[FormField], *, id: str | None = "form") -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._fields = tuple(fields)
        self.display = False

    async def open(self, values: Mapping[str, str]) -> None:
        """Show the form, filled; the cursor begins in the first field that holds something, else in the first."""
        if not self.children:
            # Not before: most visits of a list open no form, whose fields are half of what the list's screen is made of.
            await self.mount_all(_row(field) for field in self._fields)
        self.display = True
        for field in self._fields:
            entry = self._entry(field)
            entry.value = values.get(field.name, "")
            entry.cursor_position = len(entry.value)
        first = next((field for field in self._fields if values.get(field.name)), self._fields[0])
        self._entry(first).focus()

    def close(self) -> None:
        """Hide the form."""
        self.display = False

    def _entry(self, field: FormField) -> Input:
        return self.query_one(f"#field-{field.name}", Input)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.send()

    def send(self) -> None:
        """Send what stands in the fields."""
        self.post_message(self.Sent(self, {field.name: self._entry(field).value for field in self._fields}))

    def action_close(self) -> None:
        self.close()
        self.post_message(self.Closed())

    def action_next(self) -> None:
        self._move(1)

    def action_previous(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        entries = [self._entry(field) for field in self._fields]
        place = next((index for index, entry in enumerate(entries) if entry.has_focus), 0)
        entries[(place + step) % len(entries)].focus()


def _row(field: FormField) -> Horizontal:
    entry = Input(placeholder=field.hint, compact=True, select_on_focus=False, id=f"field-{field.name}")
    entry.cursor_blink = False
    return Horizontal(Label(field.label, markup=False), entry, classes="field")
