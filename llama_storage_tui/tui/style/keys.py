"""Keys as the screens and widgets write them down: what is pressed, what it does, and the words for it."""

from __future__ import annotations

from textual.binding import Binding


def shown_key(keys: str, action: str, label: str, id_: str, help_: str) -> Binding:
    """Return a key that the footer shows by its label.

    `keys` are Textual's names of what does the same, apart by commas; `id_` remaps it in the operator's file; `help_` is the
    sentence of help, palette and tooltip.
    """
    return Binding(keys, action, label, id=id_, tooltip=help_)


def hidden_key(
    keys: str, action: str, label: str, id_: str, help_: str = "", *, priority: bool = False
) -> Binding:
    """Return a key that the footer has no room for: help names it, and the palette where it has a sentence.

    One with `priority` comes before what has the focus.
    """
    return Binding(keys, action, label, id=id_, show=False, priority=priority, tooltip=help_)
