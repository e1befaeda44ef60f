"""`responses RUN_CONFIG chain` as a script and as a person calls it."""

from __future__ import annotations

import jsonschema
import pytest

from llama_storage_tui.model.data import Cell
from tests.cli.conftest import Run, config_beside
from tests.response_rows import row
from tests.response_stores import create, insert
from tests.stores import SqliteStore

LINK_KEYS = ["id", "previous_response_id", "inferred", "status", "created_at", "owner"]
HOSTILE = "resp_\u202e[bold red]\x1b[2J"


def linked(id_: str, previous: str | None) -> dict[str, Cell]:
    return row(id_, previous_response_id=previous, skills=None)


@pytest.fixture
def store(response_store: SqliteStore) -> SqliteStore:
    """Make an empty table of responses."""
    create(response_store)
    return response_store


@pytest.fixture
def config(store: SqliteStore) -> str:
    """Name the config of the store."""
    return config_beside(store)


def test_the_document_has_the_keys_of_the_contract_and_its_schema(
    run: Run, store: SqliteStore, config: str
) -> None:
    insert(store, [linked("a", None), linked("b", "a"), linked("c", "b"), linked("d", "b"), linked("e", "a")])
    document = run("responses", config, "chain", "b", "--json").json
    assert [link["id"] for link in document["chain"]] == ["a", "b"]
    assert [link["id"] for link in document["children"]] == ["c", "d"]
    assert [link["id"] for link in document["branches"]] == ["e"]
    assert all(key in document["chain"][0] for key in LINK_KEYS)
    assert (document["missing_parent"], document["cycle"], document["complete"]) == (None, None, True)
    jsonschema.validate(document, run("schema", "responses chain").json)


def test_a_missing_parent_and_a_cycle_are_named(run: Run, store: SqliteStore, config: str) -> None:
    insert(store, [linked("a", "gone"), linked("x", "y"), linked("y", "x")])
    assert run("responses", config, "chain", "a", "--json").json["missing_parent"] == "gone"
    assert sorted(run("responses", config, "chain", "x", "--json").json["cycle"]) == ["x", "y"]
    assert "gone" in run("responses", config, "chain", "a").out
    assert "cycle" in run("responses", config, "chain", "x").out


def test_a_chain_of_a_thousand_can_be_printed(run: Run, store: SqliteStore, config: str) -> None:
    insert(store, [linked(f"r{n:04}", f"r{n - 1:04}" if n else None) for n in range(1000)])
    document = run("responses", config, "chain", "r0000", "--json").json
    assert len(document["children"]) == 999
    lines = run("responses", config, "chain", "r0999").out.splitlines()
    assert len(lines) == 1001
    assert max(map(len, lines)) < 120


def test_hostile_ids_are_printed_inert(run: Run, store: SqliteStore, config: str) -> None:
    insert(store, [linked(HOSTILE, None), linked("b", HOSTILE)])
    found = run("responses", config, "chain", "b")
    assert "\x1b" not in found.out
    assert "\u202e" not in found.out


def test_an_unknown_response_is_not_found(run: Run, config: str) -> None:
    found = run("responses", config, "chain", "resp_none", "--json")
    assert found.code == 1
    assert found.json["error"]["kind"] == "not-found"
