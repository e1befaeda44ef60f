"""The operator's editor: which command it is, and how it is told a line."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping

from llama_storage_tui.errors import UsageError

USUAL = "vi"


def editor_command(path: str, number: int, environ: Mapping[str, str]) -> list[str]:
    """Return the command that opens a file at a line: of $VISUAL, else of $EDITOR, else vi.

    Raises UsageError where the variable is no command, or the command is not there.
    """
    name = next((each for each in ("VISUAL", "EDITOR") if environ.get(each, "").strip()), None)
    written = USUAL if name is None else environ[name]
    try:
        words = shlex.split(written)
    except ValueError:
        words = []
    if not words or shutil.which(words[0]) is None:
        said = (
            f"${name} is {written!r}, which is not a command on this machine"
            if name
            else "vi is not installed"
        )
        raise UsageError(said, help="Set $VISUAL or $EDITOR to the command of an editor.")
    return [*words, f"+{number}", path]
