"""Our verdict at load is the packages' own: every recorded case replayed."""

import json
from functools import partial
from pathlib import Path

import pytest

from llama_storage_tui.config.document import decode, parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.finding import Severity, Stage
from llama_storage_tui.model.version import Version
from tests.configs import assert_findings_follow_their_rules
from tests.every_case import hold_every_case

LOAD = Path(__file__).parent / "load"
REJECTED_BY_A_WORKER = "expanded-twice"
"""The recording follows `ogx run` into its worker, which loads the file a second time; we call that a failing start."""

RECORDS = {"llama-stack-0.3.5.json": Version(0, 3, 5), "ogx-1.5.0.json": Version(1, 5)}


def our_verdict(version: Version, name: str) -> tuple[str, str]:
    folder = LOAD / f"cases-{version}"
    environment = folder / f"{name}.env.json"
    variables = json.loads(environment.read_text()) if environment.exists() else {}
    content = (folder / f"{name}.yaml").read_bytes()
    try:
        # As the server reads it: a manifest around a config is no config to it, though this program looks inside.
        document = parse(decode(content, name), name)
    except ConfigError as error:
        return "reject", error.message
    catalog = load_catalog(document, merge([], variables, home="/home/nobody"), version=version)
    assert_findings_follow_their_rules(catalog)
    reasons = [
        f"{finding.where}: {finding.message}"
        for finding in catalog.findings
        if finding.stage is Stage.LOAD and finding.severity is Severity.ERROR
    ]
    is_rejected = not catalog.verdict.loads or any(
        finding.rule == REJECTED_BY_A_WORKER for finding in catalog.findings
    )
    return "reject" if is_rejected else "accept", "; ".join(reasons)


def hold_verdict(version: Version, name: str, recorded: dict[str, str]) -> None:
    verdict, reasons = our_verdict(version, name)
    assert verdict == recorded["verdict"], f"ours: {reasons or 'no reason'}; theirs: {recorded.get('error')}"


@pytest.mark.parametrize("record", RECORDS)
def test_every_verdict_is_the_packages_own(record: str) -> None:
    cases = json.loads((LOAD / record).read_text())["cases"]
    hold_every_case(
        (name, partial(hold_verdict, RECORDS[record], name, verdict)) for name, verdict in cases.items()
    )


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_holds_many_cases_of_both_verdicts_from_the_version_that_it_names(record: str) -> None:
    recorded = json.loads((LOAD / record).read_text())
    verdicts = [case["verdict"] for case in recorded["cases"].values()]
    assert record == f"{recorded['header']['package']}-{recorded['header']['version']}.json"
    assert len(verdicts) >= 150
    assert min(verdicts.count("accept"), verdicts.count("reject")) >= 60
