"""What a piece of text means, apart from what it says: the tones, and the marks that carry them without colour."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Severity


class Tone(StrEnum):
    """The meaning that a colour may underline."""

    PLAIN = "plain"
    MUTED = "muted"
    KEY = "key"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"

    @property
    def variable(self) -> str:
        """The theme's variable that holds the tone's colour."""
        return _VARIABLES[self]

    @property
    def style(self) -> str:
        """The tone as a style of `Content`."""
        return f"${_VARIABLES[self]}"


_VARIABLES: Final = {
    Tone.PLAIN: "foreground",
    Tone.MUTED: "muted",
    Tone.KEY: "primary",
    Tone.GOOD: "success",
    Tone.WARNING: "warning",
    Tone.BAD: "error",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A text with its tone: what a list shows in one place. The widget makes the text safe, not who writes it."""

    text: str
    tone: Tone = Tone.PLAIN


class ProbeState(StrEnum):
    """Where a backend stands with its connection test."""

    UNTESTED = "untested"
    TESTING = "testing"
    OK = "ok"
    FAILED = "failed"


_STATES: Final = {
    ProbeState.UNTESTED: Shown("○ untested", Tone.MUTED),
    ProbeState.TESTING: Shown("◌ testing…", Tone.KEY),
    ProbeState.OK: Shown("● ok", Tone.GOOD),
    ProbeState.FAILED: Shown("✗ failed", Tone.BAD),
}

_SEVERITIES: Final = {
    Severity.ERROR: Shown("✗", Tone.BAD),
    Severity.WARNING: Shown("▲", Tone.WARNING),
    Severity.INFO: Shown("·", Tone.MUTED),
}


def state_mark(state: ProbeState) -> Shown:
    """Return glyph and word of a test's state."""
    return _STATES[state]


def severity_glyph(severity: Severity) -> Shown:
    """Return the glyph of a severity; a word stands beside it wherever it is used."""
    return _SEVERITIES[severity]


def severity_mark(severity: Severity) -> Shown:
    """Return glyph and word of a severity."""
    glyph = _SEVERITIES[severity]
    return Shown(f"{glyph.text} {severity.value}", glyph.tone)
