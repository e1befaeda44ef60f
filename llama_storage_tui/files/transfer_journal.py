"""The journal of a transfer of stored data: what is needed to finish it or to take it back, without any stored value.

Beside a journal stands its record, a SQLite file: which rows were at the target before, and what was in place of those that were
replaced. Both are readable by their owner alone. The record of a store is on disk before the store's transaction is committed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import marshal
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any, Final, Literal, Self

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.files.private import STATE_VARIABLE, alone_in, make_private
from llama_storage_tui.files.replacing import sync_folder
from llama_storage_tui.model.data import Cell
from llama_storage_tui.model.raw_rows import RawRow, RowIdentity
from llama_storage_tui.next_steps import Step

TransferState = Literal["copying", "removing", "undoing", "applied", "undone"]
MOVE: Final = "move"
"""`what` in the request of a move."""
OPEN: Final = ("copying", "removing", "undoing")


STORE: Final = ""
"""In place of a container: the whole store was made."""


@dataclass(frozen=True, slots=True)
class JournaledItem:
    """An item by its name and places; `store` is the target's, which one transaction covers."""

    what: str
    source: str
    target: str
    store: str
    backend: str
    container: str
    identity: tuple[str, ...]
    """How a row is told apart in the target's container, which is one of `backend`."""


@dataclass(frozen=True, slots=True)
class TransferJournal:
    """One transfer. `request` is what its plan is made again with."""

    id: str
    state: TransferState
    created: str
    owner: str
    config: str
    request: Mapping[str, object]
    on_conflict: str
    removes_source: bool
    items: tuple[JournaledItem, ...]
    committed: tuple[str, ...] = ()
    """The stores whose transaction is known to be committed."""
    removed: tuple[str, ...] = ()
    """The stores from which something may have been removed."""

    @property
    def is_open(self) -> bool:
        """Whether it is half done."""
        return self.state in OPEN

    @property
    def is_move(self) -> bool:
        """Whether it moves a whole backend: its last step is the config's."""
        return self.request.get("what") == MOVE

    @property
    def finishing(self) -> Step:
        """The step that finishes it."""
        return Step.RESUME_MOVE if self.is_move else Step.RESUME_TRANSFER

    def moved_to(self, state: TransferState) -> TransferJournal:
        """Return the journal in its next state."""
        return replace(self, state=state)


class TransferJournals:
    """The journals of transfers in one user's state folder."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = Journals(environ).state / "transfers"

    def path(self, id_: str) -> Path:
        """Return where a journal is."""
        return self.folder / f"{id_}.json"

    def record_path(self, id_: str) -> Path:
        """Return where a journal's record is."""
        return self.folder / f"{id_}.rows"

    def prepare(self) -> None:
        """Make the folder, or refuse one that others could read or write; raises RefusedError."""
        make_private(self.folder, "stored rows")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other transfers of this user from running meanwhile; raises RefusedError where one does."""
        self.prepare()
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(alone_in(self.folder, waits=False))
            except BlockingIOError:
                raise RefusedError(
                    "Another transfer of yours is running", where=str(self.folder), help="Wait for its end."
                ) from None
            yield

    def write(self, journal: TransferJournal) -> None:
        """Write a journal, on disk when this returns; raises OSError."""
        first = self.path(journal.id).with_suffix(".part")
        descriptor = os.open(first, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump(asdict(journal), stream)
            stream.flush()
            os.fsync(stream.fileno())
        first.replace(self.path(journal.id))
        sync_folder(self.folder)

    def close(self, journal: TransferJournal, state: Literal["applied", "undone"]) -> TransferJournal:
        """Close a journal; the record of one that can no longer be taken back goes."""
        closed = journal.moved_to(state)
        self.write(closed)
        if state == "undone" or journal.removed:
            self._forget(journal.id)
        return closed

    def all(self) -> tuple[TransferJournal, ...]:
        """Return the journals that can be read, oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else ():
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                found.append(_from_json(json.loads(path.read_bytes())))
        return tuple(sorted(found, key=lambda journal: journal.created))

    def pending(self, config: str) -> TransferJournal | None:
        """Return the transfer of a config that is half done."""
        return next((each for each in self.all() if each.is_open and each.config == config), None)

    def last(self, config: str) -> TransferJournal | None:
        """Return the newest transfer of a config that can be taken back: a half done one, or one that was applied."""
        found = [each for each in self.all() if each.config == config and each.state != "undone"]
        return found[-1] if found else None

    def _forget(self, id_: str) -> None:
        for ending in ("", "-journal"):
            path = self.record_path(id_)
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _from_json(data: dict[str, Any]) -> TransferJournal:
    data["items"] = tuple(
        JournaledItem(**(item | {"identity": tuple(item["identity"])})) for item in data["items"]
    )
    data["committed"], data["removed"] = tuple(data["committed"]), tuple(data["removed"])
    return TransferJournal(**data)


@dataclass(frozen=True, slots=True)
class Changed:
    """A row of a target that was changed: what it was, and the digest of what it became."""

    identity: RowIdentity
    columns: tuple[str, ...]
    former: RawRow = field(repr=False)
    after: bytes = field(repr=False)


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS complete (store TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS created (store TEXT, container TEXT, PRIMARY KEY (store, container));
CREATE TABLE IF NOT EXISTS there (item TEXT, identity BLOB, PRIMARY KEY (item, identity)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changed (item TEXT, identity BLOB, columns BLOB, former BLOB, after BLOB, PRIMARY KEY (item, identity));
"""


class _RecordFile(sqlite3.Connection):
    """A record's file. What SQLite cannot do to it, for want of space above all, is a RefusedError."""

    def execute(self, *words: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as the base class has it
        """Do as the base class does."""
        with _refusing():
            return super().execute(*words)

    def executemany(self, *words: Any) -> sqlite3.Cursor:  # noqa: ANN401 - the same
        """Do as the base class does."""
        with _refusing():
            return super().executemany(*words)

    def executescript(self, script: str, /) -> sqlite3.Cursor:
        """Do as the base class does."""
        with _refusing():
            return super().executescript(script)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise RefusedError(
            f"The record of the transfer cannot be kept: {getattr(error, 'strerror', None) or error}",
            help=f"Make room in the state folder, or name another with ${STATE_VARIABLE}.",
        ) from None


class TransferRecord:
    """What a target had before a transfer. Nothing of a store is kept before `finish`.

    Every method raises RefusedError where the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        with _refusing():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, factory=_RecordFile
            )
        try:
            self._connection.executescript(_SCHEMA)
        except RefusedError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def begin(self) -> None:
        """Begin to record a store."""
        self._connection.execute("BEGIN")

    def finish(self, store: str) -> None:
        """Keep what was recorded of a store: on disk when this returns."""
        self._connection.execute("INSERT OR IGNORE INTO complete VALUES (?)", (store,))
        self._connection.execute("COMMIT")

    def forget(self, store: str, items: Sequence[str]) -> None:
        """Drop what was recorded of a store whose transaction was rolled back."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._connection.execute("DELETE FROM complete WHERE store = ?", (store,))
        self._connection.execute("DELETE FROM created WHERE store = ?", (store,))
        for item in items:
            self._connection.execute("DELETE FROM there WHERE item = ?", (item,))
            self._connection.execute("DELETE FROM changed WHERE item = ?", (item,))

    def is_complete(self, store: str) -> bool:
        """Tell whether the record of a store is whole, so that its transaction may have been committed."""
        return bool(self._connection.execute("SELECT 1 FROM complete WHERE store = ?", (store,)).fetchone())

    def create(self, store: str, container: str) -> None:
        """Record a container that was created, or STORE for the store itself."""
        self._connection.execute("INSERT OR IGNORE INTO created VALUES (?, ?)", (store, container))

    def created(self, store: str) -> tuple[str, ...]:
        """Return the containers that were created."""
        found = self._connection.execute("SELECT container FROM created WHERE store = ?", (store,))
        return tuple(str(row[0]) for row in found)

    def add_there(self, item: str, identities: Sequence[RowIdentity]) -> None:
        """Record rows that the target had, and that stay as they were."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO there VALUES (?, ?)", [(item, _packed(each)) for each in identities]
        )

    def were_there(self, item: str, identities: Sequence[RowIdentity]) -> set[RowIdentity]:
        """Return those of the identities that the target had before, changed ones included."""
        packed = {_packed(each): each for each in identities}
        marks = ", ".join("?" * len(packed))
        found: set[RowIdentity] = set()
        for table in ("there", "changed"):
            query = f"SELECT identity FROM {table} WHERE item = ? AND identity IN ({marks})"  # noqa: S608 - our own names
            found |= {packed[row[0]] for row in self._connection.execute(query, (item, *packed))}
        return found

    def add_changed(self, item: str, changes: Sequence[Changed]) -> None:
        """Record rows that are changed; of one that is recorded already, only what it became."""
        self.follow_changed(item, changes)
        self._connection.executemany(
            "INSERT OR IGNORE INTO changed VALUES (?, ?, ?, ?, ?)",
            [
                (item, _packed(each.identity), _packed(each.columns), _packed(each.former), each.after)
                for each in changes
            ],
        )

    def follow_changed(self, item: str, changes: Sequence[Changed]) -> None:
        """Record what rows became that are changed once more, where they are recorded."""
        self._connection.executemany(
            "UPDATE changed SET after = ? WHERE item = ? AND identity = ?",
            [(each.after, item, _packed(each.identity)) for each in changes],
        )

    def changes(self, item: str, *, size: int = 500) -> Iterator[list[Changed]]:
        """Yield the rows that were changed, in batches."""
        after = -1
        while True:
            found = self._connection.execute(
                "SELECT rowid, identity, columns, former, after FROM changed WHERE item = ? AND rowid > ? ORDER BY rowid LIMIT ?",
                (item, after, size),
            ).fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [
                Changed(marshal.loads(row[1]), marshal.loads(row[2]), marshal.loads(row[3]), row[4])  # noqa: S302 - our own
                for row in found
            ]


def digest_of(row: RawRow) -> bytes:
    """Return the digest by which a row is recognised."""
    return hashlib.blake2b(_packed(row), digest_size=16).digest()


def _packed(values: Sequence[Cell]) -> bytes:
    return marshal.dumps(tuple(values), 2)
