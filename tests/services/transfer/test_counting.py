"""What a plan reads, and what it tells meanwhile."""

from __future__ import annotations

from pathlib import Path

from llama_storage_tui.model.transfer import DataPlan, KeepRows
from llama_storage_tui.model.transfer_result import TransferPlan, TransferProgress, TransferTerms
from llama_storage_tui.services.transfer.counting import count
from tests.patience import PATIENT
from tests.stores import SqliteStore
from tests.transfers import fill_responses, rows_item


async def counted(
    tmp_path: Path, *, has_rows: bool = False, **more: object
) -> tuple[TransferPlan, list[int]]:
    """Count 300 responses; return the plan and after how many rows it told how far it was."""
    old = SqliteStore(tmp_path / "old.db")
    if not old.path.exists():
        fill_responses(old.path, 300)
    new = (
        fill_responses(tmp_path / "new.db", 1, table="responses")
        if has_rows
        else SqliteStore(tmp_path / "no.db")
    )
    heard: list[TransferProgress] = []
    item = rows_item(old, new, **more)  # type: ignore[arg-type]
    plan = await count(DataPlan((item,)), TransferTerms(), PATIENT, watch=heard.append)
    assert {each.of for each in heard} <= {300}
    return plan, [each.rows for each in heard]


async def test_a_plan_tells_how_far_its_reading_is(tmp_path: Path) -> None:
    plan, heard = await counted(tmp_path)
    assert heard == sorted(heard)
    assert heard[-1] == plan.items[0].brings == 300


async def test_rows_that_stay_as_they_are_are_counted_exactly_without_being_read(tmp_path: Path) -> None:
    by_engine, heard = await counted(tmp_path, convert=KeepRows())
    one_by_one, _ = await counted(tmp_path)
    assert heard == []
    (mine,), (other,) = by_engine.items, one_by_one.items
    assert mine.is_exact
    assert (mine.rows, mine.bytes, mine.brings, mine.left) == (other.rows, other.bytes, 300, ())


async def test_rows_that_stay_as_they_are_are_read_where_the_target_has_some(tmp_path: Path) -> None:
    plan, heard = await counted(tmp_path, has_rows=True, convert=KeepRows())
    assert heard[-1] == 300
    assert (plan.items[0].brings, plan.items[0].same) == (299, 1)
