"""The write-ahead journal of a rotation: what is needed to finish or undo it, readable by its owner alone.

It holds both passwords while the change is pending, and none when it is finished. It is written whole and synced before the step
that it announces.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TextIO

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.files.private import alone_in, check_private, make_private, state_folder
from llama_storage_tui.files.replacing import sync_folder
from llama_storage_tui.model.rotation import LineChange, Patch, RoleChange, Way
from llama_storage_tui.secrets import Secret

State = Literal["staging", "prepared", "waiting", "applied", "undone"]
HOLDS: Final = "passwords"

PENDING: Final = ("staging", "prepared", "waiting")
"""`waiting`: server and files have the new password, and what the operator changes by hand is not confirmed yet."""


@dataclass(frozen=True, slots=True)
class JournaledFile:
    """A file to replace: hashes before and after, where the new one is staged, its marker, and the edits to make again."""

    path: Path
    before: str
    after: str
    staged: Path
    marker: Path
    edits: tuple[Mapping[str, object], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A place to log in at, without the password."""

    host: str
    port: int
    database: str
    user: str
    ssl_mode: str | None
    ca_cert_path: str | None
    engine: Literal["postgresql", "mongodb"] = "postgresql"
    names: tuple[str, str] | None = None
    """Role and server as an operator names them, where that is not user, host and port."""

    @property
    def role(self) -> str:
        """Who logs in, as an operator names it."""
        return self.names[0] if self.names else self.user

    @property
    def server(self) -> str:
        """Where that is, without a database."""
        return self.names[1] if self.names else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Journal:
    """One rotation. `request` is what the configs are read again with; `addresses` begin with the one that was chosen."""

    id: str
    state: State
    created: str
    owner: str
    request: Mapping[str, object]
    addresses: tuple[Address, ...]
    system_identifier: str
    role_oid: int
    old: Secret
    new: Secret
    verifier: str = field(repr=False)
    files: tuple[JournaledFile, ...]
    patches: tuple[Patch, ...] = ()
    """What the operator changes by hand."""
    left: tuple[Path, ...] = ()
    """The files that hold the password and are not written from here."""
    is_unchecked: bool = False
    """Whether the operator accepted that the server checks no password of this role."""
    changes_server: bool = True
    """Whether the server gets the new password from here; otherwise somebody else gave it that."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that the change is about, written from here or not."""
        return (*(file.path for file in self.files), *self.left)

    @property
    def config(self) -> str:
        """The run config that the change began with."""
        return str(self.request["config"])

    @property
    def backend(self) -> str:
        """The backend that the change began with."""
        return str(self.request["backend"])

    @property
    def role(self) -> str:
        """The role whose password changes."""
        return self.addresses[0].role

    @property
    def change(self) -> RoleChange:
        """What the server is asked for."""
        return RoleChange((self.system_identifier, self.role_oid), self.old, self.new, self.verifier)


class Journals:
    """The journals of one user's state folder."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.state = state_folder(environ)
        self.folder = self.state / "rotations"

    @property
    def audit_log(self) -> Path:
        """Where each finished change has its line: who, when, which role and server, which files. No secret, and nothing of one."""
        return self.state / "audit.log"

    def path(self, id_: str) -> Path:
        """Return where a journal is."""
        return self.folder / f"{id_}.json"

    def prepare(self) -> None:
        """Make the folder, or refuse one that others could read or write; raises RefusedError."""
        make_private(self.folder, HOLDS)
        with alone_in(self.folder):
            pass

    def write(self, journal: Journal) -> None:
        """Write a journal, on disk when this returns; raises OSError."""
        self._write(journal.id, asdict(journal))

    def close(self, journal: Journal, state: Literal["applied", "undone"], at: str) -> None:
        """Reduce a journal to a record without secrets or hashes of files that hold them."""
        self._write(
            journal.id,
            {
                "id": journal.id,
                "state": state,
                "created": journal.created,
                "closed": at,
                "owner": journal.owner,
                "role": journal.role,
                "system_identifier": journal.system_identifier,
                "files": [str(path) for path in journal.paths],
            },
        )

    def audit(self, id_: str, facts: Mapping[str, object]) -> None:
        """Write a finished change's line, once even where a crash makes it be asked for twice; raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(self.audit_log, flags, 0o600), "r+", encoding="utf-8") as stream:
            if any(f'"journal": {json.dumps(id_)}' in line for line in stream):
                return
            stream.write(json.dumps({"journal": id_, **facts}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def pending(self) -> Iterator[Journal]:
        """Yield the journals that are not closed, oldest first; raises RefusedError for a folder that cannot be trusted."""
        for path in self._paths():
            journal = self._read(path)
            if journal is not None and journal.state in PENDING:
                yield journal

    def damaged(self) -> tuple[Path, ...]:
        """Return the journals that cannot be read; what they were about can be told from the markers beside the files."""
        unread = tuple(path for path in self._paths() if self._read(path) is None)
        return (*unread, *sorted(self.folder.glob("*.damaged"))) if self.folder.is_dir() else ()

    def set_aside(self) -> None:
        """Rename the journals that cannot be read, so that they are kept and obeyed by nobody."""
        for path in self._paths():
            if self._read(path) is None:
                path.rename(path.with_suffix(".damaged"))

    def _paths(self) -> tuple[Path, ...]:
        if not self.folder.is_dir():
            return ()
        check_private(self.folder, HOLDS, is_folder=True)
        return tuple(sorted(self.folder.glob("*.json")))

    def _read(self, path: Path) -> Journal | None:
        """Return a journal, of a closed one no more than its state; None where it cannot be read."""
        check_private(path, HOLDS, is_folder=False)
        try:
            data = json.loads(path.read_bytes())
            return _from_json(data) if data["state"] in PENDING else _closed(data)
        except (ValueError, KeyError, TypeError, IndexError):
            return None

    def _write(self, id_: str, data: Mapping[str, object]) -> None:
        path = self.path(id_)
        first = path.with_suffix(".part")
        with alone_in(self.folder) as folder:
            try:
                with self._new_file(first) as stream:
                    json.dump(data, stream, default=_plain)
                    stream.flush()
                    os.fsync(stream.fileno())
                    if not first.exists():
                        # The journal's own name where that is free: a kill leaves the whole of it or nothing.
                        name = first.name if path.exists() else path.name
                        os.link(f"/proc/self/fd/{stream.fileno()}", name, dst_dir_fd=folder)
                if first.exists():
                    first.replace(path)
                sync_folder(self.folder)
            finally:
                first.unlink(missing_ok=True)

    def _new_file(self, named: Path) -> TextIO:
        """Open a file without a name; one of that name where the system or the file system knows no other."""
        if Path("/proc/self/fd").is_dir() and hasattr(os, "O_TMPFILE"):
            with contextlib.suppress(OSError):
                return os.fdopen(os.open(self.folder, os.O_WRONLY | os.O_TMPFILE, 0o600), "w")
        return os.fdopen(os.open(named, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w")


def with_state(journal: Journal, state: State) -> Journal:
    """Return a journal in its next state."""
    return replace(journal, state=state)


def _closed(data: dict[str, Any]) -> Journal:
    if data["state"] not in ("applied", "undone"):
        raise ValueError("not a state of a journal")
    nothing = Secret("")
    return Journal(
        str(data["id"]),
        data["state"],
        str(data["created"]),
        str(data["owner"]),
        {},
        (),
        "",
        0,
        nothing,
        nothing,
        "",
        (),
    )


def _plain(value: object) -> str:
    """Return the text of a path or a password, for JSON; raises TypeError for anything else."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no journal holds a {type(value).__name__}")


def _from_json(data: dict[str, Any]) -> Journal:
    return Journal(
        id=str(data["id"]),
        state=data["state"],
        created=str(data["created"]),
        owner=str(data["owner"]),
        request=dict(data["request"]),
        addresses=tuple(_address(address) for address in data["addresses"]),
        system_identifier=str(data["system_identifier"]),
        role_oid=int(data["role_oid"]),
        old=Secret(str(data["old"])),
        new=Secret(str(data["new"])),
        verifier=str(data["verifier"]),
        files=tuple(
            JournaledFile(
                Path(file["path"]),
                str(file["before"]),
                str(file["after"]),
                Path(file["staged"]),
                Path(file["marker"]),
                tuple(file["edits"]),
            )
            for file in data["files"]
        ),
        patches=tuple(_patch(patch) for patch in data.get("patches", ())),
        left=tuple(Path(name) for name in data.get("left", ())),
        is_unchecked=bool(data.get("is_unchecked")),
        changes_server=bool(data.get("changes_server", data["verifier"])),
    )


def _address(data: dict[str, Any]) -> Address:
    names = data.get("names")
    return Address(**(data | {"names": (str(names[0]), str(names[1])) if names else None}))


def _patch(data: dict[str, Any]) -> Patch:
    change = data["change"]
    return Patch(
        str(data["place"]),
        str(data["reason"]),
        None if change is None else LineChange(**change),
        tuple(_way(str(way)) for way in data["ways"]),
        data.get("variable"),
        str(data.get("config", "")),
    )


def _way(text: str) -> Way | str:
    try:
        return Way(text)
    except ValueError:
        return text
