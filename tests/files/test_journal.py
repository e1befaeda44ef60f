"""Journals that an earlier version of this program left pending."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llama_storage_tui.files.journal import STATE_VARIABLE, Address, Journal, Journals
from llama_storage_tui.secrets import Secret


@pytest.mark.parametrize(("verifier", "changes_server"), [("SCRAM-SHA-256$made-up", True), ("", False)])
def test_a_journal_without_engines_is_one_of_postgresql(
    tmp_path: Path, verifier: str, *, changes_server: bool
) -> None:
    journals = Journals({STATE_VARIABLE: str(tmp_path / "state")})
    journals.prepare()
    address = Address("db", 5432, "stack", "app", None, None)
    written = Journal(
        "made-up",
        "prepared",
        "now",
        "me",
        {"also": []},
        (address,),
        "7",
        8,
        Secret("old"),
        Secret("new"),
        verifier,
        (),
    )
    journals.write(written)
    path = journals.path("made-up")
    data = json.loads(path.read_text())
    for name in ("engine", "names"):
        del data["addresses"][0][name]
    del data["changes_server"]
    path.write_text(json.dumps(data))
    (found,) = journals.pending()
    assert found.addresses == (address,)
    assert (found.role, found.addresses[0].server) == ("app", "db:5432")
    assert found.changes_server is changes_server
    assert found.change.identity == ("7", 8)


def test_a_journal_of_mongodb_names_role_and_server_as_operators_do(tmp_path: Path) -> None:
    journals = Journals({STATE_VARIABLE: str(tmp_path / "state")})
    journals.prepare()
    address = Address("mongodb://h/?tls=true", 1, "", "app", None, None, "mongodb", ("app@people", "h:1"))
    journals.write(
        Journal(
            "made-up",
            "prepared",
            "now",
            "me",
            {"also": []},
            (address,),
            "replica set rs0",
            2**127,
            Secret("old"),
            Secret("new"),
            "",
            (),
        )
    )
    (found,) = journals.pending()
    assert found.addresses == (address,)
    assert (found.role, found.addresses[0].server) == ("app@people", "h:1")
    assert found.change.identity == ("replica set rs0", 2**127)
    assert found.changes_server
