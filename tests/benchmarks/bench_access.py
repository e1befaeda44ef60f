"""How many rows a second of processor time can be decided about: rows of few owners, and each of an owner of its own."""

import time

from llama_storage_tui.model.access import AccessRule, AccessRules, Ownership, Scope, SqlEngine, Viewer
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.access import TableAccess

ROWS = 20_000
VIEWER = Viewer("alice", {"teams": ("ml", "ops"), "roles": ("dev",)})
BY_RESOURCE = AccessRules(
    (
        AccessRule(forbid=Scope("read", resource="regex:sql_record::responses::resp_.*7$")),
        AccessRule(permit=Scope("read"), when="user in owners teams"),
    ),
    has_authentication=True,
)


def rate(rules: AccessRules, version: Version, engine: SqlEngine, owners: int) -> float:
    asked = TableAccess(rules, version, engine, "responses").judge(VIEWER)
    rows = [
        (f"resp_{number}", Ownership(f"user-{number % owners}", f'{{"teams": ["t{number % owners}"]}}'))
        for number in range(ROWS)
    ]
    start = time.process_time()
    for row in rows:
        asked.decide(*row)
    return ROWS / (time.process_time() - start)


def main() -> None:
    for label, rules in (
        ("default policy", AccessRules(has_authentication=True)),
        ("by resource", BY_RESOURCE),
    ):
        for version in (Version(0, 3, 5), Version(0, 7, 3), Version(1, 5)):
            for engine in SqlEngine:
                for owners in (20, ROWS):
                    found = rate(rules, version, engine, owners)
                    print(f"{label:15} {version} {engine:9} {owners:7} owners: {found:12,.0f} rows/s")


if __name__ == "__main__":
    main()
