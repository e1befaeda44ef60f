"""The line of keys: what it shows follows the focus, and nothing is made anew that is on show."""

from textual.widgets._footer import FooterKey

from tests.tui.gallery import Stage, stage


def shown(found: Stage) -> list[FooterKey]:
    return [*found.app.screen.query(FooterKey)]


async def test_keys_that_stay_the_same_are_not_made_anew() -> None:
    async with stage() as found:
        before = shown(found)
        await found.press("down")
        found.app.screen.refresh_bindings()
        await found.settle()
        assert shown(found) == before != []


async def test_other_keys_are_shown() -> None:
    async with stage() as found:
        await found.press("down", "enter", "enter")
        before = [key.description for key in shown(found)]
        await found.press("slash")
        within = [key.description for key in shown(found)]
        assert within != before
        await found.press("escape")
        assert [key.description for key in shown(found)] == before
