"""What a newcomer must touch to add a rule: one module of rules, in which the rule, its check and their names stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.architecture.copied import add, commands, copy_to
from tests.configs import EARLIER, line_of

RULE = """\
LUCKY_PORT: Final = warns(
    id="lucky-port",
    title="The port has sevens only",
    advice="Nothing has to be done.",
    since=changes.SEVERAL_WORKERS,
    until=changes.AGENTS_RENAMED,
)
WORKERS_ON_SQLITE: Final = warns(
"""
CHECK = '''\


def lucky_port(view: View) -> Iterator[Finding]:
    """Sevens; which release reads the config is the rule's matter."""
    if view.context.data["server"]["port"] == 7777:
        yield view.finding(LUCKY_PORT, ("server", "port"), "7777 has sevens only")


CHECKS = (lucky_port, '''

CONFIG = f"{EARLIER}server: {{port: 7777}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the program, the rule in this module and nowhere else, and a config that it finds."""
    made = tmp_path_factory.mktemp("rule")
    module = copy_to(made) / "config" / "rules" / "hosting.py"
    add(module, ("WORKERS_ON_SQLITE: Final = warns(\n", RULE), ("\n\nCHECKS = (", CHECK))
    (made / "run.yaml").write_text(CONFIG, encoding="utf-8")
    return made


def test_the_rule_is_explained_and_finds_its_fault_in_its_releases_alone(folder: Path) -> None:
    releases = ("0.3.5", "0.4.0", "0.6.1", "0.7.0")
    (code, told, _), *checked = commands(
        folder,
        ("rules", "lucky-port"),
        *(("check", "run.yaml", "--for", release, "--json") for release in releases),
    )
    assert code == 0
    assert "The port has sevens only." in told
    assert "0.4.0 to before 0.7.0" in told
    lines = {
        release: [
            finding["line"] for finding in json.loads(out)["findings"] if finding["rule"] == "lucky-port"
        ]
        for release, (_, out, _) in zip(releases, checked, strict=True)
    }
    line = line_of(CONFIG, "port:")
    assert lines == {"0.3.5": [], "0.4.0": [line], "0.6.1": [line], "0.7.0": []}
