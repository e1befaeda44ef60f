"""What depends on the release of a server is written down in `upstream`, and nowhere else."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.architecture.copied import PACKAGE, add, copy_to, run
from tests.configs import SQLITE


def test_no_module_outside_of_upstream_writes_a_version() -> None:
    written = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if "upstream" not in path.relative_to(PACKAGE).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Version"
    ]
    assert written == []


CHANGES = (
    ("versions.py", "    (1, 5, 0),\n", "    (1, 5, 0),\n    (1, 6, 0),\n"),
    (
        "run_config/server.py",
        '    Fact("port", int, 8321, at_least=1024, at_most=65535),\n',
        (
            '    Fact("port", int, 8321, at_least=1024, at_most=65535),\n'
            '    Fact("drain_seconds", int, 30, since=Version(1, 6), at_least=0),\n'
        ),
    ),
    (
        "providers.py",
        '    _Ships("vector_io", "remote::neo4j", needs="inference", since=Version(1, 3)),\n',
        '    _Ships("vector_io", "remote::neo4j", needs="inference", since=Version(1, 3), until=Version(1, 6)),\n',
    ),
)
"""A made-up release 1.6: one new field of the server, and a provider that is gone."""


@pytest.fixture(scope="module")
def with_a_new_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the package with the release in `upstream`, and nothing else changed."""
    folder = tmp_path_factory.mktemp("release")
    copied = copy_to(folder)
    for name, before, after in CHANGES:
        add(copied / "upstream" / name, (before, after))
    return folder


def check(folder: Path, text: str, version: str | None) -> dict[str, object]:
    config = folder / "run.yaml"
    config.write_text(text)
    options = ["--for", version] if version else []
    done = run(folder, "-m", "llama_storage_tui", "check", str(config), *options, "--json")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def rules_of(answer: dict[str, object]) -> set[str]:
    findings = answer["findings"]
    assert isinstance(findings, list)
    return {finding["rule"] for finding in findings}


def test_a_new_release_with_a_new_field_is_known_and_guessed(with_a_new_release: Path) -> None:
    answer = check(with_a_new_release, f"{SQLITE}server:\n  drain_seconds: 5\n", None)
    version = answer["version"]
    assert isinstance(version, dict)
    assert version["guess"] == "1.6.0"
    assert "server.drain_seconds exists since 1.6" in version["because"]
    wrong = f"{SQLITE}server:\n  drain_seconds: -1\n"
    assert "out-of-range" not in rules_of(check(with_a_new_release, wrong, "1.5.0"))
    assert "out-of-range" in rules_of(check(with_a_new_release, wrong, "1.6.0"))


def test_a_provider_that_the_new_release_dropped_stops_its_start(with_a_new_release: Path) -> None:
    provider = (
        "providers:\n  vector_io:\n  - provider_id: graph\n    provider_type: remote::neo4j\n    config:\n"
        "      persistence: {backend: kv_default, namespace: graph}\n  inference: []\n"
    )
    text = SQLITE.replace("providers:\n  inference: []\n", provider)
    assert text != SQLITE
    assert "unknown-provider" not in rules_of(check(with_a_new_release, text, "1.5.0"))
    assert "unknown-provider" in rules_of(check(with_a_new_release, text, "1.6.0"))
