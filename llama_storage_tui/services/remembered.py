"""What the app remembers of a config from one start to the next: choices made by keys, in a small file beside the preferences.

The operator's own `config.toml` is never written: its comments are the operator's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError

FILE: Final = "remembered.json"
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
        return self._place in self._read().get(self.kind, [])

    def make(self, *, is_made: bool) -> bool:
        """Keep the choice, or drop it; return whether the file says so now."""
        if is_made == self.is_made:
            return True
        # Imported here: the first screen only reads.
        from llama_storage_tui.files.staging import StagedFile

        found = self._read()
        others = [each for each in found.get(self.kind, []) if each != self._place]
        found[self.kind] = [*others, self._place][-MOST:] if is_made else others
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with StagedFile(self.path, replaces=True) as staged:
                staged.write(json.dumps(found, indent=1) + "\n")
        except (OSError, RefusedError):
            return False
        return True

    @property
    def _place(self) -> str:
        return str(Path(self.config).absolute())

    def _read(self) -> dict[str, list[str]]:
        try:
            data = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(data, dict):
            return {}
        return {
            str(kind): [str(each) for each in places]
            for kind, places in data.items()
            if isinstance(places, list)
        }
