"""`list --follow`: a line of JSON for each record as it is stored, until ctrl+c or a closed pipe."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Run, config_beside, start
from tests.cli.test_responses_list import KEYS
from tests.patience import PATIENCE
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.stores import SqliteStore


@pytest.fixture
def responses(response_store: SqliteStore) -> SqliteStore:
    """Make a deployment with one response."""
    create(response_store)
    insert(response_store, [row("resp_old")])
    return response_store


@contextmanager
def following(store: SqliteStore, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Begin to follow, and wait until the first look was taken; a program that goes on is killed at the end."""
    command = ("responses", config_beside(store), "list", "--follow", *words)
    with begun(*command) as process:
        yield process


@contextmanager
def begun(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Begin a command that follows, and wait until it does."""
    with start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            while b"ctrl+c ends it" not in (line := process.stderr.readline()):
                assert line, "it ended before it began"
            yield process
        finally:
            process.kill()


def test_each_new_response_is_a_line_as_in_the_list_and_ctrl_c_ends_it_with_130(
    responses: SqliteStore,
) -> None:
    with following(responses, "--status", "failed") as process:
        assert process.stdout is not None
        insert(responses, [row("resp_1", status="failed"), row("resp_2"), row("resp_3", status="failed")])
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [line["id"] for line in lines] == ["resp_1", "resp_3"]
        assert set(KEYS) <= set(lines[0])
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stdout.read() == b""


def test_each_new_row_of_a_table_is_a_line_with_the_columns_that_were_asked_for(
    responses: SqliteStore,
) -> None:
    words = ("responses", "--columns", "id,response_object", "--where", "response_object.status = failed")
    with begun("rows", config_beside(responses), "sql_default", *words, "--follow") as process:
        assert process.stdout is not None
        insert(responses, [row("resp_1"), row("resp_2", status="failed")])
        line = json.loads(process.stdout.readline())
        assert [*line] == ["id", "response_object"]
        assert (line["id"], line["response_object"]["status"]) == ("resp_2", "failed")


@pytest.mark.parametrize("other", [("--limit", "5"), ("--all",), ("--order-by", "id"), ("--after", "x")])
def test_rows_are_followed_in_no_other_order_and_from_now_on(
    responses: SqliteStore, run: Run, other: tuple[str, ...]
) -> None:
    answer = run("rows", config_beside(responses), "sql_default", "responses", "--follow", *other)
    assert answer.code == 2
    assert "--follow" in answer.err


def test_it_ends_when_its_reader_is_gone_though_nothing_is_stored(responses: SqliteStore) -> None:
    with following(responses) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=PATIENCE) == 141


def test_a_cursor_is_refused_and_a_store_that_is_not_there_ends_it_at_once(
    responses: SqliteStore, run: Run
) -> None:
    config = config_beside(responses)
    assert run("responses", config, "list", "--follow", "--after", "x").code == 2
    responses.path.unlink()
    answer = run("responses", config, "list", "--follow", "--json")
    assert answer.code == 3
    assert answer.json["error"]["kind"] == "backend"
