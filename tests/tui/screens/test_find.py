"""Finding a text in what is on show: one way in values, records, responses and findings."""

from __future__ import annotations

import json

from textual.content import Content
from textual.widgets import Input, Static

from llama_storage_tui.tui.response.response import ResponseScreen
from llama_storage_tui.tui.values.value import ValueScreen
from llama_storage_tui.tui.widgets.find_bar import FindBar
from llama_storage_tui.tui.widgets.json_tree import JsonTree
from llama_storage_tui.tui.widgets.listing import Listing
from llama_storage_tui.tui.widgets.prose import Prose
from llama_storage_tui.tui.widgets.text_pane import TextPane
from tests.tui.gallery import Stage, demo_stage, stage
from tests.tui.made_up import MemoryReader, made_up_readers, stored


def readers_with(value: object) -> dict[str, MemoryReader]:
    """Return the usual readers, with this value in the first namespace."""
    readers = made_up_readers()
    text = value if isinstance(value, str) else json.dumps(value)
    readers["kv_default"] = MemoryReader(readers["kv_default"].answer, keys=[stored("registry:0000", text)])
    return readers


async def find(found: Stage, text: str) -> None:
    """Look for a text."""
    await found.press("slash")
    await found.type(text)
    await found.press("enter")


async def test_hits_in_a_text_are_counted_and_gone_through_in_both_directions_and_around() -> None:
    text = "\n".join(
        f"line {number} {'upstream timed out' if number % 20 == 7 else ''}" for number in range(100)
    )
    async with stage(readers=readers_with(text)) as found:
        await found.press("enter", "enter", "enter")
        pane = found.app.screen.query_one(TextPane)
        await find(found, "TIMED".lower())
        assert "timed  1 of 5" in found.text
        await found.press("n", "n", "n")
        assert "4 of 5" in found.text
        assert "line 67" in found.text
        assert pane.scroll_offset.y > 0
        await found.press("n", "n")
        assert "1 of 5" in found.text
        assert "line 7 " in found.text
        await found.press("N")
        assert "5 of 5" in found.text


async def test_hits_are_marked_until_escape_which_leaves_the_screen_only_the_second_time() -> None:
    async with stage(readers=readers_with("one two one two")) as found:
        await found.press("enter", "enter", "enter")
        pane = found.app.screen.query_one(TextPane)

        def marked() -> list[str]:
            return [part.text for part in pane.render_line(0) if part.style and part.style.reverse]

        await find(found, "two")
        assert marked() == ["two", "two"]
        await found.press("escape")
        assert isinstance(found.app.screen, ValueScreen)
        assert marked() == []
        assert not found.app.screen.query(FindBar)
        await found.press("escape")
        assert not isinstance(found.app.screen, ValueScreen)


async def test_a_hit_in_a_tree_opens_the_way_to_it_even_where_its_parts_are_not_made_yet() -> None:
    value = {
        "small": {"x": 1},
        "many": [{"n": n, "what": "needle" if n in (5, 700) else "hay"} for n in range(1000)],
    }
    async with stage(readers=readers_with(value)) as found:
        await found.press("enter", "enter", "enter")
        tree = found.app.screen.query_one(JsonTree)
        await find(found, "needle")
        assert "1 of 2" in found.text
        await found.press("n")
        assert "2 of 2" in found.text
        assert tree.current is not None
        assert tree.current.value == "needle"
        assert tree.place == (1, 700, 1)
        assert '"needle"' in found.text


async def test_small_letters_find_capitals_and_capitals_find_only_themselves() -> None:
    async with stage(readers=readers_with("Bob bob BOB")) as found:
        await found.press("enter", "enter", "enter")
        await find(found, "bob")
        assert "1 of 3" in found.text
        await found.press("slash")
        found.app.screen.query_one(FindBar).query_one(Input).value = "Bob"
        await found.press("enter")
        assert "1 of 1" in found.text


async def test_a_text_that_is_not_there_says_so_and_stored_control_characters_stay_harmless() -> None:
    async with stage(readers=readers_with("a\x1b[31mred\u202e\x00 end")) as found:
        await found.press("enter", "enter", "enter")
        await find(found, "nothing")
        assert "not found" in found.text
        await found.press("escape")
        await find(found, "red")
        assert "1 of 1" in found.text
        assert "\x1b" not in found.text


async def test_hits_of_fifty_megabytes_are_found_while_keys_are_heard() -> None:
    value = "x" * 49_999_000 + "needle" + "y" * 994
    async with stage(readers=readers_with(value)) as found:
        await found.press("enter", "enter", "enter", "m")
        await found.press("slash")
        await found.type("needle")
        # The search may go on or be over by now: a key ends either.
        await found.pilot.press("enter", "escape")
        assert not found.app.screen.query(FindBar)
        await find(found, "needle")
        assert "1 of 1" in found.text
        assert "needle" in found.text
        assert "part 500 of 500" in found.text


async def test_a_hit_across_the_edge_of_two_parts_of_a_long_text_is_found_once() -> None:
    value = "x" * 99_997 + "needle" + "x" * 100_000
    async with stage(readers=readers_with(value)) as found:
        await found.press("enter", "enter", "enter")
        await find(found, "needle")
        assert "1 of 1" in found.text
        pane = found.app.screen.query_one(TextPane)
        last = pane.render_line(pane.size.height - 1)
        assert "nee" in last.text


async def test_every_line_of_a_response_is_searched_and_so_is_each_of_its_panes() -> None:
    async with demo_stage() as found:
        await found.press("w", "enter")
        screen = found.app.screen
        assert isinstance(screen, ResponseScreen)
        for pane, text in (("1", "in 1"), ("2", "user"), ("3", "response"), ("4", "status")):
            await found.press(pane)
            assert not screen.query(FindBar)
            await find(found, text)
            assert screen.query_one(FindBar).count.startswith("1 of ")


async def test_a_filter_of_findings_marks_what_it_found_and_n_goes_through_it() -> None:
    async with demo_stage() as found:
        await found.press("f", "slash")
        await found.type("backend")
        await found.press("enter")
        listing = found.app.screen.query_one("#findings", Listing)
        prose = found.app.screen.query_one("#finding", Prose)
        assert listing.row_count > 1
        written = prose.query_one(Static).content
        assert isinstance(written, Content)
        assert any("reverse" in str(span.style) for span in written.spans)
        await found.press("n")
        assert listing.cursor_row == 1
        await found.press("N", "N")
        assert listing.cursor_row == listing.row_count - 1
