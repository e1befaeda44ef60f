"""What every key does here, generated from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from llama_storage_tui import help as help_room
from llama_storage_tui.deferred import dataclass, replace
from llama_storage_tui.text import line
from llama_storage_tui.tui.navigation.keymap import key_name
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.style.glyphs import Shown, Tone
from llama_storage_tui.tui.style.keys import shown_key
from llama_storage_tui.tui.style.theme import BY_NAME
from llama_storage_tui.tui.widgets.sheet import Row, RowGroups, heading

REMAPPING: Final = "Other keys and colours"
ROOM_FOR_IDS: Final = 120
KEYS: Final = "Keys"
KEYS_WIDTH, LABEL_WIDTH, ID_WIDTH = 20, 16, 25
TERM: Final = 16
HERE, MOVING, ALWAYS = "This screen", "Moving about", "Everywhere"
LABELS: Final = {"app.focus_next": "Next pane", "app.focus_previous": "Previous pane"}
UNTOLD: Final = frozenset({"screen.copy_text", "help_quit", "toggle_dark"})
"""Textual's own actions that say nothing to an operator."""


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """One line: the keys as they are shown, the label, and the sentence."""

    keys: str
    label: str
    help: str
    id: str = ""


class KeyLines(Widget):
    """A group of keys in columns: one widget, since one for each cell would take a second to lay out."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-lines--keys", "key-lines--help"}

    def __init__(self, keys: Sequence[KeyHelp], *, shows_ids: bool) -> None:
        super().__init__()
        self._keys = keys
        self._shows_ids = shows_ids

    def render(self) -> Table:
        """Return the lines; sentences are wrapped into what width the other columns leave."""
        table = Table.grid(expand=True)
        table.add_column(
            width=KEYS_WIDTH, style=self.get_component_rich_style("key-lines--keys", partial=True)
        )
        table.add_column(width=LABEL_WIDTH)
        table.add_column(ratio=1, style=self.get_component_rich_style("key-lines--help", partial=True))
        if self._shows_ids:
            table.add_column(width=ID_WIDTH)
        for key in self._keys:
            ids = (_indented(key.id),) if self._shows_ids else ()
            table.add_row(_indented(key.keys), Text(key.label), Text(key.help), *ids)
        return table


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2))


class HelpDialog(Dialog[None]):
    """Groups of keys: those of this screen first, and how to change them; behind them the pages of help, one after the other.

    `file` is where an operator's own keys are read from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("n", "turn(1)", "Next topic", "help.next", "Show the next topic of help"),
        shown_key("p", "turn(-1)", "Previous topic", "help.previous", "Show the previous topic of help"),
    ]

    box_title = KEYS

    def __init__(self, groups: Sequence[tuple[str, Sequence[KeyHelp]]], file: str) -> None:
        super().__init__()
        self._groups = groups
        self._file = file
        self._topic = 0
        """0 for the keys, else the number of a page of help."""

    def body(self) -> ComposeResult:
        """Lay out the keys in columns, with the ids that remap them where there is room."""
        shows_ids = self.app.size.width >= ROOM_FOR_IDS
        with ContentSwitcher(initial="keys"):
            yield RowGroups(id="page")
            with VerticalScroll(id="keys"):
                for title, keys in self._groups:
                    if keys:
                        yield Static(title, classes="group", markup=False)
                        yield KeyLines(keys, shows_ids=shows_ids)
                yield Static(REMAPPING, classes="group", markup=False)
                yield Static(self._remapping(), classes="remapping", markup=False)

    def on_mount(self) -> None:
        """Name the topics at the lower edge, and let the arrows scroll."""
        self._show()

    def action_turn(self, by: int) -> None:
        self._topic = (self._topic + by) % (len(help_room.NAMES) + 1)
        self._show()

    def _show(self) -> None:
        name = help_room.NAMES[self._topic - 1] if self._topic else None
        box = self.query_one(".box", Vertical)
        box.border_title = KEYS if name is None else f"Help: {name}"
        following = (KEYS, *help_room.NAMES, KEYS)[self._topic + 1]
        box.border_subtitle = f"{self._topic + 1} of {len(help_room.NAMES) + 1}, next: {following}"
        self.query_one(ContentSwitcher).current = "keys" if name is None else "page"
        if name is None:
            self.query_one("#keys").focus()
            return
        page = help_room.page(name)
        sheet = self.query_one(RowGroups)
        sheet.show([[heading(page.about)], *([*map(_row, block)] for block in page.blocks)])
        sheet.focus()

    def _remapping(self) -> str:
        themes = " or ".join(f'theme = "{name}"' for name in BY_NAME)
        return (
            f"Write into {line(self._file)}, for example:\n"
            f"{themes}\n"
            "[keys]\n"
            '"catalog.rotate" = "f8"\n'
            "All keys with their ids: llama-storage-tui help keys"
        )


def _row(entry: help_room.HelpEntry) -> Row:
    if not entry.term:
        return Row(Shown(entry.text))
    return Row(Shown(entry.text), lead=Shown(f"{entry.term:<{TERM}}", Tone.KEY), indent=2)


def key_groups(screen: Screen[object]) -> list[tuple[str, list[KeyHelp]]]:
    """Return the keys that are bound on a screen, greyed ones too: its own, those for moving, the program's."""
    groups: dict[str, dict[str, tuple[list[str], KeyHelp]]] = {HERE: {}, MOVING: {}, ALWAYS: {}}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not binding.description or binding.action in UNTOLD:
            continue
        entry = KeyHelp(
            "", LABELS.get(binding.action, binding.description), binding.tooltip, binding.id or ""
        )
        found = groups[_group(active.node, binding)]
        keys = found[binding.action][0] if binding.action in found else []
        keys.append(key_name(key))
        if binding.action not in found or binding.id:
            # Ours has the better words where Textual binds the same action to a key of its own.
            found[binding.action] = (keys, entry)
    return [
        (title, [replace(entry, keys=", ".join(keys)) for keys, entry in found.values()])
        for title, found in groups.items()
    ]


def _group(node: DOMNode, binding: Binding) -> str:
    if isinstance(node, App):
        return ALWAYS
    is_ours = binding.id is not None and (isinstance(node, Screen) or binding.show)
    return HERE if is_ours else MOVING
