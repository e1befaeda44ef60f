"""What an operator can remap: every binding by its id, in `help keys`, in the box of keys, and in nothing but one list."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import llama_storage_tui.tui as package
from llama_storage_tui.__main__ import main
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from llama_storage_tui.tui.navigation.bindings import key_bindings, known_ids
from llama_storage_tui.tui.navigation.keymap import read_preferences
from llama_storage_tui.tui.style.theme import theme_names
from tests import fork_server
from tests.tui.gallery import NARROW, stage


def written_ids() -> set[str]:
    """Every id that stands as a word where a key is written down in the source."""
    return {
        call.args[3].value
        for path in Path(package.__path__[0]).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("shown_key", "hidden_key")
        and isinstance(call.args[3], ast.Constant)
        and isinstance(call.args[3].value, str)
    }


def asked(*words: str) -> str:
    done = fork_server.call(main, words, folder=Path.cwd(), environ=os.environ)
    assert done.code == 0
    return done.out


def test_no_binding_is_missing_in_the_list() -> None:
    assert written_ids() <= known_ids()
    assert {binding.id for binding in key_bindings()} == known_ids()


def test_help_keys_prints_each_id_with_its_key_and_what_it_does_where() -> None:
    listed = json.loads(asked("help", "keys", "--json"))
    assert {entry["id"] for entry in listed["keys"]} == known_ids()
    assert all(entry["keys"] and entry["help"] and entry["where"] for entry in listed["keys"])
    text = asked("help", "keys").splitlines()
    for id_ in known_ids():
        assert any(line.startswith(f"{id_}  ") for line in text), id_
    rotate = next(line for line in text if line.startswith("catalog.rotate "))
    assert rotate.split(None, 2)[1] == "r"
    assert "Change this backend's password everywhere" in rotate
    assert rotate.endswith("  catalog")


def test_help_themes_names_all_that_the_file_takes(tmp_path: Path) -> None:
    listed = json.loads(asked("help", "themes", "--json"))
    assert listed["themes"] == [*theme_names()]
    for theme in listed["themes"]:
        path = tmp_path / "config.toml"
        path.write_text(f'theme = "{theme}"\n')
        assert read_preferences(path, (), theme_names()).problem is None
        assert theme in asked("help", "themes")


def test_help_without_a_topic_lists_topics_and_needs_no_screen() -> None:
    out = asked("help")
    assert "keys" in out
    assert "themes" in out
    code = "import sys; from llama_storage_tui.__main__ import main; main(['help']); assert 'textual' not in sys.modules"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0
    )


def test_help_of_a_command_is_its_own_and_of_nothing_a_list() -> None:
    assert asked("help", "check") == asked("check", "--help")
    done = fork_server.call(main, ("help", "kyes"), folder=Path.cwd(), environ=os.environ)
    assert done.code == 2
    assert "Did you mean keys?" in done.err


@pytest.mark.parametrize("key", ["?", "question_mark", "z,question_mark"])
async def test_a_key_may_be_written_as_it_is_or_by_its_name(key: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[keys]\n"catalog.findings" = "{key}"\n"app.help" = "f7"\n')
    async with stage(environ={"LLAMA_STORAGE_TUI_CONFIG": str(path)}) as found:
        await found.press("question_mark")
        assert "5 findings" in found.text


def test_a_binding_of_a_screen_that_was_never_opened_is_known(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[keys]\n" + "".join(f'"{id_}" = "f8"\n' for id_ in written_ids()))
    code = (
        "import sys; from pathlib import Path; import llama_storage_tui.tui.app; from llama_storage_tui.tui.navigation.bindings import known_ids;"
        "from llama_storage_tui.tui.navigation.keymap import read_preferences;"
        "assert read_preferences(Path(sys.argv[1]), known_ids(), ()).problem is None"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0


async def test_the_box_of_keys_says_how_to_change_them() -> None:
    async with stage() as found:
        await found.press("question_mark")
        assert "catalog.rotate" in found.text
        await found.press("end")
        for text in ("Other keys and colours", "[keys]", 'theme = "light"', "llama-storage-tui help keys"):
            assert text in found.text
        await found.press("escape")
        assert isinstance(found.app.screen, CatalogScreen)


async def test_a_narrow_box_of_keys_leaves_the_ids_to_the_command() -> None:
    async with stage(NARROW) as found:
        await found.press("question_mark")
        assert "catalog.rotate" not in found.text
        await found.press("end")
        assert "llama-storage-tui help keys" in found.text


def test_the_readme_and_help_of_the_program_point_at_the_list() -> None:
    assert "llama-storage-tui help keys" in asked("--help")
    readme = Path(package.__path__[0]).parents[1] / "README.md"
    assert "llama-storage-tui help keys" in readme.read_text()
