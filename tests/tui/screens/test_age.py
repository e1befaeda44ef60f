"""How old what is on show is: at the end of the first line of every screen that shows data, and cheap to keep up to date."""

from __future__ import annotations

import pytest

from llama_storage_tui.text import age, next_age
from tests.tui.gallery import NARROW, NOW, WIDE, demo_stage, stage


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (9.9, "just now"),
        (12, "10 s ago"),
        (59.9, "50 s ago"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (3_600, "1 h ago"),
        (172_799, "47 h ago"),
        (172_800, "2 d ago"),
    ],
)
def test_an_age_is_said_in_steps_and_the_next_step_is_known(seconds: float, said: str) -> None:
    assert age(seconds) == said
    assert age(seconds + next_age(seconds)) != said


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_screen_says_when_its_data_were_read(size: tuple[int, int]) -> None:
    clock = [NOW]
    async with stage(size, now=lambda: clock[0]) as found:
        assert found.text.splitlines()[0].endswith("read just now")
        clock[0] += 125
        await found.press("f")
        assert found.text.splitlines()[0].endswith("read 2 min ago"), "findings are as old as the config"
        await found.press("escape", "enter")
        assert found.text.splitlines()[0].endswith("read just now")
        await found.press("escape")
        assert found.text.splitlines()[0].endswith("read 2 min ago")


async def test_every_list_and_record_of_stored_things_says_its_age() -> None:
    async with demo_stage() as found:
        for keys in ("A", "w", "w enter", "C", "C enter", "M", "M enter", "O", "O enter", "L", "U"):
            await found.press(*keys.split())
            assert found.text.splitlines()[0].endswith("read just now"), keys
            await found.press(*("escape" for _ in keys.split()))
