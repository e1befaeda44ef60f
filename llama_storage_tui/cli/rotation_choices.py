"""The options of one `rotate`, and which of them go together."""

from __future__ import annotations

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.secrets import Secret

_HELP = "See: llama-storage-tui rotate --help"


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of one call, by their names."""

    dry_run: bool
    generates: bool
    password_stdin: bool
    config_only: bool
    server_only: bool
    outside: bool
    accept_unchecked: bool
    show: bool
    yes: bool
    status: bool
    recovers: bool
    undo: bool
    adopts: bool
    confirms: bool
    new_password: bool
    also: tuple[str, ...]
    userlist: str | None

    def check(self) -> None:
        """Raise UsageError for options that do not go together."""
        actions = (self.dry_run, self.status, self.recovers, self.adopts, self.confirms, self.new_password)
        is_odd = (
            (self.undo and not self.recovers)
            or (self.generates and self.password_stdin)
            or (self.config_only and self.server_only)
            or (self.userlist is not None and self.server_only)
        )
        if sum(actions) > 1 or is_odd:
            raise UsageError("These options exclude each other", help=_HELP)
        if (self.adopts or self.config_only) and not self.password_stdin:
            raise UsageError("That needs the password: --password-stdin", help=_HELP)

    def terms(self, proof: Secret | None) -> Terms:
        """Return what was chosen beforehand; `proof` is the password that the server has already."""
        return Terms(
            proof,
            is_server_only=self.server_only,
            hands_over=self.outside,
            accepts_unchecked=self.accept_unchecked,
        )
