"""`responses RUN_CONFIG stats` as a script and as a person calls it."""

from __future__ import annotations

import jsonschema
import pytest

from tests.cli.conftest import Run, config_beside
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.stores import SqliteStore

HOUR = 1_700_006_400


@pytest.fixture
def config(response_store: SqliteStore) -> str:
    """Make a deployment with a few responses of two hours."""
    create(response_store)
    insert(
        response_store,
        [
            row("resp_1", owner="alice", created_at=HOUR, completed_at=HOUR + 7),
            row("resp_2", status="failed", created_at=HOUR + 3_600, owner="\x1b[31mbob"),
        ],
    )
    return config_beside(response_store)


def test_the_answer_follows_its_schema(run: Run, config: str) -> None:
    answer = run("responses", config, "stats", "--json")
    assert answer.code == 0, answer.err
    jsonschema.validate(answer.json, run("schema", "responses stats").json)
    assert [each["name"] for each in answer.json["groups"]] == [
        "2023-11-15T00:00:00Z",
        "2023-11-15T01:00:00Z",
    ]
    assert answer.json["groups"][0]["p50"] == 7.0
    assert answer.json["whole"]["statuses"] == {"completed": 1, "failed": 1}
    assert answer.json["exact"] is True


def test_people_read_a_line_for_each_owner_and_all(run: Run, config: str) -> None:
    answer = run("responses", config, "stats", "--by", "owner", "--exact")
    assert answer.code == 0
    assert answer.out.startswith("In all 2 responses:\n")
    assert "alice" in answer.out
    assert "7 s" in answer.out
    assert "\x1b" not in answer.out
    assert run("responses", config, "stats", "--by", "weekday").code == 2
