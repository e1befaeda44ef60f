"""What is in the way of a transfer: said beforehand where it can be, and always with nothing changed."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from llama_storage_tui.errors import BackendError, PendingError, RefusedError
from llama_storage_tui.model.transfer_result import TransferProgress, TransferTerms
from llama_storage_tui.services.transfer.apply import Transfer
from tests.patience import PATIENT
from tests.servers import PASSWORD, ROLE
from tests.stores import PostgresStore, RedisStore, SqliteStore, Store
from tests.transfers import (
    CONFIG,
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


@pytest.fixture
def old(tmp_path: Path) -> SqliteStore:
    return fill_responses(tmp_path / "old.db", 3000, size=200)


def nothing_left(state: Path) -> bool:
    """Tell whether no transfer is pending, and no record is kept."""
    journals = transfer(state).journals
    return journals.pending(CONFIG) is None and not list(journals.folder.glob("*.rows"))


async def test_a_file_that_a_server_has_open_is_refused(
    old: SqliteStore, tmp_path: Path, state: Path
) -> None:
    new = fill_keys(tmp_path / "new.db", [])
    holder = await asyncio.create_subprocess_exec(
        "python3",
        "-c",
        f"held = open({str(new.path)!r}); print(flush=True); input()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        await holder.stdout.readline()
        plan = await plan_of([rows_item(old, new)])
        assert str(holder.pid) in plan.refusals[0]
        with pytest.raises(RefusedError, match="stop the servers"):
            await bring(state, [rows_item(old, new)])
        with pytest.raises(RefusedError, match="stop the servers"):
            await bring(state, [rows_item(new, old, container="nothing", what="the other way")])
        await bring(state, [rows_item(old, new)], TransferTerms(accepts_open=True))
    finally:
        holder.kill()
        await holder.wait()


async def test_another_run_of_this_program_is_named_for_what_it_is_and_refused_too(
    old: SqliteStore, tmp_path: Path, state: Path
) -> None:
    new = fill_keys(tmp_path / "new.db", [])
    script = tmp_path / "llama-storage-tui"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nheld = open({str(new.path)!r}); print(flush=True); sys.stdin.read()\n"
    )
    script.chmod(0o700)
    (tmp_path / "llama-storage-toy").write_text(script.read_text())
    (tmp_path / "llama-storage-toy").chmod(0o700)
    with held_by(script) as window:
        window_words = f"another window of llama-storage-tui ({window})"
        plan = await plan_of([rows_item(old, new)])
        assert plan.refusals == (f"{new.path} is open in {window_words}: quit it first.",)
        with pytest.raises(RefusedError, match=r"quit it first\."):
            await bring(state, [rows_item(old, new)])
        with held_by(script):
            plan = await plan_of([rows_item(old, new)])
            assert "quit them first." in plan.refusals[0]
        with held_by(tmp_path / "llama-storage-toy") as other:
            (refusal,) = (await plan_of([rows_item(old, new)])).refusals
            assert refusal == (
                f"{new.path} is open in {window_words}, llama-storage-toy ({other}): quit that window and stop the servers first."
            )
    assert not (await plan_of([rows_item(old, new)])).refusals


@contextmanager
def held_by(script: Path) -> Iterator[int]:
    """Run a script that opens a file, until it has, and give its process id."""
    with subprocess.Popen([script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            yield holder.pid
        finally:
            holder.kill()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("ogx", "ogx"), ("llama-storage-tui/another", "another window of llama-storage-tui")],
)
async def test_a_database_that_a_server_or_another_run_of_this_program_is_connected_to_is_refused(
    old: SqliteStore, postgres_store: PostgresStore, state: Path, name: str, shown: str
) -> None:
    server = await asyncpg.connect(
        host="127.0.0.1",
        port=postgres_store.server.port,
        user=ROLE,
        password=PASSWORD,
        database=postgres_store.database,
        ssl=False,
        server_settings={"application_name": name},
    )
    try:
        plan = await plan_of([rows_item(old, postgres_store)])
        assert f"{shown} (pid" in plan.refusals[0]
    finally:
        await server.close()
    while (await plan_of([rows_item(old, postgres_store)])).refusals:
        pass  # the server takes a moment to see that its client is gone
    await bring(state, [rows_item(old, postgres_store)])


async def test_a_plan_says_where_it_cannot_be_told_who_has_a_store_open(
    redis_store: RedisStore, tmp_path: Path
) -> None:
    redis_store.fill({"new:a": "1"})
    old = SqliteStore(tmp_path / "old.db")
    old.execute("CREATE TABLE kvstore (key TEXT, value TEXT, expiration TIMESTAMP)")
    item = keys_item(old, SqliteStore(tmp_path / "new.db"))
    place = replace(
        item.source, target=redis_store.server.target(), location=f"redis port {redis_store.server.port}"
    )
    item = replace(item, source=place)
    assert not (await plan_of([item])).notices
    redis_store.server.said("ACL", "SETUSER", "default", "-client", "+client|setname", "+client|no-touch")
    try:
        (notice,) = (await plan_of([item])).notices
    finally:
        redis_store.server.said("ACL", "SETUSER", "default", "+@all")
    assert "is unknown" in notice
    assert str(redis_store.server.port) in notice


async def test_a_source_that_changes_before_it_is_copied_is_refused(
    store: Store, tmp_path: Path, state: Path
) -> None:
    old = fill_responses(tmp_path / "old.db", 10)
    source: Store = old if not isinstance(store, PostgresStore) else store
    target: Store = store if source is old else SqliteStore(tmp_path / "new.db")
    if source is store:
        await bring(tmp_path / "other", [rows_item(old, store)])
    table = "openai_responses" if source is old else "responses"
    item = rows_item(source, target, container=table)
    plan = await plan_of([item])
    source.execute(f"UPDATE {table} SET model = 'other' WHERE id = 'resp_000001'")
    with pytest.raises(RefusedError, match="since the plan was made"):
        await transfer(state).apply(plan, terms_of(), CONFIG, {})
    assert nothing_left(state)


async def test_a_table_that_grows_while_it_is_copied_is_noticed(
    old: SqliteStore, store: Store, state: Path
) -> None:
    old.execute("PRAGMA journal_mode=WAL")
    grown = False

    def grow(progress: TransferProgress) -> None:
        nonlocal grown
        if progress.rows and not grown:
            grown = True
            old.execute("INSERT INTO openai_responses (id, created_at) VALUES ('later', 1)")

    with closing(sqlite3.connect(old.path)) as server:
        server.execute("SELECT count(*) FROM openai_responses").fetchone()
        item = rows_item(old, store)
        works = Transfer(transfer(state).journals, PATIENT, grow, lambda _: None)
        result = await works.apply(await plan_of([item]), terms_of(), CONFIG, {})
    assert result.items[0].written == 3000
    assert "Run it again" in result.notices[0]
    again = await bring(state, [item])
    assert (again.items[0].written, again.items[0].same) == (1, 3000)


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let this process write no file that is larger, as if its disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


async def test_no_room_on_the_target_changes_nothing(old: SqliteStore, tmp_path: Path, state: Path) -> None:
    new = fill_keys(tmp_path / "new.db", [("a", "1", None)])
    before = new.path.read_bytes()
    works = transfer(state)
    plan = await plan_of([rows_item(old, new)])
    with no_file_above(200_000), pytest.raises(RefusedError):
        await works.apply(plan, terms_of(), CONFIG, {})
    assert read(new, "kvstore") == [("a", "1", None)]
    assert read(new, "sqlite_master WHERE name = 'responses'") == []
    assert len(before) == len(new.path.read_bytes())
    assert nothing_left(state)


@pytest.mark.parametrize(("size", "what"), [(100, "journal"), (4096, "record")])
async def test_no_room_for_what_is_remembered_changes_nothing(
    old: SqliteStore, store: Store, state: Path, size: int, what: str
) -> None:
    works = transfer(state)
    plan = await plan_of([rows_item(old, store)])
    with no_file_above(size), pytest.raises(RefusedError, match=f"The {what} .*cannot be"):
        await works.apply(plan, terms_of(), CONFIG, {})
    assert nothing_left(state)
    assert (await bring(state, [rows_item(old, store)])).items[0].written == 3000


@pytest.fixture
def role(postgres_store: PostgresStore) -> Iterator[str]:
    """Make a role that may read only."""
    name = f"reader_{os.getpid()}_{id(postgres_store)}"
    postgres_store.server.execute(
        f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'", database=postgres_store.database
    )
    yield name
    postgres_store.server.execute(f"DROP OWNED BY {name}; DROP ROLE {name}", database=postgres_store.database)


async def test_missing_rights_are_said_beforehand(
    old: SqliteStore, postgres_store: PostgresStore, role: str, state: Path
) -> None:
    target = replace(postgres_store.target(), user=role)  # type: ignore[type-var]
    item = rows_item(old, postgres_store)
    item = replace(item, target=replace(item.target, target=target))
    assert "may not create table responses" in (await plan_of([item])).refusals[0]
    postgres_store.execute("CREATE TABLE responses (id VARCHAR PRIMARY KEY)")
    with pytest.raises(BackendError):
        await plan_of([item])  # it may not even see whether there are rows
    postgres_store.execute(f"GRANT SELECT ON responses TO {role}")
    assert "may not write to responses" in (await plan_of([item])).refusals[0]
    assert not state.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_folder_that_may_not_be_written_is_said_beforehand(old: SqliteStore, tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir(mode=0o500)
    plan = await plan_of([rows_item(old, SqliteStore(folder / "new.db"))])
    assert "may not be written" in plan.refusals[0]


async def test_a_file_that_somebody_writes_to_is_refused(
    old: SqliteStore, tmp_path: Path, state: Path
) -> None:
    new = fill_keys(tmp_path / "new.db", [])
    with closing(sqlite3.connect(new.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError, match="Another process holds the file"):
            await bring(state, [rows_item(old, new)])
        writer.execute("ROLLBACK")
    assert nothing_left(state)


async def test_cancelled_it_leaves_nothing_behind(old: SqliteStore, store: Store, state: Path) -> None:
    begun = asyncio.Event()

    def heard(_: TransferProgress) -> None:
        begun.set()

    item = rows_item(old, store)
    works = Transfer(transfer(state).journals, PATIENT, heard, lambda _: None)
    plan = await plan_of([item])
    task = asyncio.create_task(works.apply(plan, terms_of(), CONFIG, {}))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert nothing_left(state)
    assert (await bring(state, [item])).items[0].written == 3000


async def test_a_second_transfer_of_the_user_waits(old: SqliteStore, store: Store, state: Path) -> None:
    item = rows_item(old, store)
    works = transfer(state)
    plan = await plan_of([item])
    with works.journals.alone(), pytest.raises(RefusedError, match="Another transfer"):
        await transfer(state).apply(plan, terms_of(), CONFIG, {})


async def test_where_the_second_store_fails_the_transfer_is_pending_and_finished_later(
    old: SqliteStore, store: Store, tmp_path: Path, state: Path
) -> None:
    keys = fill_keys(tmp_path / "keys.db", [(f"k{at}", "1", None) for at in range(50)])
    other = fill_keys(tmp_path / "other.db", [])
    items = [rows_item(old, store), keys_item(keys, other)]
    with closing(sqlite3.connect(other.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(PendingError, match="1 store of 2"):
            await bring(state, items)
        with pytest.raises(PendingError, match="is pending"):
            await bring(state, items)
        writer.execute("ROLLBACK")
    journal = transfer(state).journals.pending(CONFIG)
    assert journal is not None
    moved = replace(items[1], target=replace(items[1].target, location="/elsewhere.db"))
    with pytest.raises(PendingError, match="The config was changed"):
        await transfer(state).resume(journal, [items[0], moved])
    result = await transfer(state).resume(journal, items)
    assert [each.written for each in result.items] == [3000, 50]
    assert transfer(state).journals.pending(CONFIG) is None


async def test_what_was_not_brought_yet_is_not_forgotten_where_its_source_is_gone(
    old: SqliteStore, store: Store, tmp_path: Path, state: Path
) -> None:
    keys = fill_keys(tmp_path / "keys.db", [(f"k{at}", "1", None) for at in range(50)])
    other = fill_keys(tmp_path / "other.db", [])
    items = [rows_item(old, store), keys_item(keys, other)]
    with closing(sqlite3.connect(other.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(PendingError):
            await bring(state, items)
        writer.execute("ROLLBACK")
    journal = transfer(state).journals.pending(CONFIG)
    assert journal is not None
    with pytest.raises(PendingError, match="keys was not copied yet"):
        await transfer(state).resume(journal, items[:1])
    assert transfer(state).journals.pending(CONFIG) == journal
    assert [each.written for each in (await transfer(state).resume(journal, items)).items] == [3000, 50]
