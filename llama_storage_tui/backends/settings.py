"""An entry of `storage.backends` as an engine reads it, and why no target can be made of one."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Final, Protocol

from llama_storage_tui.model.version import Version
from llama_storage_tui.secrets import Secret

LOGIN_NOT_ENCODED: Final = "has a login whose special characters are not percent-encoded"
"""Of a host that is a URL, or becomes one."""


class NoTarget(Exception):  # noqa: N818 - a reason, caught where a target is read
    """Why a backend's target cannot be told; the text is shown to the operator."""


class BackendSettings(Protocol):
    """The fields of one backend with the defaults of a version, expressions expanded."""

    @property
    def type(self) -> str:
        """The backend's type."""

    @property
    def version(self) -> Version:
        """The version of the servers."""

    @property
    def variables(self) -> Container[str]:
        """The names of the variables that are set."""

    def get(self, name: str) -> object:
        """Return a field's value, None where it has none; an opaque object where `is_unknown`."""

    def is_unknown(self, name: str) -> bool:
        """Tell whether a field depends on a variable that is not set."""

    def unknown(self, name: str) -> NoTarget:
        """Return why there is no target where a field is unknown: the variables that it depends on."""

    def is_written(self, name: str) -> bool:
        """Tell whether the file itself has a value for the field."""

    def text(self, name: str) -> str:
        """Return a field's text; raises NoTarget where it has none, is empty, no text, or unknown."""

    def optional_text(self, name: str) -> str | None:
        """Return a field's text; None where it has none or is no text."""

    def port(self) -> int:
        """Return the field `port`; raises NoTarget where it is no number or unknown."""

    def shown(self, name: str) -> str:
        """Return a field as it may be shown, a `?` where it is unknown."""

    def masked(self, text: str) -> str:
        """Return a text without the passwords that it holds."""

    def secret(self, text: str) -> Secret:
        """Return a text as a secret that is masked everywhere from here on."""

    def path(self, text: str) -> Path:
        """Return where a path of the server's can be read here."""

    def with_home(self, text: str) -> str:
        """Return a path with a leading `~` expanded as servers do."""
