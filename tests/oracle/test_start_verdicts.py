"""Our verdict at start is the packages' own: every recorded case replayed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.config.document import parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.version import Version
from tests.oracle.start_cases import BEYOND_THE_CONFIG, HOME, case, lay_out, names, written

RECORDS = sorted((Path(__file__).parent / "start").glob("*.json"))


def recorded_cases() -> Iterator[object]:
    for record in RECORDS:
        recorded = json.loads(record.read_text())
        version = Version.parse(recorded["header"]["version"])
        for name, verdict in recorded["cases"].items():
            yield pytest.param(version, name, verdict, id=f"{version}-{name}")


def catalog_of(version: Version, config: dict[str, Any]) -> Catalog:
    document = parse(written(config), "run.yaml")
    return load_catalog(document, merge([], {}, home=HOME), version=version)


def our_verdict(version: Version, config: dict[str, Any]) -> tuple[str, list[str]]:
    catalog = catalog_of(version, config)
    reasons = [
        f"{finding.rule} {finding.where}: {finding.message}"
        for finding in catalog.findings
        if finding.severity is Severity.ERROR
    ]
    if not catalog.verdict.loads:
        return "fails at load", reasons
    return "starts" if catalog.verdict.starts else "fails at start", reasons


@pytest.mark.parametrize(("version", "name", "recorded"), [*recorded_cases()])
def test_the_verdict_is_the_packages_own(
    version: Version, name: str, recorded: dict[str, str], tmp_path: Path
) -> None:
    lay_out(tmp_path)
    config = case(name, (version.major, version.minor, version.patch), str(tmp_path))
    verdict, reasons = our_verdict(version, config)
    if name in BEYOND_THE_CONFIG:
        assert (verdict, recorded["verdict"]) == ("starts", "fails at start")
        assert "start-not-checked" in {finding.rule for finding in catalog_of(version, config).findings}
        return
    assert verdict == recorded["verdict"], f"ours: {reasons}; theirs: {recorded.get('error')}"


def test_at_least_eight_releases_are_on_record_with_every_case_and_both_verdicts() -> None:
    assert len(RECORDS) >= 8
    for record in RECORDS:
        recorded = json.loads(record.read_text())
        version = Version.parse(recorded["header"]["version"])
        verdicts = [case["verdict"] for case in recorded["cases"].values()]
        assert {*recorded["cases"]} == {*names((version.major, version.minor, version.patch))}
        assert min(verdicts.count("starts"), verdicts.count("fails at start")) >= 30
