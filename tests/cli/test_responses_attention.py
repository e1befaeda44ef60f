"""`responses RUN_CONFIG attention` as a script and as a person calls it."""

from __future__ import annotations

import jsonschema
import pytest

from tests.cli.conftest import Run, config_beside
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.stores import SqliteStore


@pytest.fixture
def config(response_store: SqliteStore) -> str:
    """Make a deployment with a few responses that deserve a look."""
    create(response_store)
    insert(
        response_store,
        [row("resp_1", owner="alice"), row("resp_2", status="failed"), row("resp_\x1b[31m", text="{cut")],
    )
    return config_beside(response_store)


def test_the_answer_follows_its_schema_and_names_every_category(run: Run, config: str) -> None:
    answer = run("responses", config, "attention", "--json")
    assert answer.code == 0, answer.err
    jsonschema.validate(answer.json, run("schema", "responses attention").json)
    found = {each["name"]: each["count"] for each in answer.json["categories"]}
    assert {name for name, count in found.items() if count} == {"failed", "unparsable"}
    assert answer.json["rows"] == 3
    assert answer.json["exact"] is True


def test_people_read_counts_and_what_to_do(run: Run, config: str) -> None:
    answer = run("responses", config, "attention", "--exact", "--large", "100")
    assert answer.code == 0
    assert answer.out.startswith("In all 3 responses:\n")
    assert "very-large: " in answer.out
    assert "\x1b" not in answer.out


def test_a_category_opens_as_a_list(run: Run, config: str) -> None:
    answer = run("responses", config, "list", "--category", "unparsable", "--json")
    assert [each["id"] for each in answer.json["responses"]] == ["resp_\x1b[31m"]
    assert run("responses", config, "list", "--category", "odd", "--json").code == 2
