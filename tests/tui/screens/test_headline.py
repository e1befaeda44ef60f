"""The lines at the top of a screen hold whole sentences, also where the terminal is narrow."""

from __future__ import annotations

import pytest

from llama_storage_tui.tui.style.text_width import halves
from tests.tui.gallery import NARROW, demo_stage


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("as it is", 8, ("as it is", "")),
        ("two lines here", 9, ("two lines", "here")),
        ("two lines, and more than that", 10, ("two lines,", "and more…")),
        ("unbroken", 5, ("unbr…", "")),
        ("東京の 支店の 売上", 7, ("東京の", "支店の…")),
    ],
)
def test_a_text_is_broken_at_a_blank_once(text: str, width: int, lines: tuple[str, str]) -> None:
    assert halves(text, width) == lines


async def test_what_a_sort_costs_is_said_whole_at_80_columns() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("w", "s")
        said = " ".join(line.strip() for line in found.text.splitlines()[1:5])
        assert "which reads all 322 rows for each page where no index serves it" in said


async def test_what_a_record_is_is_said_whole_at_80_columns() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("O", "enter", "enter")
        said = " ".join(line.strip() for line in found.text.splitlines()[1:4])
        assert "The contents are kept by the provider" in said
        assert "…" not in said
