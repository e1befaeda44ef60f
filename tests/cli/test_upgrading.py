"""A deployment of 0.2 brought to ogx 1.5 by the commands that the program names, one after the other, as an operator copies them."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROWS = {"kv_default": 19, "sql_default": 245}
"""What the legacy demo holds that 1.5 serves."""


@pytest.fixture
def home(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose ~/.llama is where the deployment has its config and its stores, as 0.2 has them without any variable."""
    folder = tmp_path / "home"
    distribution = folder / ".llama" / "distributions" / "helpdesk"
    assert run("--demo", "legacy", "--demo-folder", str(distribution)).code == 0
    (distribution / "home" / "distributions" / "helpdesk" / "prompts.db").rename(distribution / "prompts.db")
    shutil.rmtree(distribution / "home")
    (distribution / "demo.env").unlink()
    for name in ("SQLITE_STORE_DIR", "FILES_STORAGE_DIR", "LLAMA_STACK_CONFIG_DIR", "OGX_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(folder)
    return folder


def steps_of(run: Run, *words: str) -> list[list[str]]:
    """Return the commands of the steps, without the program's own name."""
    found = run("upgrade-check", *words, "--to", "1.5.0", "--json").json
    return [shlex.split(step["command"])[1:] for step in found["steps"] if step["command"]]


def stored(run: Run, config: str, *options: str) -> dict[str, int]:
    """Return how many keys or rows the new version's stores hold, by backend."""
    found = run("left-behind", config, *options, "--json").json
    counts: dict[str, int] = {}
    for each in found["spaces"]:
        counts[each["backend"]] = counts.get(each["backend"], 0) + each["items"]
    return counts


def walk(run: Run, commands: list[list[str]]) -> None:
    """Do each step as it is written; those that change data are not asked."""
    for words in commands:
        if words[0] == "migrate-data" and "--dry-run" not in words:
            if "--public-rows" not in words:
                continue
            words = [*words, "--yes"]  # noqa: PLW2901 - nobody can be asked
        answer = run(*words)
        # What could not be carried makes 1 of `migrate`.
        assert answer.code == (1 if words[0] == "migrate" else 0), (words, answer.out, answer.err)


def test_the_steps_of_the_demo_bring_every_row_that_is_still_served(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(tmp_path / "state"))
    config, *options = shlex.split(run("--demo", "legacy", "--demo-folder", str(tmp_path / "old")).out)
    walk(run, steps_of(run, config, *options))
    assert stored(run, str(tmp_path / "old" / "run-1.5.0.yaml"), *options) == ROWS


def test_migrate_names_a_next_command_that_reads_the_config_as_it_did(run: Run, tmp_path: Path) -> None:
    config, *options = shlex.split(run("--demo", "legacy", "--demo-folder", str(tmp_path / "old")).out)
    new = str(tmp_path / "new.yaml")
    next_ = run("migrate", config, *options, "--to", "1.5.0", "--output", new, "--json").json["next"]
    answer = run(*shlex.split(next_)[1:])
    assert answer.code == 0, answer.err
    assert "140 rows to bring" in answer.out


def test_the_steps_of_a_deployment_in_the_old_home_rename_it_first_and_lose_nothing(
    run: Run, home: Path
) -> None:
    config = ".llama/distributions/helpdesk/run.yaml"
    texts = [step["text"] for step in run("upgrade-check", config, "--to", "1.5.0", "--json").json["steps"]]
    assert any(text.startswith("Rename ~/.llama to ~/.ogx") for text in texts)
    commands = steps_of(run, config)
    (home / ".llama").rename(home / ".ogx")
    walk(run, commands)
    assert not (home / ".llama").exists()
    assert stored(run, str(home / ".ogx/distributions/helpdesk/run-1.5.0.yaml")) == ROWS


def test_nothing_is_brought_to_a_new_home_while_the_old_one_waits_to_be_renamed(run: Run, home: Path) -> None:
    old = ".llama/distributions/helpdesk/run.yaml"
    new = str(home / "run-1.5.0.yaml")
    assert run("migrate", old, "--to", "1.5.0", "--output", new).code == 1
    for words in (["--dry-run"], ["--yes"]):
        answer = run("migrate-data", new, "--from", old, *words)
        assert answer.code == 4
        assert f"rename {home}/.llama to {home}/.ogx" in answer.out
    assert not (home / ".ogx").exists()


@pytest.mark.parametrize("keeps", ["both", "variable"])
def test_nobody_is_told_to_rename_a_home_that_ogx_leaves_alone(
    run: Run, home: Path, keeps: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if keeps == "both":
        (home / ".ogx").mkdir()
    else:
        monkeypatch.setenv("OGX_CONFIG_DIR", str(home / "elsewhere"))
    found = run("upgrade-check", ".llama/distributions/helpdesk/run.yaml", "--to", "1.5.0", "--json").json
    assert not any("Rename" in step["text"] for step in found["steps"])
    assert not any("renames ~/.llama" in each["what"] for each in found["rewritten_by_server"])


def test_files_that_the_old_config_names_and_nobody_has_are_said(run: Run, home: Path) -> None:
    folder = home / ".llama/distributions/helpdesk"
    new = str(home / "new.yaml")
    assert run("migrate", str(folder / "run.yaml"), "--to", "1.5.0", "--output", new).code == 1
    (folder / "inference_store.db").unlink()
    answer = run("migrate-data", new, "--from", str(folder / "run.yaml"), "--dry-run")
    assert "Not there, or empty, so nothing is transferred from them" in answer.err
    assert str(folder / "inference_store.db") in answer.err
