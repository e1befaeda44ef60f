"""Every older shipped config, once migrated, is judged as the new release's own loader and resolver judged it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.model.finding import Severity, Stage
from llama_storage_tui.model.version import Version
from tests.oracle.migrated_cases import ENVIRONMENT, guessed, migrated, parsed, shipped_before, texts

RECORDED = Path(__file__).parent / "migrated"
VERDICTS = {
    path.stem.rpartition("-")[2]: json.loads(path.read_text()) for path in sorted(RECORDED.glob("*.json"))
}
TARGET = "1.5.0"
SAMPLED = ("0.2.0.", "0.2.12", "0.2.24")
"""Releases of 0.2 that are migrated here: the others differ little, and all of them are on record."""


def sampled() -> Iterator[object]:
    for release, name, digest in shipped_before(Version(1, 0)):
        if not release.startswith("0.2.") or f"{release}.".startswith(SAMPLED):
            yield pytest.param(release, digest, id=f"{release}-{name}")


@pytest.mark.parametrize("layout", ["keep", "merge"])
@pytest.mark.parametrize(("release", "digest"), [*sampled()])
def test_a_shipped_config_is_brought_to_the_newest_release(release: str, digest: str, layout: str) -> None:
    text = texts()[digest]
    found = migrated(text, release, TARGET, layout)
    catalog = load_catalog(parsed(found.text), ENVIRONMENT, version=Version.parse(TARGET))
    errors = [
        one for one in catalog.findings if one.severity is Severity.ERROR and one.stage is not Stage.NEVER
    ]
    assert catalog.verdict.loads, errors
    assert not [one for one in errors if one.stage is Stage.LOAD]
    # What is left is what the operator is told: models that are registered under one name with two meanings.
    assert {one.rule for one in errors} <= {"registered-twice"}
    again = migrated(found.text, None, TARGET, layout)
    assert (again.changes, again.text) == ((), found.text)


@pytest.mark.parametrize("digest", [digest for _, _, digest in shipped_before(Version(1, 0))][::12])
def test_what_the_file_itself_suggests_leads_to_the_same(digest: str) -> None:
    text = texts()[digest]
    assert guessed(text) < Version(1, 0)
    found = migrated(text, None, TARGET, "keep").text
    catalog = load_catalog(parsed(found), ENVIRONMENT, version=Version.parse(TARGET))
    assert catalog.verdict.loads


@pytest.mark.parametrize("version", [*VERDICTS])
def test_the_release_itself_started_with_every_one_of_them(version: str) -> None:
    verdicts = VERDICTS[version]
    assert {found for case, found in verdicts.items() if found != "starts"} == set()
    expected = {
        f"{release} {name} {layout}"
        for release, name, _ in shipped_before(min(Version.parse(version), Version(1, 0)))
        for layout in ("keep", "merge")
    }
    assert verdicts.keys() == expected
