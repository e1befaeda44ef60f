"""Who may read a row is the packages' own decision: every recorded one replayed."""

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pytest

from llama_storage_tui.model.access import AccessRules, AccessStage, Decision, Ownership, SqlEngine, Viewer
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.dialect import dialect_of
from llama_storage_tui.upstream.policy.judge import Judge
from tests.configs import EARLIER, OLDEST, SQLITE, catalog_of
from tests.every_case import hold_every_case

ACCESS: Final = Path(__file__).parent / "access"
RECORDS: Final = sorted(path.name for path in ACCESS.glob("*-*.json"))
MATERIAL: Final = json.loads((ACCESS / "material.json").read_text("utf-8"))
ROWS: Final = [(row[0], Ownership(*row[1:4])) for row in MATERIAL["rows"]]
QUESTIONS: Final = ("shown", "statement fails", "permitted", "read", "request fails")
POLICIES: Final = {case["name"]: case for case in MATERIAL["policies"]}


@cache
def read_record(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((ACCESS / name).read_text("utf-8"))
    return record


@cache
def rules_of(policy: str, version: Version) -> AccessRules:
    """Return what we read from a config with a policy of the material."""
    case = POLICIES[policy]
    auth = {
        "provider_config": {"type": "custom", "endpoint": "https://example.org"},
        "access_policy": case["policy"],
    }
    server = {"auth": auth} | ({"tenancy": case["tenancy"]} if "tenancy" in case else {})
    config = OLDEST if version < Version(0, 4) else EARLIER if version < Version(1, 0) else SQLITE
    return catalog_of(f"{config}server: {json.dumps(server)}\n", version=str(version)).access


def viewer_of(user: dict[str, Any] | None) -> Viewer | None:
    if user is None:
        return None
    attributes = user["attributes"]
    values = None if attributes is None else {key: tuple(values) for key, values in attributes.items()}
    return Viewer(user["name"], values, user["tenant"])


def bits(decisions: list[Decision]) -> tuple[str, ...]:
    """Return a judge's decisions in the form of a record: shown, statement fails, permitted, read, request fails."""
    sets = (
        [decision.by_sql for decision in decisions],
        [decision.fails and decision.stage is AccessStage.FILTER for decision in decisions],
        [decision.by_policy for decision in decisions],
        [decision.may_read for decision in decisions],
        [decision.fails for decision in decisions],
    )
    return tuple(format(sum(1 << place for place, one in enumerate(ones) if one), "x") for ones in sets)


def decisions_of(record: dict[str, Any], policy: str, user: dict[str, Any] | None) -> list[Decision]:
    header = record["header"]
    version, engine = Version.parse(header["version"]), SqlEngine(header["engine"])
    judge = Judge(rules_of(policy, version), version, engine, header["table"], viewer_of(user))
    return [judge.decide(*row) for row in ROWS]


def differences(
    record: dict[str, Any], policy: str, user: dict[str, Any] | None, outcome: str, *, is_by_chance: bool
) -> Iterator[object]:
    """Find what we say otherwise; of decisions that depend on a start only the certain ones count."""
    decisions = decisions_of(record, policy, user)
    present = int(record["present"], 16)
    theirs = outcome.split()
    del theirs[3]  # whether the policy alone would fail, which a decision does not tell
    for what, our_bits, their_bits in zip(QUESTIONS, bits(decisions), theirs, strict=True):
        different = (int(our_bits, 16) ^ int(their_bits, 16)) & present
        if is_by_chance and what not in ("read", "request fails"):
            continue
        for place, decision in enumerate(decisions):
            if different >> place & 1 and decision.is_certain:
                yield user, what, ROWS[place], decision


def hold_decisions(record: dict[str, Any], policy: str, recorded: str | list[int]) -> None:
    version = Version.parse(record["header"]["version"])
    rules = rules_of(policy, version)
    assert (rules.problem is not None) == (recorded == "rejected"), rules.problem
    if isinstance(recorded, str):
        return
    is_by_chance = dialect_of(version).may_be_default(rules.rules)
    found = [
        difference
        for user, number in zip(MATERIAL["users"], recorded, strict=True)
        for difference in differences(
            record, policy, user, record["outcomes"][number], is_by_chance=is_by_chance
        )
    ]
    assert not found, f"{len(found)} differences, such as {found[:3]}"


@pytest.mark.parametrize("name", RECORDS)
def test_every_decision_is_the_packages_own(name: str) -> None:
    record = read_record(name)
    hold_every_case(
        (policy, partial(hold_decisions, record, policy, decisions))
        for policy, decisions in record["decisions"].items()
    )


def test_a_decision_depends_on_the_start_exactly_where_two_starts_decided_differently() -> None:
    policy = "default of later versions written out"
    listed, other = (read_record(f"ogx-1.5.0-sqlite-{order}-order.json") for order in ("listed", "other"))
    assert listed["header"]["default"] != other["header"]["default"]
    uncertain = 0
    for place, user in enumerate(MATERIAL["users"]):
        first, second = (
            record["outcomes"][record["decisions"][policy][place]].split() for record in (listed, other)
        )
        read, fails = (int(first[what], 16) ^ int(second[what], 16) for what in (4, 5))
        decisions = decisions_of(listed, policy, user)
        ours = sum(1 << row for row, decision in enumerate(decisions) if not decision.is_certain)
        assert ours == read | fails, user
        uncertain += ours.bit_count()
    assert uncertain > 50


@pytest.mark.parametrize("version", ["llama-stack-0.3.5", "llama-stack-0.7.3", "ogx-1.5.0"])
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_record_holds_many_decisions_of_the_version_that_it_names(version: str, engine: str) -> None:
    record = read_record(f"{version}-{engine}.json")
    header = record["header"]
    assert (f"{header['package']}-{header['version']}", header["engine"]) == (version, engine)
    assert int(record["present"], 16).bit_count() > 100
    assert len(record["decisions"]) >= 90
    assert len(record["outcomes"]) > 100
