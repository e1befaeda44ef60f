"""The line of keys at the bottom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from llama_storage_tui.deferred import dataclass

ALWAYS: Final = frozenset({"help", "quit", "back", "close", "command_palette"})
"""Actions whose keys are shown however narrow the line is: the ways out, and the way to all other keys.

On a wide line the way to an id is among them: it leads everywhere, and nobody would guess it."""
AROUND: Final = 3
"""Blanks that a key brings along: before it, after it, and after what it does."""
LINE: Final = "▏"
"""In place of the first blank of the palette's key, which stands at the right end."""
GAP: Final = 2
"""Cells at least before that line."""
DIM: Final = Style(dim=True)


@dataclass(frozen=True, slots=True)
class FooterKey:
    """A key on the line: what is pressed for it, and what it does."""

    key: str
    display: str
    description: str
    action: str
    is_enabled: bool
    tooltip: str
    is_palette: bool = False

    @property
    def cells(self) -> int:
        """The room that it takes."""
        return cell_len(self.display) + cell_len(self.description) + AROUND


class KeyFooter(Widget, can_focus=False):
    """As many of the active keys as fit, as one widget.

    Textual's footer lets the last keys run out of the line, which are Help and Quit; here the other keys give way, the last ones
    first. It is also a dozen widgets, to be styled and laid out for each screen and whenever the active keys are others: a quarter
    of what a key cost.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "key-footer--key",
        "key-footer--description",
        "key-footer--hover",
        "key-footer--line",
    }

    hovered: reactive[FooterKey | None] = reactive(None)
    """The key under the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[FooterKey, ...] = ()
        """The active keys, those too for which the line has no room."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self.bindings_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the active keys, unless they are on show."""
        if not screen.app.app_focus or not self.is_attached or screen is not self.screen:
            return
        found = tuple(self._active(screen))
        if found != self.keys:
            self.keys = found
            self.hovered = None
            self.refresh()

    def _active(self, screen: Screen[object]) -> Iterator[FooterKey]:
        told = set()
        for key, active in screen.active_bindings.items():
            binding = active.binding
            is_palette = key == self.app.COMMAND_PALETTE_BINDING
            # Several keys of one action are told by the first.
            if (binding.show and binding.action not in told) or is_palette:
                told.add(binding.action)
                tooltip = (binding.tooltip or binding.description) if is_palette else active.tooltip
                display = self.app.get_key_display(binding)
                yield FooterKey(
                    binding.key,
                    display,
                    binding.description,
                    binding.action,
                    active.enabled,
                    tooltip,
                    is_palette,
                )

    def shown(self) -> list[tuple[int, FooterKey]]:
        """Return the keys that fit, each with the column where it begins."""
        is_narrow = self.screen.has_class("-narrow")
        keys = [key for key in self.keys if not (is_narrow and key.is_palette)]
        stay = ALWAYS if is_narrow else ALWAYS | {"goto"}
        staying = [key for key in keys if key.action.removeprefix("app.") in stay]
        room = self.size.width - sum(key.cells + GAP * key.is_palette for key in staying)
        found, column = [], 0
        for key in keys:
            if key not in staying:
                room -= key.cells
                if room < 0:
                    continue
            if key.is_palette:
                found.append((self.size.width - key.cells, key))
            else:
                found.append((column, key))
                column += key.cells
        return found

    def render(self) -> Text:
        """Return the line."""
        names = ("key", "description", "hover", "line")
        key_style, description_style, hover_style, line_style = (
            self.get_component_rich_style(f"key-footer--{name}") for name in names
        )
        text = Text(no_wrap=True, end="")
        for column, key in sorted(self.shown(), key=lambda each: each[0]):
            text.append(" " * (column - text.cell_len))
            before = len(text)
            if key.is_palette:
                text.append(LINE, line_style)
                text.append(key.display, key_style)
                text.append(f" {key.description}", description_style)
                text.append(" ")
            else:
                text.append(f" {key.display} ", key_style)
                text.append(f"{key.description} ", description_style)
            if not key.is_enabled:
                text.stylize(DIM, before)
            if key is self.hovered:
                text.stylize(hover_style, before)
        return text

    def _at(self, column: int) -> FooterKey | None:
        found = (key for begin, key in self.shown() if begin <= column < begin + key.cells)
        return next(found, None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what the key under the mouse does."""
        self.hovered = self._at(event.x)
        tooltip = self.hovered.tooltip if self.hovered is not None else None
        if tooltip != self.tooltip:
            self.tooltip = tooltip

    def on_leave(self) -> None:
        """Let go of it."""
        self.hovered = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key under the mouse."""
        key = self._at(event.x)
        if key is None:
            return
        if key.is_enabled:
            self.app.simulate_key(key.key)
        else:
            self.app.bell()
