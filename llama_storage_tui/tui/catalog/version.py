"""Why this server version, and what follows from it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content

from llama_storage_tui.model.version import VersionGuess
from llama_storage_tui.text import line
from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.widgets.prose import Prose


class VersionDialog(Dialog[None]):
    """The version, its range, and the clues."""

    box_title = "Server version"

    def __init__(self, version: VersionGuess) -> None:
        super().__init__()
        self._version = version

    def body(self) -> ComposeResult:
        yield Prose(id="reasons")

    def on_mount(self) -> None:
        version = self._version
        fits = f"from {version.low}" + (f" to below {version.below}" if version.below else " on")
        said = (
            "chosen with --for" + (f" {version.label}" if version.label else "")
            if version.is_overridden
            else "guessed from the config"
        )
        lines = [
            Content.assemble(
                (f"{version.chosen.product} {version.chosen}", f"bold {Tone.KEY.style}"),
                (f"  {said}", Tone.MUTED.style),
            ),
            Content.styled(f"The config fits versions {fits}.", Tone.PLAIN.style),
        ]
        if version.is_overridden and version.guess != version.chosen:
            lines.append(Content.styled(f"The config itself suggests {version.guess}.", Tone.PLAIN.style))
        lines += [Content(""), Content.styled("Because:", Tone.MUTED.style)]
        lines += [Content.styled(f"  {line(clue, 300)}", Tone.PLAIN.style) for clue in version.because]
        lines += [
            Content(""),
            Content.styled(
                "Findings, tables and key prefixes are computed for this version. Another one: --for VERSION.",
                Tone.MUTED.style,
            ),
        ]
        self.query_one(Prose).put(Content("\n").join(lines))
        self.query_one(Prose).focus()
