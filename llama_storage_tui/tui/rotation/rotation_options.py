"""How an operator wants a password changed, as chosen on the screen."""

from __future__ import annotations

from enum import StrEnum

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.secrets import Secret


class Mode(StrEnum):
    """Where the new password comes from, and what changes."""

    GENERATE = "generated"
    TYPED = "typed"
    FILES = "files only"
    SERVER = "server only"


MEANINGS = {
    Mode.GENERATE: "A new password of 32 letters and digits, at the server and in every place.",
    Mode.TYPED: "The password that you type, at the server and in every place.",
    Mode.FILES: "The server has the password that you type already: it is verified, then the files are updated.",
    Mode.SERVER: "A generated password at the server alone; you place it, and confirm when that is done.",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen; `typed` is None where nothing is typed."""

    mode: Mode = Mode.GENERATE
    typed: Secret | None = None
    hands_over: bool = False
    accepts_unchecked: bool = False
    also: tuple[str, ...] = ()
    userlist: str | None = None

    @property
    def terms(self) -> Terms:
        """The same in the service's words."""
        return Terms(
            self.typed if self.mode is Mode.FILES else None,
            is_server_only=self.mode is Mode.SERVER,
            hands_over=self.hands_over,
            accepts_unchecked=self.accepts_unchecked,
        )
