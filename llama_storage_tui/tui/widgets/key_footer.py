"""The line of keys at the bottom."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, made anew only when its keys are others.

    Textual makes all of its widgets anew whenever the focus moves or a screen asks which keys are active: a dozen widgets to style
    for nothing, several times a key.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys_on_show: tuple[tuple[Binding, bool, str], ...] | None = None

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
