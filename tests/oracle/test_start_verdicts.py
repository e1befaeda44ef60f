"""Our verdict at start is the packages' own: every recorded case replayed."""

import json
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.config.document import ConfigDocument, parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.model.version import Version
from tests.every_case import hold_every_case
from tests.oracle.start_cases import BEYOND_THE_CONFIG, HOME, case, lay_out, names, written

RECORDS = sorted((Path(__file__).parent / "start").glob("*.json"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Lay out, once, the files that cases name: no case changes them."""
    laid_out = tmp_path_factory.mktemp("start")
    lay_out(laid_out)
    return str(laid_out)


@lru_cache(maxsize=2_000)
def document_of(text: str) -> ConfigDocument:
    """Parse a text once: releases of one time have the same configs, and nothing changes a document."""
    return parse(text, "run.yaml")


def catalog_of(version: Version, config: dict[str, Any]) -> Catalog:
    return load_catalog(document_of(written(config)), merge([], {}, home=HOME), version=version)


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


def hold_verdict(version: Version, name: str, recorded: dict[str, str], folder: str) -> None:
    config = case(name, (version.major, version.minor, version.patch), folder)
    verdict, reasons = our_verdict(version, config)
    if name in BEYOND_THE_CONFIG:
        assert (verdict, recorded["verdict"]) == ("starts", "fails at start")
        assert "start-not-checked" in {finding.rule for finding in catalog_of(version, config).findings}
        return
    assert verdict == recorded["verdict"], f"ours: {reasons}; theirs: {recorded.get('error')}"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_every_verdict_is_the_packages_own(record: Path, folder: str) -> None:
    recorded = json.loads(record.read_text())
    version = Version.parse(recorded["header"]["version"])
    hold_every_case(
        (name, partial(hold_verdict, version, name, verdict, folder))
        for name, verdict in recorded["cases"].items()
    )


def test_at_least_eight_releases_are_on_record_with_every_case_and_both_verdicts() -> None:
    assert len(RECORDS) >= 8
    for record in RECORDS:
        recorded = json.loads(record.read_text())
        version = Version.parse(recorded["header"]["version"])
        verdicts = [case["verdict"] for case in recorded["cases"].values()]
        assert {*recorded["cases"]} == {*names((version.major, version.minor, version.patch))}
        assert min(verdicts.count("starts"), verdicts.count("fails at start")) >= 30
