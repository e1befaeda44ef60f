"""Transfers between throw-away stores, with items made by hand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from llama_storage_tui.files.transfer_journal import TransferJournals
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.transfer import (
    ColumnSchema,
    Convert,
    DataPlan,
    Item,
    OnConflict,
    StoredKind,
    TableSchema,
    TransferItem,
    TransferPlace,
)
from llama_storage_tui.model.transfer_result import (
    TransferPlan,
    TransferProgress,
    TransferResult,
    TransferTerms,
)
from llama_storage_tui.services.transfer.apply import Transfer
from llama_storage_tui.services.transfer.counting import count
from tests.patience import PATIENT
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store

CONFIG: Final = "run.yaml"

RESPONSES: Final = TableSchema(
    "responses",
    (
        ColumnSchema("id", StoredKind.STRING, is_primary_key=True),
        ColumnSchema("created_at", StoredKind.INTEGER),
        ColumnSchema("response_object", StoredKind.JSON),
        ColumnSchema("model", StoredKind.STRING),
        ColumnSchema("access_attributes", StoredKind.JSON),
        ColumnSchema("owner_principal", StoredKind.STRING),
    ),
)
ALL_KINDS: Final = TableSchema(
    "things",
    (
        ColumnSchema("id", StoredKind.STRING, is_primary_key=True),
        ColumnSchema("words", StoredKind.TEXT),
        ColumnSchema("number", StoredKind.INTEGER),
        ColumnSchema("ratio", StoredKind.FLOAT),
        ColumnSchema("is_default", StoredKind.BOOLEAN),
        ColumnSchema("document", StoredKind.JSON),
        ColumnSchema("made", StoredKind.DATETIME),
    ),
    (("things_number", ("number", "words")),),
)


def as_it_is(item: Item) -> Sequence[Item]:
    return (item,)


def with_namespace(name: str) -> Convert:
    """Return a conversion that only Python can do."""

    def convert(item: Item) -> Sequence[Item]:
        return ({**item, "key": f"{name}:{item['key']!s}"},)

    return convert


def keys_item(
    source: Store,
    target: Store,
    *,
    what: str = "keys",
    keys: KeySelection | None = None,
    convert: Convert | None = None,
) -> TransferItem:
    """Return an item that brings keys under a namespace."""
    chosen = keys or KeySelection(exclude=("new:",))
    return TransferItem(
        what,
        TransferPlace(source.target(table="kvstore"), "kv_old", location(source), "kvstore", chosen),
        TransferPlace(target.target(table="kvstore"), "kv_default", location(target), "kvstore", chosen),
        convert or with_namespace("new"),
        ("key",),
        "the version reads keys under their namespace",
    )


def rows_item(
    source: Store,
    target: Store,
    *,
    what: str = "responses",
    container: str = "openai_responses",
    schema: TableSchema = RESPONSES,
    convert: Convert = as_it_is,
    identity: tuple[str, ...] = ("id",),
) -> TransferItem:
    """Return an item that brings the rows of a table."""
    return TransferItem(
        what,
        TransferPlace(source.target(), "sql_old", location(source), container),
        TransferPlace(target.target(), "sql_default", location(target), schema.name, schema=schema),
        convert,
        identity,
        "the version reads another table",
    )


def location(store: Store) -> str:
    return store.target().location


def fill_keys(path: Path, rows: Sequence[Sequence[Cell]]) -> SqliteStore:
    """Make a SQLite file of keys."""
    store = SqliteStore(path)
    store.execute(KEY_VALUE_TABLE)
    store.insert("INSERT INTO kvstore VALUES (?, ?, ?)", rows)
    return store


def fill_responses(
    path: Path, number: int, *, size: int = 100, table: str = "openai_responses"
) -> SqliteStore:
    """Make a SQLite file of responses."""
    store = SqliteStore(path)
    store.execute(
        f"CREATE TABLE {table} (id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR,"
        " access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (id))"
    )
    store.insert(
        f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?)",
        [
            (f"resp_{at:06}", 1_700_000_000 + at, json.dumps({"id": at, "text": "ü" * size}), "m", "null", "")
            for at in range(number)
        ],
    )
    return store


def read(store: Store, table: str, order: str = "1") -> list[tuple[object, ...]]:
    """Return the rows of a table as the engine keeps them: of PostgreSQL, their texts."""
    if isinstance(store, SqliteStore):
        with closing(sqlite3.connect(store.path)) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
    assert isinstance(store, PostgresStore)
    out = store.ask(f"SELECT json_agg(t) FROM (SELECT * FROM {table} ORDER BY {order}) t")
    return [tuple(row.values()) for row in json.loads(out or "null") or []]


def transfer(state: Path, notify: Callable[[str], None] = lambda _: None) -> Transfer:
    """Return what carries transfers out with the journals of a folder."""
    return Transfer(TransferJournals({"LLAMA_STORAGE_TUI_STATE_DIR": str(state)}), PATIENT, ignore, notify)


class Killed(BaseException):
    """Values a program where a step was heard of; unlike KeyboardInterrupt it leaves the event loop alone."""


def ignore(_: TransferProgress) -> None:
    """Hear of progress and do nothing."""


def terms_of(on_conflict: OnConflict = OnConflict.STOP, *, removes: bool = False) -> TransferTerms:
    return TransferTerms(on_conflict, removes_source=removes)


async def plan_of(
    items: Sequence[TransferItem], terms: TransferTerms | None = None, *, is_thorough: bool = True
) -> TransferPlan:
    return await count(DataPlan(tuple(items)), terms or TransferTerms(), PATIENT, is_thorough=is_thorough)


async def bring(
    state: Path,
    items: Sequence[TransferItem],
    terms: TransferTerms | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> TransferResult:
    """Plan and apply."""
    chosen = terms or TransferTerms()
    return await transfer(state, notify).apply(await plan_of(items, chosen), chosen, CONFIG, {})
