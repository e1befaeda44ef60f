"""Who may read a row is the packages' own decision: every recorded one replayed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from llama_storage_tui.model.access import AccessRules, AccessStage, Decision, Ownership, SqlEngine, Viewer
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.policy.dialect import dialect_of
from llama_storage_tui.upstream.policy.judge import Judge
from tests.configs import EARLIER, OLDEST, SQLITE, catalog_of

ACCESS: Final = Path(__file__).parent / "access"
RECORDS: Final = sorted(path.name for path in ACCESS.glob("*-*.json"))
MATERIAL: Final = json.loads((ACCESS / "material.json").read_text("utf-8"))
POLICIES: Final = {case["name"]: case for case in MATERIAL["policies"]}


def read_record(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((ACCESS / name).read_text("utf-8"))
    return record


def recorded_policies() -> Iterator[object]:
    for name in RECORDS:
        for policy, decisions in read_record(name)["decisions"].items():
            yield pytest.param(name, policy, decisions, id=f"{name.removesuffix('.json')}-{policy}")


def rules_of(case: dict[str, Any], version: Version) -> AccessRules:
    """Return what we read from a config with that policy."""
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


@pytest.mark.parametrize(("name", "policy", "recorded"), [*recorded_policies()])
def test_a_decision_is_the_packages_own(name: str, policy: str, recorded: str | list[int]) -> None:
    record = read_record(name)
    version = Version.parse(record["header"]["version"])
    rules = rules_of(POLICIES[policy], version)
    assert (rules.problem is not None) == (recorded == "rejected"), rules.problem
    if recorded == "rejected":
        return
    is_by_chance = dialect_of(version).may_be_default(rules.rules)
    rows = [(row[0], Ownership(*row[1:4])) for row in MATERIAL["rows"]]
    differences = []
    for user, number in zip(MATERIAL["users"], recorded, strict=True):
        engine = SqlEngine(record["header"]["engine"])
        judge = Judge(rules, version, engine, record["header"]["table"], viewer_of(user))
        decisions = [judge.decide(*row) for row in rows]
        present = int(record["present"], 16)
        theirs = record["outcomes"][number].split()
        del theirs[3]  # whether the policy alone would fail
        for what, our_bits, their_bits in zip(
            ("shown", "fails in SQL", "permitted", "read", "fails"), bits(decisions), theirs, strict=True
        ):
            if is_by_chance and what != "read":
                continue
            different = (int(our_bits, 16) ^ int(their_bits, 16)) & present
            differences += [
                (user, what, rows[place], decision)
                for place, decision in enumerate(decisions)
                if different >> place & 1 and decision.is_certain
            ]
    assert not differences, f"{len(differences)} differences, such as {differences[:3]}"
