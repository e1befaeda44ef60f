"""The line of keys: what it shows follows the focus, and the mouse finds on it what is drawn there."""

from textual.pilot import Pilot

from llama_storage_tui.tui.screens.dialog import Dialog
from llama_storage_tui.tui.widgets.key_footer import LINE, FooterKey, KeyFooter
from tests.tui.gallery import NARROW, Stage, stage


def footer(found: Stage) -> KeyFooter:
    return found.app.screen.query_one(KeyFooter)


def shown(found: Stage) -> list[str]:
    return [key.description for _, key in footer(found).shown()]


def place(found: Stage, description: str) -> tuple[int, FooterKey]:
    return next(each for each in footer(found).shown() if each[1].description == description)


async def hover(pilot: Pilot[int], line: KeyFooter, column: int) -> None:
    await pilot.hover(line, offset=(column, 0))
    await pilot.pause()


async def test_keys_that_stay_the_same_are_not_drawn_anew() -> None:
    async with stage() as found:
        line = footer(found)
        before = line.keys
        await found.press("down")
        found.app.screen.refresh_bindings()
        await found.settle()
        assert line.keys is before
        assert before != ()


async def test_other_keys_are_shown() -> None:
    async with stage() as found:
        await found.press("down", "enter", "enter")
        before = shown(found)
        await found.press("slash")
        within = shown(found)
        assert within != before
        await found.press("escape")
        assert shown(found) == before


async def test_each_key_stands_where_the_mouse_finds_it() -> None:
    async with stage() as found:
        line = found.text.splitlines()[-1]
        for column, key in footer(found).shown():
            drawn = line[column : column + key.cells].removeprefix(LINE)
            assert drawn.split() == [key.display, *key.description.split()]


async def test_the_mouse_presses_a_key() -> None:
    async with stage() as found:
        column, key = place(found, "Help")
        for at in (column, column + key.cells - 1):
            await found.pilot.click(footer(found), offset=(at, 0))
            await found.settle()
            assert isinstance(found.app.screen, Dialog)
            await found.press("escape")


async def test_the_mouse_tells_what_a_key_does_and_no_other_place_does() -> None:
    async with stage() as found:
        line = footer(found)
        column, key = place(found, "Findings")
        await hover(found.pilot, line, column + 1)
        assert (line.hovered, line.tooltip) == (key, key.tooltip)
        end = max(column + key.cells for column, key in line.shown() if not key.is_palette)
        await hover(found.pilot, line, end)
        assert (line.hovered, line.tooltip) == (None, None)


async def test_the_ways_out_stay_on_a_narrow_line() -> None:
    async with stage(NARROW) as found:
        keys = footer(found).shown()
        assert {"Help", "Quit"} <= {key.description for _, key in keys}
        assert len(keys) < len(footer(found).keys)
        assert sum(key.cells for _, key in keys) <= NARROW[0]
