"""The light and the dark theme. A colour always means something, and the same thing is always written beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from llama_storage_tui.tui.style.glyphs import Tone

DARK: Final = Theme(
    name="ledger-dark",
    primary="#7aa2c8",
    secondary="#8a94a6",
    accent="#d7b46a",
    foreground="#d5d9e0",
    background="#15181d",
    surface="#1a1e24",
    panel="#242a32",
    success="#7fb685",
    warning="#d9a441",
    error="#e0706a",
    dark=True,
    variables={
        "muted": "#9199a6",
        "rule": "#3a424d",
        "cursor": "#2f4257",
        "cursor-idle": "#252d37",
        "footer-background": "#1a1e24",
        "footer-description-foreground": "#9199a6",
        "input-selection-background": "#7aa2c8 35%",
    },
)

LIGHT: Final = Theme(
    name="ledger-light",
    primary="#245a8d",
    secondary="#5a6473",
    accent="#7a5410",
    foreground="#20262e",
    background="#f7f7f4",
    surface="#efefea",
    panel="#e4e4dd",
    success="#256b33",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
    variables={
        "muted": "#5f6875",
        "rule": "#c3c5bf",
        "cursor": "#c9dbec",
        "cursor-idle": "#e0e4e6",
        "footer-background": "#efefea",
        "footer-description-foreground": "#5f6875",
        "input-selection-background": "#245a8d 25%",
    },
)

ANSI: Final = "ansi"
"""Themes of Textual that have the terminal's own colours: nothing can be mixed from those."""

BY_NAME: Final = {"dark": DARK, "light": LIGHT}
"""The themes by what an operator's file calls them, the usual one first."""


def variables_of(theme: Theme) -> Mapping[str, str]:
    """Return the variables that our styles use, for a theme: its own, or made of the colours of one of Textual's."""
    if theme in BY_NAME.values():
        return theme.variables
    colours = theme.to_color_system().generate()
    background, foreground, primary = (
        Color.parse(colours[name]) for name in ("background", "foreground", "primary")
    )
    return {
        "muted": background.blend(foreground, 0.65).hex,
        "rule": background.blend(foreground, 0.25).hex,
        "cursor": background.blend(primary, 0.3).hex,
        "cursor-idle": background.blend(foreground, 0.12).hex,
        "footer-background": colours["surface"],
        "footer-description-foreground": background.blend(foreground, 0.65).hex,
        "input-selection-background": f"{colours['primary']} 35%",
    }


def theme_names() -> dict[str, str]:
    """Return the themes there are by what an operator's file calls them: ours, then Textual's with colours of their own."""
    names = [name for name in BUILTIN_THEMES if not name.startswith(ANSI)]
    return {**{name: theme.name for name, theme in BY_NAME.items()}, **{name: name for name in names}}


def tone_style(tone: Tone, variables: Mapping[str, str]) -> Style:
    """Return a tone in the colours of a theme, for the widgets that draw with Rich.

    Not by component classes: Textual styles every class of every widget anew with each change of style, and six tones on each
    list cost a fifth of the first paint.
    """
    return _foreground(variables[tone.value])


@lru_cache(64)
def _foreground(colour: str) -> Style:
    return Style(color=Color.parse(colour).rich_color)
