"""The line of keys at the bottom."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS: Final = frozenset({"help", "quit", "back", "close", "command_palette"})
"""Actions whose keys are shown however narrow the line is: the ways out, and the way to all other keys.

On a wide line the way to an id is among them: it leads everywhere, and nobody would guess it."""
AROUND: Final = 3
"""Blanks that a key brings along."""
PALETTE: Final = 2
"""Cells of the line before the palette's key, and of the blank after it."""


class KeyFooter(Footer):
    """Textual's footer with as many keys as fit, made anew only when its keys are others.

    Textual lets the last keys run out of the line, which are Help and Quit; here the other keys give way, the last ones first.
    It also makes all of its widgets anew whenever the focus moves or a screen asks which keys are active: a dozen widgets to
    style for nothing, several times a key.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys_on_show: tuple[tuple[Binding, bool, str], ...] | None = None
        self._fitted: int | None = None

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Show the active keys, unless they are on show."""
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            shown = tuple(
                (found.binding, found.enabled, found.tooltip)
                for key, found in screen.active_bindings.items()
                if found.binding.show or key == self.app.COMMAND_PALETTE_BINDING
            )
            if shown == self._keys_on_show:
                return
            self._keys_on_show = shown
        super().bindings_changed(screen)

    def compose(self) -> ComposeResult:
        self._fitted = self.app.size.width
        keys = [found for found in super().compose() if isinstance(found, FooterKey)]
        for key in keys:
            # A key begins compact and turns out not to be: two stylings for nothing, of each.
            key.set_reactive(FooterKey.compact, self.compact)
        is_narrow = self.screen.has_class("-narrow")
        keys = [key for key in keys if not (is_narrow and key.action.endswith("command_palette"))]
        stay = ALWAYS if is_narrow else ALWAYS | {"goto"}
        staying = [key for key in keys if key.action.removeprefix("app.") in stay]
        room = self._fitted - sum(map(_width, staying))
        for key in keys:
            if key not in staying:
                room -= _width(key)
                if room < 0:
                    continue
            yield key

    def on_resize(self, event: events.Resize) -> None:
        """Another width has room for other keys."""
        del event
        if self._fitted is not None and self._fitted != self.app.size.width:
            self.call_after_refresh(self.recompose)


def _width(key: FooterKey) -> int:
    is_palette = key.action.endswith("command_palette")
    return cell_len(key.key_display) + cell_len(key.description) + AROUND + (PALETTE if is_palette else 0)
