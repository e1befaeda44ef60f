"""What a command needs of memory and writes, whatever a row weighs: measured in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.cli.conftest import Run
from tests.deployments import backend_of, config_of
from tests.response_rows import document, message, row
from tests.response_stores import PROVIDERS, STORES, create_tables, insert
from tests.stores import PostgresStore, SqliteStore, Store

WEIGHT: Final = 4_000_000
ROWS: Final = 10
ALLOWED: Final = 32 * 1024
"""KiB above what small rows take: several times a row, and less than the rows together."""

VERSION: Final = "1.5.0"


_LAUNCHER: Final = """
import os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
os.write(int(sys.argv[1]), f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}".encode())
"""
"""Starts a program from a small process: what the system says of a program's memory is at least that of the process it came from."""


def peak(*words: str, keeps: bool = True) -> tuple[int, bytes]:
    """Return the most KiB that a call of the program held, and what it wrote where that is kept."""
    reader, writer = os.pipe()
    program = (sys.executable, "-m", "llama_storage_tui", *words)
    with os.fdopen(reader) as told, os.fdopen(writer, "w") as tells:
        done = subprocess.run(
            [sys.executable, "-S", "-c", _LAUNCHER, str(tells.fileno()), *program],
            stdout=subprocess.PIPE if keeps else subprocess.DEVNULL,
            pass_fds=(tells.fileno(),),
            check=True,
        )
        tells.close()
        code, most = map(int, told.read().split())
    assert code == 0
    return most, done.stdout or b""


def config_on(store: Store, folder: Path) -> str:
    """Write a config whose server keeps everything in the store."""
    providers = json.loads(json.dumps(PROVIDERS[VERSION]))
    providers["responses"][0]["config"]["persistence"] = {
        "responses": {"backend": "sql_default", "table_name": "responses"},
        "agent_state": {"backend": "kv_default", "namespace": "agents"},
    }
    path = folder / "config.yaml"
    backends = {"kv_default": backend_of(store, "kv"), "sql_default": backend_of(store, "sql")}
    path.write_text(config_of(backends, STORES, providers))
    return str(path)


def fill(store: Store, made: dict[str, object], pad: str, *, as_json: bool = True, rows: int = ROWS) -> None:
    """Write responses whose text PAD is what SQL makes of `pad`: a command line could not hold it."""
    text = json.dumps(made).replace("PAD", "' || pad || '")
    filled = f"'{text}'"
    if isinstance(store, PostgresStore) and as_json:
        filled = f"({filled})::json"
    store.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
        f"{rows}), p AS (SELECT {pad} AS pad) INSERT INTO responses (id, created_at, response_object, owner_principal) "
        f"SELECT 'resp_' || i, 1700000000 + i, {filled}, '' FROM n, p"
    )


def pad_of(store: Store, unit: str, weight: int = WEIGHT) -> str:
    """Return SQL for a text of so many letters made of units."""
    count = weight // len(unit)
    if isinstance(store, PostgresStore):
        return f"repeat('{unit}', {count})"
    return f"replace(hex(zeroblob({count // 2})), '0', '{unit}')"


ITEM: Final = '{"type": "message", "role": "user", "content": "a short question"}, '


@pytest.mark.parametrize("command", [("responses", "list"), ("responses", "attention")])
def test_memory_does_not_follow_what_the_rows_weigh(
    store: Store, tmp_path: Path, command: tuple[str, str]
) -> None:
    config = config_on(store, tmp_path)
    create_tables(store, VERSION)
    name, *rest = command
    words = (name, config, *rest, "--json", "--for", VERSION)
    made = document("resp_1", output=[message("PAD", role="assistant")])
    fill(store, made, "'small'")
    small, answer = peak(*words)
    for made_of in ("one text", "many items"):
        store.execute("DELETE FROM responses")
        if made_of == "one text":
            fill(store, made, pad_of(store, "lorem ipsum "))
        else:
            fill_items(store, document("resp_1", input=["PAD", message("last")], output=[message("answer")]))
        large, same = peak(*words)
        assert large - small < ALLOWED, made_of
        if rest == ["list"]:
            few, many = (json.loads(each)["responses"] for each in (answer, same))
            assert (
                [each["status"] for each in many] == [each["status"] for each in few] == ["completed"] * ROWS
            )
            assert all(each["bytes"] > WEIGHT for each in many)


def fill_items(store: Store, made: dict[str, object]) -> None:
    """Write ROWS responses of as many items as weigh WEIGHT."""
    text = json.dumps(made).replace('"PAD", ', "' || pad || '")
    filled = f"('{text}')::json" if isinstance(store, PostgresStore) else f"'{text}'"
    store.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}), "
        f"p AS (SELECT {pad_of(store, ITEM)} AS pad) INSERT INTO responses (id, created_at, response_object, owner_principal) "
        f"SELECT 'resp_' || i, 1700000000 + i, {filled}, '' FROM n, p"
    )


def test_memory_does_not_follow_the_rows_where_they_are_read_as_they_are_stored(
    postgres_store: PostgresStore, tmp_path: Path
) -> None:
    """A row that is no JSON makes the server refuse the page: each document then crosses, and is taken apart here."""
    config = config_on(postgres_store, tmp_path)
    create_tables(postgres_store, VERSION)
    postgres_store.execute("ALTER TABLE responses ALTER response_object TYPE text")
    postgres_store.execute(
        "INSERT INTO responses (id, created_at, response_object) VALUES ('resp_0', 1, 'no JSON')"
    )
    small, _ = peak("responses", config, "list", "--json", "--for", VERSION)
    fill(
        postgres_store,
        document("resp_1", output=[message("PAD", role="assistant")]),
        pad_of(postgres_store, "lorem ipsum "),
        as_json=False,
    )
    large, out = peak("responses", config, "list", "--json", "--for", VERSION)
    assert large - small < 2 * ALLOWED
    found = json.loads(out)["responses"]
    assert [each["status"] for each in found] == ["completed"] * ROWS + [None]


def test_memory_of_an_export_does_not_follow_what_the_rows_weigh(store: Store, tmp_path: Path) -> None:
    config = config_on(store, tmp_path)
    create_tables(store, VERSION)
    words = ("rows", config, "sql_default", "responses", "--all", "--for", VERSION)
    fill(store, document("resp_1", output=[message("PAD", role="assistant")]), "'small'")
    small, _ = peak(*words, keeps=False)
    store.execute("DELETE FROM responses")
    made = document("resp_1", output=[message("PAD", role="assistant")])
    fill(store, made, pad_of(store, "lorem ipsum "), rows=3 * ROWS + 2)
    large, _ = peak(*words, keeps=False)
    assert large - small < 3 * ALLOWED


def test_a_page_of_rows_ends_early_where_they_weigh_too_much(store: Store, tmp_path: Path) -> None:
    config = config_on(store, tmp_path)
    create_tables(store, VERSION)
    words = ("rows", config, "sql_default", "responses", "--json", "--for", VERSION)
    fill(store, document("resp_1", output=[message("PAD", role="assistant")]), "'small'")
    small, out = peak(*words)
    assert (json.loads(out)["complete"], json.loads(out)["next"]) == (True, None)
    store.execute("DELETE FROM responses")
    fill(
        store,
        document("resp_1", output=[message("PAD", role="assistant")]),
        pad_of(store, "lorem ipsum ", 2 * WEIGHT),
    )
    large, out = peak(*words)
    page = json.loads(out)
    assert large - small < 6 * ALLOWED
    assert page["complete"] is False
    _, out = peak(*words, "--after", page["next"], "--limit", "1")
    ids = [each["id"] for each in (*page["rows"], *json.loads(out)["rows"])]
    assert ids == ["resp_1", "resp_10"]


@pytest.mark.parametrize("letters", [200, 2_000, 2_000_000])
@pytest.mark.parametrize("kept", ["items alone", "items and messages"])
def test_the_json_of_a_large_response_weighs_at_most_three_times_what_is_stored(
    sqlite_store: SqliteStore, tmp_path: Path, letters: int, kept: str, run: Run
) -> None:
    create_tables(sqlite_store, VERSION)
    texts = [f"{at} ".ljust(letters, "x") for at in range(2_000_000 // letters)]
    made = document("resp_1", input=[message(text, id_="msg_1") for text in texts])
    if kept == "items and messages":
        made["messages"] = [{"role": "user", "content": text} for text in texts]
    stored = json.dumps(made)
    insert(sqlite_store, [row("resp_1", text=stored)])
    config = config_on(sqlite_store, tmp_path)
    out = run("responses", config, "show", "resp_1", "--json", "--for", VERSION).out
    assert len(out.encode()) <= 3 * len(stored)
    found = json.loads(out)
    assert [each["content"][0]["text"] for each in found["input"]] == texts
    left_out = [each for each in (*found["input"], *found["output"]) if each["item"] is None]
    assert len(left_out) == (len(texts) + 1 if letters == 200 else 0)
    assert bool(left_out) == any("--raw" in notice for notice in found["notices"])


def test_letters_that_are_stored_raw_weigh_no_more(
    sqlite_store: SqliteStore, tmp_path: Path, run: Run
) -> None:
    create_tables(sqlite_store, VERSION)
    texts = ["日本" * 50_000 for _ in range(10)]
    made = document("resp_1", input=[message(text, id_="msg_1") for text in texts])
    stored = json.dumps(made, ensure_ascii=False)
    insert(sqlite_store, [row("resp_1", text=stored)])
    config = config_on(sqlite_store, tmp_path)
    out = run("responses", config, "show", "resp_1", "--json", "--for", VERSION).out
    assert len(out.encode()) <= 3 * len(stored.encode())
    found = json.loads(out)
    assert [each["content"][0]["text"] for each in found["input"]] == texts
    assert all(each["item"] is None for each in found["input"])
    assert any("--raw" in notice for notice in found["notices"])


def test_the_json_of_a_small_response_is_indented_and_holds_every_item(
    sqlite_store: SqliteStore, tmp_path: Path, run: Run
) -> None:
    create_tables(sqlite_store, VERSION)
    insert(sqlite_store, [row("resp_1")])
    config = config_on(sqlite_store, tmp_path)
    out = run("responses", config, "show", "resp_1", "--json", "--for", VERSION).out
    assert out.startswith('{\n  "response": {\n')
    assert all(each["item"] is not None for each in json.loads(out)["input"])
