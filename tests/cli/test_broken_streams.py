"""A server's error in the middle of a stream: a sentence of the program's own, after whole rows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import RowQuery
from tests.cli.conftest import Run
from tests.deployments import backend_of, config_of
from tests.stores import PostgresStore, reading

DIVIDED = "CREATE VIEW broken AS SELECT n, repeat('x', 100) AS pad, 1 / (3000 - n) AS share FROM generate_series(1, 9000) n"
LARGE = "CREATE TABLE broken AS SELECT n, repeat('x', 1000) AS pad FROM generate_series(1, 100000) n"
ENDED = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def raising(code: str) -> str:
    """Return the SQL of a view whose 3,000th row makes the server raise an error with a code."""
    return (
        "CREATE FUNCTION stopped(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
        f" IF n = 3000 THEN RAISE EXCEPTION 'stopped here' USING ERRCODE = '{code}'; END IF; RETURN n; END $$;"
        "CREATE VIEW broken AS SELECT n, repeat('x', 100) AS pad, stopped(n) AS x FROM generate_series(1, 9000) n"
    )


async def streamed(store: PostgresStore, deed: Callable[[], object] = lambda: None) -> int:
    """Stream the table as an export does, with something done at every batch; return the number of rows."""
    rows = 0
    async with (
        reading(store.target()) as reader,
        aclosing(reader.tables.stream(RowQuery("broken"))) as batches,
    ):
        async for batch in batches:
            rows += len(batch)
            deed()
    return rows


@pytest.mark.parametrize(
    ("code", "failure", "words"),
    [
        ("57014", FailureKind.TIMEOUT, "cancelled the query"),
        ("40001", FailureKind.TIMEOUT, "standby cancelled the query"),
        ("57P01", FailureKind.UNREACHABLE, "closed the connection"),
        ("53200", FailureKind.QUERY, "stopped here"),
        ("22P05", FailureKind.QUERY, "stopped here"),
    ],
)
async def test_every_error_of_the_server_within_a_stream_is_a_sentence(
    postgres_store: PostgresStore, code: str, failure: FailureKind, words: str
) -> None:
    postgres_store.execute(raising(code))
    with pytest.raises(BackendError, match=words) as caught:
        await streamed(postgres_store)
    assert caught.value.failure is failure


async def test_a_connection_that_ends_within_a_stream_is_a_sentence(postgres_store: PostgresStore) -> None:
    postgres_store.execute(LARGE)
    with pytest.raises(BackendError, match="closed the connection") as caught:
        await streamed(postgres_store, lambda: postgres_store.ask(ENDED))
    assert caught.value.failure is FailureKind.UNREACHABLE


@pytest.mark.parametrize("format_", ["jsonl", "csv", "json"])
def test_rows_that_were_written_before_an_error_are_whole_and_the_exit_code_is_3(
    postgres_store: PostgresStore, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    postgres_store.execute(DIVIDED)
    config = tmp_path / "run.yaml"
    stores = {"inference": {"backend": "sql", "table_name": "broken"}}
    config.write_text(config_of({"sql": backend_of(postgres_store, "sql")}, stores))
    done = run("rows", str(config), "sql", "broken", "--all", "--format", format_)
    assert done.code == 3
    assert "division by zero" in done.err
    assert "bug" not in done.err
    lines = done.out.splitlines()
    assert len(lines) > 10
    if format_ == "jsonl":
        assert all(json.loads(line)["pad"] == "x" * 100 for line in lines)
        assert done.out.endswith("\n")
