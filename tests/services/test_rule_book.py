"""The list of rules: complete, and written so that an operator can act on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import llama_storage_tui
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.finding import Rule
from llama_storage_tui.services.rule_book import RULES, rule_of

PACKAGE = Path(llama_storage_tui.__file__).parent


def calls(*names: str) -> Iterator[tuple[Path, ast.Call]]:
    """Yield every call of one of the names in the package."""
    called = re.compile(rf"\b({'|'.join(names)})\(")
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        # What names none of them is not taken apart, which is most of the package.
        for node in ast.walk(ast.parse(text)) if called.search(text) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield path, node


def test_every_rule_that_the_package_describes_is_in_the_list_once() -> None:
    described = [
        str(keyword.value.value)
        for _, call in calls("Rule", "stops_load", "stops_start", "warns", "informs")
        for keyword in call.keywords
        if keyword.arg == "id" and isinstance(keyword.value, ast.Constant)
    ]
    assert len(described) > 70
    assert sorted(described) == sorted(rule.id for rule in RULES)
    assert len(set(described)) == len(described)


def test_a_finding_is_made_by_a_rule_and_nowhere_else() -> None:
    assert {path.relative_to(PACKAGE).as_posix() for path, _ in calls("Finding")} == {"model/finding.py"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_stable_name_a_title_and_advice_in_whole_sentences(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", rule.id)
    assert rule.title[0].isupper() or rule.title.startswith(
        ("apis ", "kv_", "ssl_", "storage.", "ca_", "external_", "safety.")
    )
    assert not rule.title.endswith(".")
    assert rule.advice.endswith((".", "NAME:default}."))
    # The app shows it too: it has keys, and no options.
    assert "--" not in re.sub(r"--from-(file|literal)|--insecure", "", rule.advice)
    assert rule.since is None or rule.until is None or rule.since < rule.until
    assert (rule.severity, rule.stage) not in rule.also


def test_an_unknown_rule_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError) as caught:
        rule_of("shared-tabel")
    assert caught.value.help == "Did you mean shared-table?"
