"""What an engine is told of a backend's settings, and what it makes of them: a target, and where that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.backends.settings import NoTarget
from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path as DocumentPath
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.target import Target
from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret

_LAST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class EntrySettings:
    """Satisfies `backends.settings.Settings`: `values` with defaults, `entry` as the file has it."""

    context: Context
    type: str
    values: Mapping[str, object]
    entry: Mapping[object, object] = field(default_factory=dict)
    place: DocumentPath = ()
    """Where the entry is in the file; empty where its fields are not there one by one."""

    @property
    def version(self) -> Version:
        """The version of the servers."""
        return self.context.version

    @property
    def variables(self) -> Collection[str]:
        """The names of the variables that are set."""
        return self.context.environment.variables.keys()

    def get(self, name: str) -> object:
        """Return a field's value."""
        return self.values.get(name)

    def is_unknown(self, name: str) -> bool:
        """Tell whether a field depends on a variable that is not set."""
        return self.values.get(name) is UNKNOWN

    def unknown(self, name: str) -> NoTarget:
        """Return why there is no target where a field is unknown."""
        return NoTarget(f"its {name} {self.context.resolution.depends((*self.place, name))}")

    def is_written(self, name: str) -> bool:
        """Tell whether the file itself has a value for the field."""
        return self.entry.get(name) is not None and name in self.values

    def text(self, name: str) -> str:
        """Return a field's text; raises NoTarget."""
        value = self.values.get(name)
        if value is UNKNOWN:
            raise self.unknown(name)
        if not isinstance(value, str) or not value:
            raise NoTarget(f"its {name} is not set" if value in (None, "") else f"its {name} is not text")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a field's text, where it has one."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def port(self) -> int:
        """Return the field `port`; raises NoTarget."""
        value = self.values.get("port")
        if value is UNKNOWN:
            raise self.unknown("port")
        try:
            port = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else int("")
        except ValueError:
            raise NoTarget("its port is not a number") from None
        if not 0 <= port <= _LAST_PORT:
            raise NoTarget(f"its port {port} is not between 1 and {_LAST_PORT}")
        return port

    def shown(self, name: str) -> str:
        """Return a field as it may be shown."""
        value = self.values.get(name)
        return self.masked(str(value)) if isinstance(value, str | int | float) else "?"

    def masked(self, text: str) -> str:
        """Return a text without the passwords that it holds."""
        for name, value in self.entry.items():
            shown = self.context.shown_at.get((*self.place, str(name)))
            if shown is not None and text == str(value):
                return mask_userinfo(shown)
        return self.context.redact(mask_userinfo(text))

    def secret(self, text: str) -> Secret:
        """Return a text as a secret that is masked everywhere from here on."""
        secret = Secret(text)
        if text:
            self.context.secrets.add(secret)
        return secret

    def path(self, text: str) -> Path:
        """Return where a path of the server's can be read here."""
        return Path(self.context.map_path(text))

    def with_home(self, text: str) -> str:
        """Return a path with a leading `~` expanded as servers do."""
        return self.context.environment.expand_user(text)


def read_target(settings: EntrySettings) -> Target:
    """Return what to connect to; raises NoTarget."""
    engine = engine_of_type(settings.type)
    if engine is None:
        raise NoTarget(f"its type {settings.type!r} is unknown" if settings.type else "it has no type")
    target: Target = engine.read_target(settings)
    return target


def location_of(settings: EntrySettings, target: Target | None) -> str:
    """Say where a backend is: a file path, `postgresql://HOST:PORT/DB` and the like, passwords masked wherever they stand."""
    engine = engine_of_type(settings.type)
    return "" if engine is None else engine.location(settings, target)
