"""Fleets of run configs in a folder, read and compared as the program does it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from llama_storage_tui.model.fleet import FleetFinding, FleetReport
from llama_storage_tui.services.fleet.inputs import find_inputs
from llama_storage_tui.services.fleet.judging import judge_fleet
from llama_storage_tui.services.fleet.member import FleetMember
from llama_storage_tui.services.fleet.members import read_members
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rule_book import BY_ID
from tests.configs import EARLIER, HOME, POSTGRES, SQLITE


def on_postgres(
    *,
    host: str = "db.example.org",
    password: str = "one",  # noqa: S107 - made up
    database: str = "stack",
    name: str = "demo",
) -> str:
    """Return a config of ogx 1.x whose tables are in PostgreSQL, and whose keys are in a file of its own."""
    return (
        POSTGRES.replace("db.example.org", host)
        .replace("${env.PGPASS}", password)
        .replace("db: stack", f"db: {database}")
        .replace("kv.db", f"{database}-kv.db")
        .replace("distro_name: demo", f"distro_name: {name}")
    )


def write_fleet(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write files into a folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def request_of(**changes: object) -> LoadRequest:
    """Return what every config of a fleet is read with."""
    return LoadRequest("@", **{"environ": {"HOME": HOME}, **changes})  # type: ignore[arg-type]


def members_of(folder: Path, texts: Mapping[str, str], **changes: object) -> list[FleetMember]:
    """Write files and read the fleet that they are."""
    inputs = find_inputs([str(write_fleet(folder, texts))], request_of(**changes))
    return list(read_members(inputs.requests))


def report_of(
    folder: Path, texts: Mapping[str, str], *, compares_all: bool = False, **changes: object
) -> FleetReport:
    """Write files and compare the fleet that they are; every finding follows its rule."""
    report = judge_fleet(members_of(folder, texts, **changes), compares_all=compares_all)
    for found in report.findings:
        rule = BY_ID[found.finding.rule]
        assert (found.finding.severity, found.finding.stage) in {(rule.severity, rule.stage), *rule.also}
        assert found.finding.help
        assert len(found.configs) > 1
    return report


def found_by(report: FleetReport, rule: str) -> list[FleetFinding]:
    """Return the findings of one rule."""
    return [found for found in report.findings if found.finding.rule == rule]


def only_by(report: FleetReport, rule: str) -> FleetFinding:
    """Return the one finding of a rule."""
    found = found_by(report, rule)
    assert len(found) == 1, [each.finding.rule for each in report.findings]
    return found[0]


def names(found: FleetFinding) -> list[str]:
    """Return the files that a finding is about."""
    return sorted(Path(config).name for config in found.configs)


def made_up_fleet() -> dict[str, str]:
    """Return configs with something of everything between them, and one that cannot be read."""
    production = on_postgres(password="Xk3vQ9", name="assistants")
    return {
        "production.yaml": production,
        "replica.yaml": production.replace("db.example.org", "DB.example.org"),
        "staging.yaml": on_postgres(password="Lm8wT2", name="assistants", database="staging"),
        "legacy.yaml": EARLIER.replace("/srv/stack/kv.db", "/srv/stack/staging-kv.db"),
        "broken.yaml": SQLITE.replace("[inference]", "[inference"),
    }
