"""A static graph cannot prove that a deferred import defers: fresh interpreters can."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DRIVERS = {"sqlalchemy", "asyncpg", "aiosqlite", "pymongo", "redis"}
FRONT_END = {"textual", "rich"}

REPORT = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"


def loaded_after(program: str, *arguments: str) -> set[str]:
    """Run a program in a fresh interpreter and return the top-level packages that it loaded."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{program}\n{REPORT}", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    from llama_storage_tui.demo.deployment import make_deployment

    return Path(make_deployment(tmp_path).config)


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_command_that_contacts_nothing_loads_neither_a_driver_nor_the_front_end(
    command: str, config: Path
) -> None:
    program = "import sys\nfrom llama_storage_tui.__main__ import main\nmain(sys.argv[1:])"
    loaded = loaded_after(program, command, str(config), "--json", "--assume-set")
    assert "yaml" in loaded
    assert not loaded & (DRIVERS | FRONT_END)


@pytest.mark.parametrize("words", [("test", "kv_default"), ("keys", "kv_default", "registry")])
def test_a_test_and_the_keys_of_a_sqlite_file_load_its_driver_and_no_more(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    from llama_storage_tui.demo.deployment import make_deployment

    made = make_deployment(tmp_path)
    program = "import sys\nfrom llama_storage_tui.__main__ import main\nassert main(sys.argv[1:]) == 0"
    command, *names = words
    paths = [f"--map-path={before}={after}" for before, after in made.path_map]
    loaded = loaded_after(
        program, command, made.config, *names, "--json", "--env-file", made.env_files[0], *paths
    )
    assert "aiosqlite" in loaded
    # Their statements are plain SQL and their answers plain JSON: these two take longer to import than all else takes.
    assert not loaded & ({"sqlalchemy", "pydantic"} | {"asyncpg", "pymongo", "redis"} | FRONT_END)


def test_the_app_is_imported_without_a_driver_and_without_what_validates() -> None:
    loaded = loaded_after("import llama_storage_tui.tui.app, llama_storage_tui.tui.navigation.lazy_screens")
    assert "textual" in loaded
    assert not loaded & (DRIVERS | {"pydantic", "pydantic_core"})


def test_the_core_needs_no_front_end_at_all() -> None:
    core = (
        "model.catalog",
        "config.load",
        "services.browse",
        "services.probe",
        "services.export",
        "services.inspection",
    )
    loaded = loaded_after("\n".join(f"import llama_storage_tui.{name}" for name in core))
    assert not loaded & (DRIVERS | FRONT_END | {"click"})
