"""From a plan to a journal: what would be written where, and what is needed to do it again after a crash."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llama_storage_tui.backends.mongodb.target import MongoTarget, mongo_login
from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.config.edit.reapply import PlacedEdit
from llama_storage_tui.config.edit.uri import encode_password
from llama_storage_tui.files.journal import Address, Journal, JournaledFile
from llama_storage_tui.files.markers import marker_path
from llama_storage_tui.files.replacing import digest
from llama_storage_tui.model.target import LoginTarget
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.identity import CredentialMatch
from llama_storage_tui.services.rotation.plan import PreparedChange
from llama_storage_tui.services.rotation.pooler import placed_entry
from llama_storage_tui.services.rotation.rewriting import Rewritten, Writing
from llama_storage_tui.services.rotation.sources import RotationRequest


def now() -> str:
    """Return the time in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def make_journal(
    prepared: PreparedChange, rewritten: Rewritten, old: Secret, new: Secret, verifier: str
) -> Journal:
    """Return the journal of a rotation that is about to be staged."""
    assert prepared.facts is not None, "a plan without refusal has asked the server"  # noqa: S101 - a programming error
    id_ = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    sources = prepared.sources
    return Journal(
        id=id_,
        state="staging",
        created=now(),
        owner=owner(),
        request=request_to_json(prepared),
        addresses=addresses(prepared),
        system_identifier=prepared.facts.system_identifier,
        role_oid=prepared.facts.role_oid,
        old=old,
        new=new,
        verifier=verifier,
        files=tuple(
            JournaledFile(
                path,
                digest(sources.contents[path]),
                digest(content),
                path.with_name(f".{path.name}.llama-storage-tui.{id_}"),
                marker_path(path),
                tuple(edit.to_json() for edit in _edits(prepared, path, new, verifier)),
            )
            for path, content in sorted(rewritten.contents.items())
        ),
        patches=prepared.plan.patches,
        left=tuple(
            sorted({sources.real[writing.carrier.file] for writing in prepared.left if writing.carrier.file})
        ),
        is_unchecked=prepared.is_unchecked,
        changes_server=prepared.terms.changes_server,
    )


def _edits(prepared: PreparedChange, path: Path, new: Secret, verifier: str) -> Iterator[PlacedEdit]:
    for writing in prepared.writings:
        if writing.carrier.file is not None and prepared.sources.real[writing.carrier.file] == path:
            yield placed(writing, new)
    if prepared.pooler is not None and prepared.pooler.real == path:
        yield placed_entry(prepared.pooler, new, verifier)


def placed(writing: Writing, new: Secret) -> PlacedEdit:
    """Return a carrier's edit in a form that outlives this process."""
    carrier = writing.carrier
    replacement = encode_password(new.reveal()) if carrier.is_encoded else new.reveal()
    return PlacedEdit(
        carrier.path if carrier.is_of_document else None,
        None if carrier.is_of_document else carrier.variable,
        carrier.start,
        carrier.written.reveal(),
        replacement,
        carrier.is_encoded,
    )


def owner() -> str:
    """Say who changes something, for other operators."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.geteuid())
    return f"{name}@{socket.gethostname()}"


def addresses(prepared: PreparedChange) -> tuple[Address, ...]:
    """Return every distinct place at which the role is used, first the one at which the password is changed."""
    targets = [prepared.chosen.holder.target] + [
        one.entry.holder.target for one in prepared.credentials if one.match is CredentialMatch.SAME
    ]
    servers = [server for target in targets if target is not None for server in target.each_server]
    return tuple(dict.fromkeys(map(_address, (prepared.target, *servers))))


def _address(target: LoginTarget) -> Address:
    match target:
        case PostgresTarget():
            ca_cert_path = str(target.ca_cert_path) if target.ca_cert_path else None
            return Address(
                target.host, target.port, target.database, target.user, target.ssl_mode, ca_cert_path
            )
        case MongoTarget():
            names = (target.role, target.place)
            return Address(target.host, target.port, "", target.user, None, None, "mongodb", names)
        case _:
            raise TypeError(f"no address of the journal holds a {type(target).__name__}")


def target_of(address: Address) -> LoginTarget:
    """Return what to log in at."""
    if address.engine == "mongodb":
        return mongo_login(address.host, address.port, address.user)
    return PostgresTarget(
        address.host,
        address.port,
        address.database,
        address.user,
        ssl_mode=address.ssl_mode,
        ca_cert_path=Path(address.ca_cert_path) if address.ca_cert_path else None,
    )


def request_to_json(prepared: PreparedChange) -> dict[str, object]:
    """Return what is needed to read the configs again, from any folder."""
    files = prepared.sources.names()
    numbers = {id(context): index for index, context in enumerate(prepared.sources.contexts)}
    left = [[numbers[id(entry.context)], entry.holder.shown] for entry in prepared.left_entries]
    written = [[numbers[id(one.entry.context)], one.entry.holder.shown] for one in prepared.writings]
    return {
        "backend": prepared.request.backend,
        "members": written + left,
        "left": left,
        "config": os.path.abspath(files[0]),  # noqa: PTH100 - a link stays one
        "also": [os.path.abspath(name) for name in files[1:]],  # noqa: PTH100 - the same
        **prepared.request.load.to_json(),
    }


def request_from_json(
    data: Mapping[str, Any], environ: Mapping[str, str], env_files: tuple[str, ...] = ()
) -> RotationRequest:
    """Return the request of a journal; `env_files` are read besides its own, and count before them."""
    load = LoadRequest(str(data["config"]), environ=environ)
    return RotationRequest(load.as_kept(data, env_files), str(data["backend"]), tuple(data["also"]))
