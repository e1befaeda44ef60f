"""The tree of keys: down into a branch, up again, into a value, and back to the list."""

from __future__ import annotations

from llama_storage_tui.tui.widgets.listing import Listing
from tests.tui.gallery import demo_stage


async def test_a_branch_is_entered_and_left_and_a_key_opened() -> None:
    async with demo_stage() as found:
        await found.press("enter", "enter")
        assert "registry:skill:" in found.text
        await found.press("v")
        assert "▸ skill:" in found.text
        assert "registry:" not in found.text.splitlines()[4]
        await found.press("down", "enter")
        listing = found.app.screen.query_one(Listing)
        assert listing.row_count > 1
        assert "▸ skill:" not in found.text
        await found.press("escape")
        assert listing.current == "registry:skill:"
        await found.press("G", "enter")
        assert "skill_lock" in found.text.splitlines()[0]
        await found.press("escape", "v")
        assert "registry:skill:" in found.text
