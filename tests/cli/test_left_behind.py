"""`left-behind` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_store_that_is_not_there_is_said(run: Run, config: str, tmp_path: Path) -> None:
    store = tmp_path / "sql.db"
    assert run("left-behind", config, "--json").json["notices"] == []
    store.unlink()
    sentence = f"Nothing of backend sql_default was looked at: its store {store} is not there."
    text = run("left-behind", config)
    assert (text.code, f"Notice: {sentence}" in text.err.splitlines()) == (0, True)
    assert "kv_default" in text.out
    assert run("left-behind", config, "--json").json["notices"] == [sentence]


@pytest.mark.parametrize("is_one_missing", [False, True])
def test_one_that_refuses_makes_the_exit_code(
    is_one_missing: bool,  # noqa: FBT001 - a parameter of the test
    run: Run,
    config: str,
    tmp_path: Path,
) -> None:
    if is_one_missing:
        (tmp_path / "kv.db").unlink()
    (tmp_path / "sql.db").write_bytes(b"no database at all, but long enough to be read as one" * 99)
    answer = run("left-behind", config, "--json")
    assert answer.code == 3
    assert any("sql_default was not read" in notice for notice in answer.json["notices"])
    assert len(answer.json["notices"]) == 1 + is_one_missing
