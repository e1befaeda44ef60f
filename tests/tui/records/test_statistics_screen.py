"""How responses ended, as a plot and a list, and from a line of it to the responses."""

from __future__ import annotations

from llama_storage_tui.tui.records.responses import ResponsesScreen
from llama_storage_tui.tui.records.statistics import StatisticsScreen
from llama_storage_tui.tui.widgets.hour_plot import FAILED, HourColumn, bars
from tests.tui.gallery import NARROW, demo_stage


def test_columns_are_as_high_as_their_number_and_failed_ones_have_a_sign_of_their_own() -> None:
    drawn = bars([HourColumn(8), HourColumn(4, failed=1), HourColumn(0), HourColumn(1, failed=1)], rows=2)
    assert ["".join(cell.text for cell in row) for row in drawn] == ["█   ", f"█{FAILED}▁{FAILED}"]


async def test_statistics_are_a_key_away_and_lead_to_the_responses_of_a_line() -> None:
    async with demo_stage() as found:
        await found.press("S")
        assert isinstance(found.app.screen, StatisticsScreen)
        for text in ("✗ 6 failed", "in all 322 responses", "p95", "2025-11-15 01:00"):
            assert text in found.text
        await found.press("enter")
        assert isinstance(found.app.screen, ResponsesScreen)
        assert "responses 1–6" in found.text
        await found.press("escape", "b", "b")
        assert "Owner" in found.text
        await found.press("enter")
        assert "only owner alice" in found.text


async def test_statistics_fit_a_small_terminal() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("S")
        assert "p95" in found.text
        assert "2025-11-15 01:00" in found.text
