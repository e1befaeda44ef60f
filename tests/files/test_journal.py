"""Journals: how they are written, and those that an earlier version of this program left pending."""

from __future__ import annotations

import json
from collections.abc import ItemsView
from pathlib import Path

import pytest

from llama_storage_tui.files.journal import Address, Journal, Journals
from llama_storage_tui.files.private import STATE_VARIABLE
from llama_storage_tui.secrets import Secret


def made_up(address: Address, identity: tuple[str, int], verifier: str) -> Journal:
    secrets = Secret("old"), Secret("new")
    return Journal(
        "made-up", "prepared", "now", "me", {"also": []}, (address,), *identity, *secrets, verifier, ()
    )


class Looking(dict[str, object]):
    """Data that looks into a folder while it is written."""

    def __init__(self, folder: Path, data: dict[str, object]) -> None:
        super().__init__(data)
        self.folder = folder
        self.seen: list[str] = []

    def items(self) -> ItemsView[str, object]:  # type: ignore[override] # dict names its own class
        self.seen += [path.name for path in self.folder.iterdir()]
        return super().items()


def test_what_is_half_written_has_no_name_that_a_kill_could_leave(tmp_path: Path) -> None:
    journals = Journals({STATE_VARIABLE: str(tmp_path / "state")})
    journals.prepare()
    first = Looking(journals.folder, {"state": "staging", "old": "hunter2"})
    journals._write("made-up", first)
    second = Looking(journals.folder, {"state": "prepared", "old": "hunter2"})
    journals._write("made-up", second)
    assert (first.seen, second.seen) == ([], ["made-up.json"])
    assert [path.name for path in journals.folder.iterdir()] == ["made-up.json"]
    assert journals.path("made-up").stat().st_mode & 0o777 == 0o600
    assert json.loads(journals.path("made-up").read_text())["state"] == "prepared"


@pytest.mark.parametrize(("verifier", "changes_server"), [("SCRAM-SHA-256$made-up", True), ("", False)])
def test_a_journal_without_engines_is_one_of_postgresql(
    tmp_path: Path, verifier: str, *, changes_server: bool
) -> None:
    journals = Journals({STATE_VARIABLE: str(tmp_path / "state")})
    journals.prepare()
    address = Address("db", 5432, "stack", "app", None, None)
    journals.write(made_up(address, ("7", 8), verifier))
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
    journals.write(made_up(address, ("replica set rs0", 2**127), ""))
    (found,) = journals.pending()
    assert found.addresses == (address,)
    assert (found.role, found.addresses[0].server) == ("app@people", "h:1")
    assert found.change.identity == ("replica set rs0", 2**127)
    assert found.changes_server
