"""What the app remembers from one start to the next: what was chosen by keys, in a small file beside the preferences.

The operator's own `config.toml` is never written: its comments are the operator's. Filters that were given a name are text that an
operator typed, and have a file of their own (`saved_filters`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError

FILE: Final = "remembered.json"
THEME: Final = "theme"
"""The theme that was chosen last."""
SERVERS: Final = "servers"
"""Configs whose servers are tested from the start."""
MOST: Final = 200
"""Configs of one kind; the ones that were chosen first are forgotten."""


@dataclass(frozen=True, slots=True)
class ConfigChoice:
    """Whether something was chosen for a config, in a file of all such choices, which may not be there."""

    path: Path
    kind: str
    config: str

    @property
    def is_made(self) -> bool:
        """Whether it was chosen; a file that cannot be read has no choices."""
        return self._place in _read(self.path).get(self.kind, [])

    def make(self, *, is_made: bool) -> bool:
        """Keep the choice, or drop it; return whether the file says so now."""
        if is_made == self.is_made:
            return True
        others = [each for each in _read(self.path).get(self.kind, []) if each != self._place]
        return _keep(self.path, self.kind, [*others, self._place][-MOST:] if is_made else others)

    @property
    def _place(self) -> str:
        return str(Path(self.config).absolute())


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing that was chosen for all configs, in the same file."""

    path: Path
    kind: str

    @property
    def value(self) -> str | None:
        """What was chosen last, None where nothing was."""
        return next(iter(_read(self.path).get(self.kind, [])), None)

    def keep(self, value: str | None) -> bool:
        """Keep what is chosen now (None: nothing); return whether the file says so now."""
        return value == self.value or _keep(self.path, self.kind, [] if value is None else [value])


def _keep(path: Path, kind: str, values: list[str]) -> bool:
    # Imported here: the first screen only reads.
    from llama_storage_tui.files.own_file import write_own

    try:
        write_own(path, (json.dumps(_read(path) | {kind: values}, indent=1) + "\n").encode())
    except RefusedError:
        return False
    return True


def _read(path: Path) -> dict[str, list[str]]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    return {
        str(kind): [str(each) for each in values] for kind, values in data.items() if isinstance(values, list)
    }
