"""What a newcomer must touch to add an engine: its package, its name in the registry, its extra, and its field table upstream."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from llama_storage_tui.backends import registry

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "llama_storage_tui"
ENGINES = {path.parent.name: path.parent for path in PACKAGE.glob("backends/*/__init__.py")}
ELSEWHERE = frozenset(
    {"click", "platformdirs", "pydantic", "pydantic_core", "rich", "textual", "wcwidth", "yaml"}
)
"""What may be imported outside of `backends/`: everything else is a driver."""
SHARED_BY_ENGINES = frozenset({"sqlalchemy"})
ROOMS_OF_THE_FIRST = re.compile(r"sqlite|postgres|asyncpg|mongo", re.IGNORECASE)
"""What config, rotation and rules say of the engines that the servers had first, and whose passwords are changed."""


def libraries_of(path: Path) -> set[str]:
    """Return the third-party packages that a module imports, deferred imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"llama_storage_tui"}


def modules(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))


def test_no_room_but_the_backends_imports_a_driver() -> None:
    for path in modules(PACKAGE):
        if "backends" not in path.relative_to(PACKAGE).parts:
            assert libraries_of(path) <= ELSEWHERE, path


def test_each_driver_is_imported_by_one_engine_alone() -> None:
    drivers = {
        name: set().union(*map(libraries_of, modules(folder))) - SHARED_BY_ENGINES
        for name, folder in ENGINES.items()
    }
    for name, found in drivers.items():
        others = set().union(*(each for other, each in drivers.items() if other != name))
        assert not found & others, name
    shared = set().union(*map(libraries_of, (PACKAGE / "backends").glob("*.py")))
    assert shared <= SHARED_BY_ENGINES


def test_no_engine_and_no_shared_module_imports_another_engine() -> None:
    for path in modules(PACKAGE / "backends"):
        own = path.relative_to(PACKAGE / "backends").parts[0]
        text = path.read_text(encoding="utf-8")
        imported = set(re.findall(r"llama_storage_tui\.backends\.(\w+)", text)) & ENGINES.keys()
        assert imported <= {own}, path


def test_every_package_is_named_once_in_the_registry() -> None:
    assert sorted(ENGINES) == sorted(name for name in registry._PACKAGES)
    text = Path(registry.__file__).read_text(encoding="utf-8")
    for name in ENGINES:
        assert len(re.findall(name, text, re.IGNORECASE)) == 1, name


def test_an_optional_driver_has_its_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for engine in registry.ENGINES:
        assert engine.extra is None or engine.extra in extras, engine.name
        assert (engine.extra is None) == (engine.driver is None)


def test_no_engine_but_the_first_is_mentioned_outside_of_its_package_the_registry_and_upstream() -> None:
    newer = [name for name in ENGINES if not ROOMS_OF_THE_FIRST.search(name)]
    assert newer
    for path in modules(PACKAGE):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] == "upstream" or path == Path(registry.__file__):
            continue
        text = path.read_text(encoding="utf-8")
        for name in newer:
            is_mentioned = re.search(name, text, re.IGNORECASE) is not None
            assert not is_mentioned or parts[:2] == ("backends", name), (path, name)


ENGINE_OF_A_NEWCOMER = """
from __future__ import annotations

from dataclasses import dataclass

from llama_storage_tui.backends.reader import OpenReader
from llama_storage_tui.backends.spec import EngineSpec
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Count, KeyEntry, KeyPage, Probe, StoredValue
from llama_storage_tui.model.target import Target


@dataclass(frozen=True, slots=True)
class Shelf(Target):
    name: str

    @property
    def location(self):
        return f"shelf://{self.name}"


class Books:
    async def probe(self, *, thorough=False):
        return Probe("Shelf 1", None, None, None, 0.1)

    async def count(self, selection, *, fast=False):
        return Count(1, is_exact=True)

    async def counts(self, selections, *, fast=False):
        return tuple(Count(1, is_exact=True) for _ in selections)

    async def page(self, selection, *, prefix="", limit=100, after=None, exact=False):
        return KeyPage((KeyEntry("registry:a", 2),), None)

    async def value(self, key, *, limit=None):
        return StoredValue(KeyEntry(key, 2), "{}")


def opened(target, timeouts):
    books = Books()
    return OpenReader(where=target.location, prober=books, key_value_reader=lambda: books)


ENGINE = EngineSpec(
    name="Shelf",
    types=("kv_shelf",),
    target=Shelf,
    read_target=lambda settings: Shelf(settings.text("name")),
    location=lambda settings, target: f"shelf://{settings.shown('name')}",
    container=lambda backend: "top",
    reader=opened,
    why_no_roles="nobody logs in to a shelf",
)
"""
CONFIG = """\
version: 2
distro_name: made-up
apis: [inference]
providers: {inference: []}
storage:
  backends:
    kv_default: {type: kv_shelf, name: upstairs}
    sql_default: {type: sql_sqlite, db_path: sql.db}
  stores:
    metadata: {backend: kv_default, namespace: registry}
    inference: {backend: sql_default, table_name: inference_store}
    conversations: {backend: sql_default, table_name: openai_conversations}
    prompts: {backend: sql_default, table_name: prompts}
    connectors: {backend: sql_default, table_name: connectors}
"""


@pytest.fixture(scope="module")
def with_a_new_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the package with an engine of its own, added in the places that are said to suffice."""
    folder = tmp_path_factory.mktemp("engine")
    copied = shutil.copytree(PACKAGE, folder / "llama_storage_tui")
    (copied / "backends" / "shelf").mkdir()
    (copied / "backends" / "shelf" / "__init__.py").write_text(ENGINE_OF_A_NEWCOMER)
    changes = {
        "backends/registry.py": ('    "sqlite",\n', '    "sqlite",\n    "shelf",\n'),
        "upstream/run_config/storage.py": (
            "BACKENDS: Final = {\n",
            'BACKENDS: Final = {\n    "kv_shelf": shape("KvShelf", Fact("type", Literal["kv_shelf"]), _NAMESPACE, Fact("name", str)),\n',
        ),
    }
    for name, (before, after) in changes.items():
        text = (copied / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        (copied / name).write_text(text.replace(before, after), encoding="utf-8")
    (folder / "run.yaml").write_text(CONFIG)
    return folder


def run(folder: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "llama_storage_tui", *arguments, "--json"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_an_engine_of_a_newcomer_is_shown_checked_tested_and_read(with_a_new_engine: Path) -> None:
    _, shown = run(with_a_new_engine, "show", "run.yaml", "--for", "1.5.0")
    assert "shelf://upstairs" in json.dumps(shown)
    code, checked = run(with_a_new_engine, "check", "run.yaml", "--for", "1.5.0")
    assert code == 0, checked
    _, tested = run(with_a_new_engine, "test", "run.yaml", "kv_default", "--for", "1.5.0")
    assert "Shelf 1" in json.dumps(tested)
    code, keys = run(with_a_new_engine, "keys", "run.yaml", "kv_default", "registry", "--for", "1.5.0")
    assert code == 0
    assert "registry:a" in json.dumps(keys)
    code, _ = run(with_a_new_engine, "tables", "run.yaml", "kv_default", "--for", "1.5.0")
    assert code == 3


def test_an_engine_without_roles_says_why_nothing_can_be_rotated(with_a_new_engine: Path) -> None:
    code, refused = run(with_a_new_engine, "rotate", "run.yaml", "kv_default", "--dry-run", "--for", "1.5.0")
    assert code == 4
    assert "nobody logs in to a shelf" in json.dumps(refused)
