"""Runs a transfer, its end or its undoing in a process that is killed on the way: after a step, or at a moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.transfer import Item, OnConflict, TransferItem
from llama_storage_tui.model.transfer_result import TransferTerms
from tests.stores import PostgresStore, SqliteStore, Store
from tests.transfers import CONFIG, bring, fill_keys, fill_responses, keys_item, read, rows_item, transfer
from tests.transfers import RESPONSES as SCHEMA

KEYS, RESPONSES, OWNERLESS = 1200, 600, 40


@dataclass(frozen=True)
class Scene:
    """Two old stores, one new one, and a table of the new one that is changed in place."""

    folder: Path
    new: Store

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def old(self) -> tuple[SqliteStore, SqliteStore]:
        return SqliteStore(self.folder / "old-kv.db"), SqliteStore(self.folder / "old-sql.db")

    def fill(self) -> None:
        fill_keys(self.folder / "old-kv.db", [(f"k{at:05}", f'{{"n": {at}}}', None) for at in range(KEYS)])
        fill_responses(self.folder / "old-sql.db", RESPONSES, size=300)
        rows = ", ".join(
            f"('f{at}', {'NULL' if at % 2 else repr('alice')}, {at})" for at in range(OWNERLESS * 2)
        )
        self.new.execute(
            "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP);"
            "INSERT INTO kvstore VALUES ('new:k00007', '{\"n\": 7}', NULL), ('new:k00009', 'another', NULL);"
            "CREATE TABLE openai_files (id VARCHAR, owner_principal VARCHAR, bytes INTEGER, PRIMARY KEY (id));"
            f"INSERT INTO openai_files VALUES {rows}"
        )

    def items(self) -> list[TransferItem]:
        kv, sql = self.old
        files = rows_item(
            self.new,
            self.new,
            what="owners",
            container="openai_files",
            schema=replace(SCHEMA, name="openai_files"),
            convert=_public,
        )
        return [keys_item(kv, self.new), rows_item(sql, self.new), files]

    def content(self) -> dict[str, list[tuple[object, ...]]]:
        """Return everything that the new store holds."""
        return {name: read(self.new, name) for name in self.tables()}

    def tables(self) -> list[str]:
        if isinstance(self.new, PostgresStore):
            found = self.new.ask(
                "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'"
            )
            return sorted(found.split())
        return sorted(str(row[1]) for row in read(self.new, "sqlite_master WHERE type = 'table'", "name"))


def _public(item: Item) -> Sequence[Item]:
    return ({**item, "owner_principal": ""},) if item["owner_principal"] is None else ()


def run(scene: Scene, do: str, die_at: int | None, die_after: float | None, removes: bool) -> int:  # noqa: FBT001
    """Do `apply`, `resume` or `undo`; die after so many steps, or after so many seconds. Prints the steps."""
    if die_after is not None:
        # Python has no handler of it: the kernel ends the process between two instructions, as it does by SIGKILL.
        signal.setitimer(signal.ITIMER_REAL, max(die_after, 0.0001))
    heard = 0

    def notify(step: str) -> None:
        nonlocal heard
        sys.stdout.write(step + "\n")
        sys.stdout.flush()
        heard += 1
        if heard == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        asyncio.run(_do(scene, do, notify, removes=removes))
    except StorageToolError as error:
        sys.stdout.write(f"={error.kind}: {error.message}\n")
    return 0


async def _do(scene: Scene, do: str, notify: Callable[[str], None], *, removes: bool) -> None:
    works = transfer(scene.state, notify)
    pending = works.journals.pending(CONFIG)
    last = works.journals.last(CONFIG)
    if do == "resume" and pending is not None:
        await works.resume(pending, scene.items())
    elif do == "undo" and last is not None:
        await works.undo(last, scene.items())
    elif do == "apply" or (do == "resume" and last is None):
        await bring(
            scene.state, scene.items(), TransferTerms(OnConflict.REPLACE, removes_source=removes), notify
        )
