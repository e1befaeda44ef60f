"""All logins of all configs, each with the places that carry its password."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.edit.uri import decode_password, password_span
from llama_storage_tui.config.logins import Holder, find_holders
from llama_storage_tui.config.password_locations import Carrier, CarrierKind, find_carriers
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.sources import Sources


@dataclass(frozen=True, slots=True)
class CredentialEntry:
    """A login and its carriers: the one in use first, then those that it overrides. None where `problem` says why."""

    context: Context = field(repr=False)
    holder: Holder
    carriers: tuple[Carrier, ...]
    problem: str | None = None

    @property
    def password(self) -> Secret | None:
        """The password that the server of this config logs in with."""
        return self.holder.target.password if self.holder.target is not None else None


def find_entries(sources: Sources) -> tuple[CredentialEntry, ...]:
    """Return the logins of all configs in order."""
    return tuple(
        _entry(sources, context, holder) for context in sources.contexts for holder in find_holders(context)
    )


def _entry(sources: Sources, context: Context, holder: Holder) -> CredentialEntry:
    if holder.target is None or not holder.target.password:
        return CredentialEntry(context, holder, (), holder.problem or "it has no password in the config")
    try:
        found = find_carriers(context, holder.path, is_uri=holder.is_uri)
    except RefusedError as refused:
        return CredentialEntry(context, holder, (), refused.message)
    return CredentialEntry(context, holder, (*found, *_of_other_files(sources, found[0])))


def _of_other_files(sources: Sources, used: Carrier) -> Iterator[Carrier]:
    """Yield what further env files set the same variable to: nobody reads it today, and it holds a password all the same."""
    if used.kind is not CarrierKind.ENV_FILE or used.variable is None:
        return
    seen = {sources.real[used.file or ""]}
    for file in reversed(sources.env_files):
        variable = file.variables.get(used.variable)
        if variable is None or not variable.value or file.real in seen:
            continue
        seen.add(file.real)
        span = password_span(variable.value) if used.is_encoded else None
        password = variable.value if span is None else decode_password(variable.value, span)
        start, end = span or (0, len(variable.value))
        yield replace(
            used,
            start=start,
            end=end,
            password=Secret(password),
            written=Secret(variable.value[start:end]),
            file=file.name,
            line=variable.line,
            is_used=False,
        )
