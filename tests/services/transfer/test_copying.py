"""Bringing rows: written as a server would, read back, nothing else touched; on both engines."""

from __future__ import annotations

import asyncio
import gc
import json
import math
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from llama_storage_tui.backends.registry import open_source, open_writer
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.raw_rows import Sheet, TakenError, UndecodableText
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import (
    KEY_COLUMNS,
    Item,
    KeepRows,
    MoveKeys,
    MoveMostKeys,
    MoveTexts,
    NotConvertibleError,
    OnConflict,
)
from llama_storage_tui.services.transfer.copying import CONFLICT
from tests.patience import PATIENT
from tests.stores import KEY_VALUE_TABLE, PostgresStore, SqliteStore, Store
from tests.transfers import (
    ALL_KINDS,
    bring,
    fill_keys,
    fill_responses,
    keys_item,
    plan_of,
    read,
    rows_item,
    terms_of,
    transfer,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def old_keys(tmp_path: Path, rows: Sequence[tuple[str, str | None, str | None]] | None = None) -> SqliteStore:
    return fill_keys(
        tmp_path / "old.db", rows or [("a", "1", None), ("b", '{"x": 1}', "2027-11-23 01:00:00+00:00")]
    )


async def test_keys_are_brought_under_their_namespace(store: Store, tmp_path: Path, state: Path) -> None:
    old = old_keys(tmp_path)
    before = old.path.read_bytes()
    result = await bring(state, [keys_item(old, store)])
    assert result.outcome is Outcome.APPLIED
    assert (result.items[0].written, result.items[0].verified, result.left) == (2, 2, ())
    found = read(store, "kvstore")
    assert [row[:2] for row in found] == [("new:a", "1"), ("new:b", '{"x": 1}')]
    assert str(found[1][2]).startswith("2027-11-23")
    assert old.path.read_bytes() == before


async def test_the_programs_own_objects_are_not_searched_for_garbage_while_rows_are_copied(
    tmp_path: Path, state: Path
) -> None:
    frozen: dict[str, int] = {}
    item = keys_item(old_keys(tmp_path), SqliteStore(tmp_path / "new.db"))
    await bring(state, [item], notify=lambda step: frozen.update({step: gc.get_freeze_count()}))
    assert frozen["copied"] > 10_000
    assert frozen["closed"] == gc.get_freeze_count() == 0


async def test_a_second_run_brings_nothing(store: Store, tmp_path: Path, state: Path) -> None:
    old = old_keys(tmp_path)
    await bring(state, [keys_item(old, store)])
    before = read(store, "kvstore")
    result = await bring(state, [keys_item(old, store)])
    assert (result.items[0].written, result.items[0].same) == (0, 2)
    assert read(store, "kvstore") == before


async def test_a_table_is_created_as_servers_create_it(store: Store, tmp_path: Path, state: Path) -> None:
    old = fill_responses(tmp_path / "old.db", 3)
    await bring(state, [rows_item(old, store)])
    assert [row[0] for row in read(store, "responses")] == ["resp_000000", "resp_000001", "resp_000002"]
    if isinstance(store, PostgresStore):
        kinds = store.ask(
            "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position)"
            " FROM information_schema.columns WHERE table_name = 'responses'"
        )
        assert kinds == (
            "id character varying, created_at integer, response_object json, model character varying,"
            " access_attributes json, owner_principal character varying"
        )
    else:
        assert isinstance(store, SqliteStore)
        with closing(sqlite3.connect(store.path)) as connection:
            (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'responses'").fetchone()
        assert made == (
            "CREATE TABLE responses (\n\tid VARCHAR, \n\tcreated_at INTEGER, \n\tresponse_object JSON, \n\tmodel VARCHAR, "
            "\n\taccess_attributes JSON, \n\towner_principal VARCHAR, \n\tPRIMARY KEY (id)\n)"
        )


async def test_rows_arrive_byte_for_byte(postgres_store: PostgresStore, tmp_path: Path, state: Path) -> None:
    """SQLite to PostgreSQL and back: what differs in meaning stays different."""
    old = SqliteStore(tmp_path / "old.db")
    old.execute(
        "CREATE TABLE things (id VARCHAR, words TEXT, number INTEGER, ratio FLOAT, is_default BOOLEAN, document JSON,"
        " made DATETIME, PRIMARY KEY (id))"
    )
    old.insert(
        "INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            ("empty", "", 0, 0.0, 0, "{}", None),
            ("null", None, None, None, None, None, None),
            ("json null", "x", 1, 0.1, 1, "null", "2026-01-02 03:04:05.678901"),
            (
                "spaces",
                " ü日本\U0001f600 \n",
                -(2**31),
                1e308,
                True,
                '{"a" :  1,\n "a": 2, "u": "\\u00fc"}',
                None,
            ),
            ("escapes", "'\"\\%", 2**31 - 1, -0.5, False, '["\\u0000", "\\ud800"]', None),
        ],
    )
    await bring(state, [rows_item(old, postgres_store, container="things", schema=ALL_KINDS)])
    back = SqliteStore(tmp_path / "back.db")
    await bring(state, [rows_item(postgres_store, back, container="things", schema=ALL_KINDS)])
    assert read(back, "things") == read(old, "things")
    assert [[type(cell) for cell in row] for row in read(back, "things")] == [
        [type(cell) for cell in row] for row in read(old, "things")
    ]


async def test_rows_that_postgresql_refuses_are_listed_and_stay(
    postgres_store: PostgresStore, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 2000)
    bad: dict[str, tuple[object, ...]] = {
        "nan": (1, '{"a": NaN}', "m"),
        "infinite": (1, '{"a": -Infinity}', "m"),
        "no-json": (1, "{", "m"),
        "nul": (1, "{}", "a\x00b"),
        "large": (2**31, "{}", "m"),
        "text-number": ("soon", "{}", "m"),
        "fraction": (1.5, "{}", "m"),
        "blob": (1, b"\xff\xfe", "m"),
    }
    old.insert(
        "INSERT INTO openai_responses (id, created_at, response_object, model) VALUES (?, ?, ?, ?)",
        [(name, *cells) for name, cells in bad.items()],
    )
    old.execute("INSERT INTO openai_responses (id, model) VALUES ('undecodable', CAST(x'ff61' AS TEXT))")
    old.execute("INSERT INTO openai_responses (model) VALUES ('without an id')")
    result = await bring(state, [rows_item(old, postgres_store)])
    reasons = {row.identity: row.reason for row in result.left}
    assert set(reasons) == {*bad, "undecodable", "None"}
    assert "NaN" in reasons["nan"]
    assert "NaN or Infinity" in reasons["infinite"]
    assert "U+0000" in reasons["nul"]
    assert "32 bits" in reasons["large"]
    assert "UTF-8" in reasons["undecodable"]
    assert not any("soon" in reason for reason in reasons.values())
    assert result.items[0].written == 2000
    assert len(read(postgres_store, "responses")) == 2000


async def test_rows_for_which_a_table_has_room_between_others_are_verified(
    postgres_store: PostgresStore, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 3000)
    await bring(state, [rows_item(old, postgres_store)])
    postgres_store.execute("DELETE FROM responses WHERE created_at % 3 = 0")
    postgres_store.ask("VACUUM responses")
    result = await bring(state, [rows_item(old, postgres_store)])
    assert (result.items[0].written, result.items[0].same) == (1000, 2000)
    assert not result.left
    found = postgres_store.ask("SELECT string_agg(response_object::text, '|' ORDER BY id) FROM responses")
    assert found == "|".join(str(row[2]) for row in read(old, "openai_responses"))


async def test_a_row_that_a_server_changes_is_listed_and_stays(
    postgres_store: PostgresStore, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 300)
    await bring(state, [rows_item(fill_responses(tmp_path / "none.db", 0), postgres_store)])
    postgres_store.execute(
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.model := ''x''; RETURN NEW; END';"
        "CREATE TRIGGER other BEFORE INSERT ON responses FOR EACH ROW WHEN (NEW.id = 'resp_000200') EXECUTE FUNCTION other()"
    )
    result = await bring(state, [rows_item(old, postgres_store)])
    assert [row.identity for row in result.left] == ["resp_000200"]
    assert result.items[0].written == 299
    assert postgres_store.ask("SELECT count(*), max(model) FROM responses") == "299|m"


async def test_rows_behind_a_text_that_is_not_utf8_are_read_in_their_order(tmp_path: Path) -> None:
    old = fill_responses(tmp_path / "old.db", 3000)
    old.execute("UPDATE openai_responses SET model = CAST(x'ff61' AS TEXT) WHERE id = 'resp_001500'")
    source = open_source(old.target(), timeouts=PATIENT)
    try:
        rows = [row async for batch in source.read("openai_responses", None) for row in batch.rows]
    finally:
        await source.close()
    assert [row[0] for row in rows] == [f"resp_{at:06}" for at in range(3000)]
    assert [row[0] for row in rows if isinstance(row[3], UndecodableText)] == ["resp_001500"]


async def test_rows_that_sqlite_refuses_are_listed_and_stay(tmp_path: Path, state: Path) -> None:
    old = fill_responses(tmp_path / "old.db", 10)

    def odd(item: Item) -> Sequence[Item]:
        changes: dict[str, dict[str, object]] = {
            "resp_000001": {"created_at": 2**63},
            "resp_000002": {"model": "\ud800"},
            "resp_000003": {"response_object": "1.50"},
            "resp_000004": {"created_at": math.nan},
            "resp_000005": {"model": True},
        }
        return ({**item, **changes.get(str(item["id"]), {})},)  # type: ignore[dict-item]

    new = SqliteStore(tmp_path / "new.db")
    result = await bring(state, [rows_item(old, new, convert=odd)])
    assert {row.identity for row in result.left} == {
        "resp_000001",
        "resp_000002",
        "resp_000003",
        "resp_000004",
        "resp_000005",
    }
    assert len(read(new, "responses")) == 5


async def test_what_cannot_be_converted_stays_with_its_reason(
    store: Store, tmp_path: Path, state: Path
) -> None:
    def convert(item: Item) -> Sequence[Item]:
        if item["key"] == "b":
            raise NotConvertibleError("it is a letter too far")
        return () if item["key"] == "c" else (item, {**item, "key": "also " + str(item["key"])})

    old = old_keys(tmp_path, [("a", "1", None), ("b", "2", None), ("c", "3", None)])
    item = keys_item(old, store, convert=convert)
    (counted,) = (await plan_of([item])).items
    assert (counted.rows, counted.brings, [row.identity for row in counted.left]) == (3, 2, ["b"])
    result = await bring(state, [item])
    assert [(row.identity, row.reason) for row in result.left] == [("b", "it is a letter too far")]
    assert [row[0] for row in read(store, "kvstore")] == ["a", "also a"]


@pytest.mark.parametrize("choice", OnConflict)
async def test_a_conflict_is_decided_by_rule(
    store: Store, tmp_path: Path, state: Path, choice: OnConflict
) -> None:
    old = old_keys(tmp_path, [("a", "1", None), ("b", "2", None), ("c", "3", None)])
    store.execute(
        "CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP);"
        "INSERT INTO kvstore VALUES ('new:a', '1', NULL), ('new:b', 'other', NULL)"
    )
    item = keys_item(old, store)
    plan = await plan_of([item], terms_of(choice))
    (counted,) = plan.items
    assert (counted.brings, counted.same, counted.conflicts) == (1, 1, 1)
    assert counted.conflict_examples == ("new:b",)
    if choice is OnConflict.STOP:
        assert "new:b" in plan.refusals[0]
        with pytest.raises(RefusedError):
            await bring(state, [item], terms_of(choice))
        assert len(read(store, "kvstore")) == 2
        return
    result = await bring(state, [item], terms_of(choice))
    values = {row[0]: row[1] for row in read(store, "kvstore")}
    assert values == {"new:a": "1", "new:b": "other" if choice is OnConflict.KEEP else "2", "new:c": "3"}
    (outcome,) = result.items
    assert (outcome.written, outcome.same) == (1, 1)
    if choice is OnConflict.KEEP:
        assert [(row.identity, row.reason) for row in result.left] == [("new:b", CONFLICT)]
    undone = await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert undone.outcome is Outcome.UNDONE
    values = {row[0]: row[1] for row in read(store, "kvstore")}
    assert values == {"new:a": "1", "new:b": "other"}


async def test_two_rows_that_become_one_are_a_conflict_unless_they_agree(
    store: Store, tmp_path: Path, state: Path
) -> None:
    old = old_keys(
        tmp_path, [("v9:a", "1", None), ("v10:a", "1", None), ("v9:b", "1", None), ("v10:b", "2", None)]
    )

    def convert(item: Item) -> Sequence[Item]:
        return ({**item, "key": str(item["key"]).replace("v9:", "v10:")},)

    with pytest.raises(RefusedError, match="v10:b"):
        await bring(state, [keys_item(old, store, convert=convert)])
    result = await bring(state, [keys_item(old, store, convert=convert)], terms_of(OnConflict.KEEP))
    assert (result.items[0].written, result.items[0].same, result.items[0].kept) == (2, 1, 1)


@pytest.mark.parametrize("rule", [OnConflict.KEEP, OnConflict.REPLACE])
async def test_two_rows_that_became_one_are_taken_back_and_the_targets_own_stay(
    store: Store, tmp_path: Path, state: Path, rule: OnConflict
) -> None:
    old = old_keys(tmp_path, [(f"{at}:{key}", at, None) for key in "abc" for at in ("v9", "v10")])
    store.execute(KEY_VALUE_TABLE)
    store.execute("INSERT INTO kvstore VALUES ('v10:c', 'theirs', NULL)")

    def convert(item: Item) -> Sequence[Item]:
        return ({**item, "key": str(item["key"]).replace("v9:", "v10:")},)

    item = keys_item(old, store, convert=convert)
    await bring(state, [item], terms_of(rule))
    undone = await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert undone.items[0].removed == 2
    assert undone.left == ()
    assert [row[:2] for row in read(store, "kvstore")] == [("v10:c", "theirs")]


async def test_of_rows_one_of_which_is_there_already_none_is_added(store: Store) -> None:
    writer = open_writer(store.target(), timeouts=PATIENT)
    sheet = Sheet("kvstore", KEY_COLUMNS, ("key",))
    try:
        await writer.begin()
        await writer.prepare(sheet)
        await writer.insert(sheet, [("taken", "1", None)])
        for _ in range(2):
            with pytest.raises(TakenError):
                await writer.insert(
                    sheet,
                    [
                        ("new", "1", None),
                        ("invalid", "\ud800", None),
                        ("more", "1", None),
                        ("taken", "2", None),
                    ],
                )
        assert await writer.insert(sheet, [("good", "1", None), ("invalid", "\ud800", None)])
        await writer.commit()
    finally:
        await writer.close()
    assert [row[0] for row in read(store, "kvstore")] == ["good", "taken"]


async def test_rows_are_changed_in_place_and_changed_back(store: Store, state: Path) -> None:
    store.execute(
        "CREATE TABLE responses (id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR,"
        " access_attributes JSON, owner_principal VARCHAR, tenant_id VARCHAR, PRIMARY KEY (id));"
        "INSERT INTO responses VALUES ('a', 1, '{}', 'm', 'null', NULL, 't'), ('b', 2, '{}', 'm', NULL, 'alice', NULL)"
    )
    before = read(store, "responses")

    def own(item: Item) -> Sequence[Item]:
        return ({**item, "owner_principal": ""},) if item["owner_principal"] is None else ()

    item = rows_item(store, store, container="responses", convert=own)
    result = await bring(state, [item])
    assert (result.items[0].written, result.left) == (1, ())
    assert [(row[0], row[5], row[6]) for row in read(store, "responses")] == [
        ("a", "", "t"),
        ("b", "alice", None),
    ]
    await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert read(store, "responses") == before


async def test_keys_of_one_file_are_brought_within_it(store: Store, state: Path) -> None:
    rows = ", ".join(f"('k{at:05}', '{at}', NULL)" for at in range(3000))
    store.execute(
        f"CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP); INSERT INTO kvstore VALUES {rows}"
    )
    item = keys_item(store, store)
    result = await bring(state, [item], terms_of(removes=True))
    assert (result.items[0].written, result.items[0].removed) == (3000, 3000)
    assert [row[0] for row in read(store, "kvstore")] == [f"new:k{at:05}" for at in range(3000)]


async def test_only_what_was_verified_is_removed(store: Store, tmp_path: Path, state: Path) -> None:
    old = fill_responses(tmp_path / "old.db", 5)
    old.execute("UPDATE openai_responses SET created_at = 9223372036854775807 WHERE id = 'resp_000002'")

    def convert(item: Item) -> Sequence[Item]:
        if item["created_at"] == 2**63 - 1:
            raise NotConvertibleError("too late")
        return () if item["id"] == "resp_000003" else (item,)

    result = await bring(state, [rows_item(old, store, convert=convert)], terms_of(removes=True))
    assert result.items[0].removed == 3
    assert [row[0] for row in read(old, "openai_responses")] == ["resp_000002", "resp_000003"]
    with pytest.raises(RefusedError, match="removed"):
        await transfer(state).undo(
            transfer(state).journals.all()[-1], [rows_item(old, store, convert=convert)]
        )


async def test_undo_takes_away_what_was_brought_and_leaves_what_changed(
    store: Store, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 4)
    item = rows_item(old, store)
    await bring(state, [item])
    store.execute(
        "UPDATE responses SET model = 'other' WHERE id = 'resp_000001'; DELETE FROM responses WHERE id = 'resp_000002'"
    )
    store.execute("INSERT INTO responses (id, model) VALUES ('later', 'm')")
    result = await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert [row.identity for row in result.left] == ["resp_000001"]
    assert sorted(str(row[0]) for row in read(store, "responses")) == ["later", "resp_000001"]


async def test_undo_drops_a_table_that_was_created_and_is_empty_again(
    store: Store, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 4)
    item = rows_item(old, store)
    await bring(state, [item])
    await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    with pytest.raises((sqlite3.OperationalError, Exception), match="responses"):
        read(store, "responses")


@pytest.mark.parametrize("since", ["nothing", "another table"])
async def test_undo_removes_a_file_that_was_made_and_holds_nothing_else(
    tmp_path: Path, state: Path, since: str
) -> None:
    old, new = fill_responses(tmp_path / "old.db", 4), SqliteStore(tmp_path / "new.db")
    item = rows_item(old, new)
    await bring(state, [item])
    if since != "nothing":
        new.execute("CREATE TABLE other (id)")
    await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert new.path.exists() == (since != "nothing")


async def test_undo_leaves_a_file_that_was_there(tmp_path: Path, state: Path) -> None:
    old, new = fill_responses(tmp_path / "old.db", 4), SqliteStore(tmp_path / "new.db")
    new.execute("CREATE TABLE other (id); DROP TABLE other")
    item = rows_item(old, new)
    await bring(state, [item])
    await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert new.path.exists()


async def test_a_missing_column_is_added_as_servers_add_it(store: Store, tmp_path: Path, state: Path) -> None:
    old = fill_responses(tmp_path / "old.db", 2)
    store.execute(
        "CREATE TABLE responses (id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR, PRIMARY KEY (id))"
    )
    await bring(state, [rows_item(old, store)])
    assert [row[5] for row in read(store, "responses")] == ["", ""]


async def test_nothing_of_the_rows_is_in_the_journal(store: Store, tmp_path: Path, state: Path) -> None:
    old = old_keys(tmp_path, [("secret-key", "secret-value", None)])
    await bring(state, [keys_item(old, store)])
    for path in (state / "transfers").iterdir():
        assert b"secret" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert json.loads(next((state / "transfers").glob("*.json")).read_text())["state"] == "applied"


@pytest.mark.parametrize("rows", ["dense", "with gaps", "of another namespace between"])
async def test_sqlite_moves_keys_by_itself_as_python_does(tmp_path: Path, state: Path, rows: str) -> None:
    made = [(f"ns:k{at * 7919 % 500:04}", f'{{"n": {at}}}', None) for at in range(500)]
    if rows == "of another namespace between":
        made.insert(100, ("other:k", "1", None))
    old = fill_keys(tmp_path / "old.db", made)
    if rows == "with gaps":
        old.execute("DELETE FROM kvstore WHERE key LIKE 'ns:k01%'")
    before = old.path.read_bytes()
    keys = KeySelection(("ns:",))
    by_sqlite, by_python = SqliteStore(tmp_path / "one.db"), SqliteStore(tmp_path / "two.db")
    move = MoveKeys("ns:", "new:")
    result = await bring(state, [keys_item(old, by_sqlite, keys=keys, convert=move)])
    await bring(state, [keys_item(old, by_python, keys=keys, convert=move.__call__)])
    assert read(by_sqlite, "kvstore") == read(by_python, "kvstore")
    assert result.items[0].written == len(read(by_sqlite, "kvstore")) == (400 if rows == "with gaps" else 500)
    assert old.path.read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("*.db*")) == ["old.db", "one.db", "two.db"]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
async def test_a_key_with_a_zero_character_keeps_what_is_behind_it(
    tmp_path: Path, state: Path, encoding: str
) -> None:
    store = SqliteStore(tmp_path / "one.db")
    store.execute(f"PRAGMA encoding = '{encoding}'; CREATE TABLE other (id)")
    fill_keys(store.path, [("ü:a\0b", "1", None), ("ü:\U0001f600", "2", None)])
    item = keys_item(store, store, keys=KeySelection(("ü:",)), convert=MoveKeys("ü:", "new:"))
    await bring(state, [item])
    found = {row[0]: row[1] for row in read(store, "kvstore")}
    assert {key: found[key] for key in found if str(key).startswith("new:")} == {
        "new:a\0b": "1",
        "new:\U0001f600": "2",
    }


async def test_most_keys_are_moved_by_sqlite_and_the_others_one_by_one(tmp_path: Path, state: Path) -> None:
    rows: list[tuple[Cell, ...]] = [(f"ns:same:{at:03}", f'{{"n":  {at}.50}}', None) for at in range(300)]
    rows[150:150] = [("ns:same:a\0b", None, "2027-11-23"), ("ns:same:other:1", "x", None)]
    rows[100:100] = [("ns:changed:1", "x", None), ("ns:bad:1", "x", None), ("elsewhere:1", "x", None)]
    old = fill_keys(tmp_path / "old.db", rows)

    def one_by_one(item: Item) -> Sequence[Item]:
        if str(item["key"]).startswith("ns:bad:"):
            raise NotConvertibleError("it is bad")
        value = "y" if str(item["key"]).startswith("ns:changed:") else item["value"]
        return ({**item, "key": f"new:{str(item['key'])[3:]}", "value": value},)

    most = MoveMostKeys(MoveKeys("ns:", "new:"), ("ns:same:",), one_by_one)
    keys = KeySelection(("ns:", "ns:same:other:"), ("ns:same:29",))
    by_sqlite, by_python = SqliteStore(tmp_path / "one.db"), SqliteStore(tmp_path / "two.db")
    results = [
        await bring(state, [keys_item(old, by_sqlite, keys=keys, convert=most)]),
        await bring(state, [keys_item(old, by_python, keys=keys, convert=one_by_one)]),
    ]
    assert read(by_sqlite, "kvstore") == read(by_python, "kvstore")
    assert [each.items[0].written for each in results] == [293, 293]
    assert [[left.reason for left in each.left] for each in results] == [["it is bad"], ["it is bad"]]
    undone = transfer(state)
    await undone.undo(undone.journals.all()[0], [keys_item(old, by_sqlite, keys=keys, convert=most)])
    assert not by_sqlite.path.exists()


@pytest.mark.parametrize("value", ["as it is", "another"])
async def test_what_sqlite_brought_beside_other_rows_is_taken_back_where_later_keys_met_it(
    tmp_path: Path, state: Path, value: str
) -> None:
    rows: list[tuple[Cell, ...]] = [(f"v10:{at}", "as it is", None) for at in range(5)]
    old = fill_keys(
        tmp_path / "old.db", [*rows, ("v9:1", "as it is", None), ("v9:2", value, None), ("v9:7", "x", None)]
    )
    new = fill_keys(tmp_path / "new.db", [("elsewhere", "1", None), ("ns:v10:7", "x", None)])
    before = read(new, "kvstore")

    def one_by_one(item: Item) -> Sequence[Item]:
        return ({**item, "key": f"ns:v10:{str(item['key']).partition(':')[2]}"},)

    items = [
        keys_item(
            old,
            new,
            keys=KeySelection(("v",)),
            convert=MoveMostKeys(MoveKeys("", "ns:"), ("v10:",), one_by_one),
        )
    ]
    await bring(state, items, terms_of(OnConflict.REPLACE))
    assert len(read(new, "kvstore")) == 7
    undone = transfer(state)
    await undone.undo(undone.journals.all()[0], items)
    assert read(new, "kvstore") == before


async def test_values_that_are_no_texts_are_not_moved_where_they_have_to_be(
    tmp_path: Path, state: Path
) -> None:
    old = fill_keys(tmp_path / "old.db", [("k1", "1", None), ("k2", None, None), ("k3", b"3", None)])
    item = keys_item(
        old,
        SqliteStore(tmp_path / "new.db"),
        keys=KeySelection(("k",)),
        convert=MoveMostKeys(MoveTexts("", "new:"), ("k",), MoveTexts("", "new:")),
    )
    result = await bring(state, [item])
    assert (result.items[0].written, [each.identity for each in result.left]) == (1, ["k2", "k3"])


async def test_a_key_that_cannot_be_moved_is_listed_all_the_same(tmp_path: Path, state: Path) -> None:
    old = fill_keys(tmp_path / "old.db", [("a", "1", None), (b"\xff", "2", None), (None, "3", None)])
    new = SqliteStore(tmp_path / "new.db")
    result = await bring(state, [keys_item(old, new, keys=KeySelection(), convert=MoveKeys("", "new:"))])
    assert [row[0] for row in read(new, "kvstore")] == ["new:a"]
    assert len(result.left) == 2


async def test_rows_that_stay_as_they_are_keep_every_type(tmp_path: Path, state: Path) -> None:
    old = SqliteStore(tmp_path / "old.db")
    old.execute(
        "PRAGMA journal_mode=WAL; CREATE TABLE responses (id VARCHAR, created_at INTEGER, response_object JSON, model VARCHAR,"
        " access_attributes JSON, owner_principal VARCHAR, PRIMARY KEY (id));"
        "INSERT INTO responses VALUES ('a', 1.5, '1.50', x'ff', 'null', ''), ('b', 9223372036854775807, NULL, CAST(x'ff' AS TEXT),"
        " '{}', NULL), ('c', 'soon', 'NaN', 'a' || char(0) || 'b', '{', 'ü')"
    )
    new = SqliteStore(tmp_path / "new.db")
    result = await bring(state, [rows_item(old, new, container="responses", convert=KeepRows())])
    quoted = ", ".join(
        f"typeof({name}), hex({name})" for name in ("id", "created_at", "response_object", "model")
    )
    with closing(sqlite3.connect(new.path)) as after, closing(sqlite3.connect(old.path)) as before:
        query = f"SELECT {quoted} FROM responses ORDER BY id"
        assert after.execute(query).fetchall() == before.execute(query).fetchall()
    assert result.items[0].written == 3


@pytest.mark.parametrize("there", ["nothing", "another key", "a row of the same content", "another row"])
async def test_sqlite_moves_keys_behind_others_as_python_does(
    tmp_path: Path, state: Path, there: str
) -> None:
    old = fill_keys(tmp_path / "old.db", [(f"k{at}", f"{at}", None) for at in range(50)])
    old.execute("DELETE FROM kvstore WHERE key LIKE 'k1%'")
    row = {"another key": ("zz", "1"), "a row of the same content": ("new:k20", "20")}
    new = fill_keys(
        tmp_path / "new.db", [] if there == "nothing" else [(*row.get(there, ("new:k20", "other")), None)]
    )
    item = keys_item(old, new, keys=KeySelection(("k",)), convert=MoveKeys("", "new:"))
    result = await bring(state, [item], terms_of(OnConflict.KEEP))
    expected = {f"new:k{at}": f"{at}" for at in range(50) if not str(at).startswith("1")}
    found = {str(row[0]): row[1] for row in read(new, "kvstore")}
    if there == "another row":
        assert (found.pop("new:k20"), expected.pop("new:k20")) == ("other", "20")
        assert [each.reason for each in result.left] == [CONFLICT]
    found.pop("zz", None)
    assert found == expected
    assert result.items[0].same == (there == "a row of the same content")


async def test_sqlite_moves_keys_within_one_file_and_takes_them_back(tmp_path: Path, state: Path) -> None:
    store = fill_keys(tmp_path / "one.db", [(f"k{at:03}", f"{at}", None) for at in range(200)])
    store.execute(
        "DELETE FROM kvstore WHERE key LIKE 'k05%'; INSERT INTO kvstore VALUES ('other', '1', NULL)"
    )
    before = read(store, "kvstore")
    item = keys_item(store, store, keys=KeySelection(("k",)), convert=MoveKeys("", "kept:"))
    result = await bring(state, [item])
    assert result.items[0].written == 190
    assert read(store, "kvstore") == [
        *before[:190],
        *((f"kept:{row[0]}", *row[1:]) for row in before[:190]),
        before[190],
    ]
    await transfer(state).undo(transfer(state).journals.all()[-1], [item])
    assert read(store, "kvstore") == before


@pytest.mark.parametrize("columns", ["the same", "one more at the target"])
@pytest.mark.parametrize("rows", ["dense", "with gaps"])
async def test_rows_that_stay_as_they_are_are_all_there(
    tmp_path: Path, state: Path, columns: str, rows: str
) -> None:
    old = fill_responses(tmp_path / "old.db", 300)
    if rows == "with gaps":
        old.execute("DELETE FROM openai_responses WHERE id LIKE 'resp_0000%'")
    new = fill_responses(tmp_path / "new.db", 0, table="responses")
    if columns != "the same":
        new.execute("ALTER TABLE responses ADD COLUMN tenant_id VARCHAR")
    result = await bring(state, [rows_item(old, new, convert=KeepRows())])
    assert [row[:6] for row in read(new, "responses")] == read(old, "openai_responses")
    assert result.items[0].written == (200 if rows == "with gaps" else 300)


async def test_a_number_that_the_target_would_keep_in_another_form_stays(tmp_path: Path, state: Path) -> None:
    old = SqliteStore(tmp_path / "old.db")
    old.execute(
        "CREATE TABLE openai_responses (id VARCHAR PRIMARY KEY, response_object, model VARCHAR);"
        "INSERT INTO openai_responses VALUES ('a', 1.0, 'm'), ('b', '{}', 'm')"
    )
    new = fill_responses(tmp_path / "new.db", 0, table="responses")
    result = await bring(state, [rows_item(old, new, convert=KeepRows())])
    assert [row[0] for row in read(new, "responses")] == ["b"]
    assert len(result.left) == 1


async def test_the_event_loop_goes_on_while_rows_are_brought(
    store: Store, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 6000, size=500)
    longest, is_over = 0.0, False

    async def tick() -> None:
        nonlocal longest
        while not is_over:
            # The thread's own processor time: what others do on the machine does not count.
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    ticking = asyncio.create_task(tick())
    result = await bring(state, [rows_item(old, store)])
    is_over = True
    await ticking
    assert result.items[0].written == 6000
    assert longest < 0.05
