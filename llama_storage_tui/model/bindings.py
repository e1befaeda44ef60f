"""What can be set in the app's `config.toml`: keys by the ids of their bindings, and a theme."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """One thing that a key does, under the id that remaps it; `where` names the screens. `keys` are the defaults."""

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppSettings:
    """All that the file may hold, and where it is."""

    file: str
    keys: tuple[KeyBinding, ...]
    themes: tuple[str, ...]
