"""What the planner plans, brought: row for row what the later package's own classes were seen to read (tests/oracle)."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import DataPlan, PlanChoices
from llama_storage_tui.services.transfer.counting import count
from tests.oracle.migrating import PAIRS, planned
from tests.oracle.migration_stores import Store, dump, restore, saved
from tests.patience import PATIENT
from tests.transfers import CONFIG, terms_of, transfer


def rows(store: Store) -> dict[str, object]:
    return {
        f"{file}:{table}": (found["columns"], sorted(found["rows"], key=str))
        for file, tables in store.items()
        for table, found in tables.items()
    }


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=["-to-".join(pair) for pair in PAIRS])
@pytest.mark.parametrize("reads", ["every row", "as little as can be"])
async def test_a_store_becomes_what_the_later_package_reads_and_what_was_brought_can_be_taken_back(
    old: str, new: str, reads: str, tmp_path: Path
) -> None:
    source, target = tmp_path / old, tmp_path / "new"
    restore(saved(old), source)
    plan = await planned(old, new, source, target, PlanChoices(public_rows=True))
    counted = await count(plan, terms_of(), PATIENT, is_thorough=reads == "every row")
    assert counted.refusals == ()
    works = transfer(tmp_path / "state")
    result = await works.apply(counted, terms_of(), CONFIG, {})
    assert (result.outcome, result.left) == (Outcome.APPLIED, ())
    assert rows(dump(target)) == rows(saved(f"{old}-to-{new}"))
    assert rows(dump(source)) == rows(saved(old))
    again = await count(DataPlan(plan.items), terms_of(), PATIENT)
    assert [(each.brings, each.conflicts) for each in again.items] == [(0, 0)] * len(again.items)
    undone = await works.undo(works.journals.all()[-1], plan.items)
    assert undone.left == ()
    assert all(found["rows"] == [] for tables in dump(target).values() for found in tables.values())
