"""`goto` as a script and as a person calls it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_a_key_a_row_and_a_table_are_found_and_an_absent_id_says_where_was_looked(
    run: Run, config: str
) -> None:
    key = run("goto", config, "registry:text", "--json")
    assert key.code == 0
    assert [(each["kind"], each["id"], each["backend"]) for each in key.json["matches"]] == [
        ("key", "registry:text", "kv_default")
    ]
    assert "key" in run("goto", config, "registry:model:").out
    assert "inference_store" in run("goto", config, "inference_st").out
    absent = run("goto", config, "resp_none")
    assert absent.code == 1
    assert absent.out == ""
    assert "resp_none" in absent.err
    for text in ("nothing-like-it", "\x1b[31m"):
        nothing = run("goto", config, text)
        assert nothing.code == 1
        assert "kv_default" in nothing.err
        assert "\x1b" not in nothing.err
    assert run("goto", config, "nothing-like-it", "--json").json["matches"] == []


def test_a_store_that_is_not_there_is_named_and_the_others_answer(run: Run, config: str) -> None:
    Path(config).with_name("sql.db").unlink()
    answer = run("goto", config, "registry:text", "--json")
    assert answer.code == 0
    assert [failed["backend"] for failed in answer.json["failed"]] == ["sql_default"]
    assert answer.json["complete"] is False


def test_no_id_is_a_mistake_in_the_call(run: Run, config: str) -> None:
    assert run("goto", config, " ").code == 2


def test_without_a_store_it_says_that_none_could_be_asked(run: Run, config: str) -> None:
    Path(config).write_text("version: 2\ndistro_name: demo\napis: []\nproviders: {}\n")
    none = "No store could be asked: the config has none that could hold it."
    for id_, asked in (("resp_1", ""), ("nothing-like-it", "Asked: names in the config; rules. ")):
        answer = run("goto", config, id_, "--for", "0.2.24")
        assert answer.code == 1
        sentence = f"Nothing has the id {id_}, and nothing begins with it. {asked}{none}"
        assert sentence in answer.err.splitlines()
    assert run("goto", config, "resp_1", "--json").json["asked"] == []
