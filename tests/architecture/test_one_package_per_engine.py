"""What a newcomer must touch to add an engine: its package, its name in the registry, its extra, and its field table upstream."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from llama_storage_tui.backends import registry
from tests.architecture.copied import add, commands, copy_to

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


def test_an_engine_of_a_newcomer_is_shown_checked_tested_and_read(tmp_path: Path) -> None:
    # In the places that are said to suffice.
    package = copy_to(tmp_path)
    (package / "backends" / "shelf").mkdir()
    (package / "backends" / "shelf" / "__init__.py").write_text(ENGINE_OF_A_NEWCOMER)
    add(package / "backends" / "registry.py", ('    "sqlite",\n', '    "sqlite",\n    "shelf",\n'))
    add(
        package / "upstream" / "run_config" / "storage.py",
        (
            "BACKENDS: Final = {\n",
            'BACKENDS: Final = {\n    "kv_shelf": shape("KvShelf", Fact("type", Literal["kv_shelf"]), _NAMESPACE, Fact("name", str)),\n',
        ),
    )
    config = tmp_path / "run.yaml"
    config.write_text(CONFIG)
    common = ("--for", "1.5.0", "--json")
    shown, checked, tested, keys, tables, rotated = commands(
        tmp_path,
        ("show", str(config), *common),
        ("check", str(config), *common),
        ("test", str(config), "kv_default", *common),
        ("keys", str(config), "kv_default", "registry", *common),
        ("tables", str(config), "kv_default", *common),
        ("rotate", str(config), "kv_default", "--dry-run", *common),
    )
    assert "shelf://upstairs" in shown[1]
    assert checked[0] == 0, checked
    assert "Shelf 1" in tested[1]
    assert keys[0] == 0
    assert "registry:a" in keys[1]
    assert tables[0] == 2
    assert rotated[0] == 4
    assert "nobody logs in to a shelf" in rotated[1]
