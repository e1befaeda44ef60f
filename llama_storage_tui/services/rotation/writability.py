"""Which places can be written from here, and why the others cannot.

What the operator takes over by hand is a place like any other: it must be able to carry the new password, and the change stays
open until reading it again yields that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.edit.uri import encode_password
from llama_storage_tui.config.password_locations import Carrier, CarrierKind
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.places import check_replaceable
from llama_storage_tui.model.rotation import Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.identity import ComparedCredential
from llama_storage_tui.services.rotation.rewriting import Writing
from llama_storage_tui.services.rotation.sources import RotationRequest, Sources


@dataclass(frozen=True, slots=True)
class Reach:
    """The files that cannot be replaced, by the names that carriers use, and what the operator wants done about that."""

    terms: Terms
    hindrances: Mapping[str, RefusedError] = field(default_factory=dict)

    def hindrance(self, carrier: Carrier) -> str | None:
        """Say why a place is left to the operator; None where it is written from here, or stops the plan."""
        if carrier.kind is CarrierKind.PROCESS:
            if carrier.file is not None:
                return (
                    "comes from a manifest or a compose file, which is not written from here: change it there"
                )
            return "is set in the process environment only"
        if self.terms.is_server_only:
            return "is left to you: only the server changes"
        found = self.hindrances.get(carrier.file or "")
        return found.message if found is not None and self.terms.hands_over else None


def find_reach(sources: Sources, credentials: tuple[ComparedCredential, ...], terms: Terms) -> Reach:
    """Look at every file that carries a password; looks only."""
    names = dict.fromkeys(
        carrier.file for one in credentials for carrier in one.entry.carriers if carrier.file
    )
    hindrances: dict[str, RefusedError] = {}
    for name in names:
        try:
            check_replaceable(sources.real[name])
        except RefusedError as refused:
            hindrances[name] = refused
    return Reach(terms, hindrances)


def as_if_changed(request: RotationRequest, left: tuple[Writing, ...], new: Secret) -> RotationRequest:
    """Return a request whose process environment has the new password already, to read the configs as they will be."""
    environ = dict(request.load.environ)
    for writing in left:
        carrier = writing.carrier
        if carrier.kind is CarrierKind.PROCESS and carrier.variable in environ:
            replacement = encode_password(new.reveal()) if carrier.is_encoded else new.reveal()
            change = Splice(carrier.start, carrier.end, replacement)
            if environ[carrier.variable][carrier.start : carrier.end] == carrier.written.reveal():
                environ[carrier.variable] = change.apply(environ[carrier.variable])
    return replace(request, load=replace(request.load, environ=environ))
