"""The operator's own keys and theme: `config.toml` in the user's config folder, or `$LLAMA_STORAGE_TUI_CONFIG`."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from llama_storage_tui.deferred import dataclass

VARIABLE: Final = "LLAMA_STORAGE_TUI_CONFIG"
NAMES: Final = {"slash": "/", "escape": "esc", "shift+tab": "⇧tab", "plus": "+", "minus": "-"}
"""Keys whose names in Textual are neither what stands on the keyboard nor the names of characters in Unicode."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the file says; `problem` is one sentence where it could not be followed, whole or in part."""

    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    problem: str | None = None


def preferences_path(environ: Mapping[str, str]) -> Path:
    """Return where the file is looked for."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    import platformdirs

    return Path(platformdirs.user_config_path("llama-storage-tui")) / "config.toml"


def read_preferences(path: Path, known: Collection[str], themes: Collection[str]) -> Preferences:
    """Read the file: `theme = "light"` and a table `[keys]` of binding id to key. Never raises; no file is no problem."""
    # Imported here: most operators have no such file, and the first paint waits for nothing that it does not need.
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return Preferences()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not TOML"
        return Preferences(problem=f"{path} was not read: {reason}. The usual keys apply.")
    keys = data.get("keys", {})
    theme = data.get("theme")
    problems = []
    if not isinstance(keys, dict):
        keys, problems = {}, ["[keys] is not a table"]
    wrong = [
        name for name, key in keys.items() if name not in known or not isinstance(key, str) or not key.strip()
    ]
    if wrong:
        problems.append(
            f"unknown binding or key: {', '.join(wrong)} (all are listed by: llama-storage-tui help keys)"
        )
    if theme is not None and theme not in themes:
        problems.append(f"theme is not one of {', '.join(themes)}")
        theme = None
    return Preferences(
        {name: key for name, key in keys.items() if name not in wrong},
        theme,
        f"{path}: {'; '.join(problems)}." if problems else None,
    )


def key_name(key: str) -> str:
    """Return a key as it is written for an operator: `=` for `equals_sign`."""
    if key in NAMES or len(key) == 1:
        return NAMES.get(key, key)
    try:
        character = unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return key
    # The names of control characters are names of keys, too.
    return character if character.isprintable() and not character.isspace() else key
