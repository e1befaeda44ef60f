"""80 columns: what an operator needs most outlives what is cut. And the palette, which leads everywhere from everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from textual.command import CommandPalette

from llama_storage_tui.tui.navigation.commands import HasDestinations
from tests.tui.gallery import NARROW, WIDE, Stage, demo_stage

SCREENS = {
    "catalog": (),
    "findings": ("f",),
    "responses": ("w",),
    "a response": ("w", "enter"),
    "a chain": ("w", "enter", "c"),
    "attention": ("A",),
    "conversations": ("C",),
    "a conversation": ("C", "enter"),
    "completions": ("M",),
    "objects": ("O",),
    "files": ("O", "enter"),
    "namespaces": ("enter",),
    "keys": ("enter", "enter"),
    "a value": ("enter", "enter", "enter"),
    "tables": ("down", "enter"),
    "rows": ("down", "enter", "down", "enter"),
    "a password": ("down", "down", "r"),
}


async def every_screen(found: Stage, names: Iterable[str] = SCREENS) -> AsyncIterator[str]:
    """Go to each screen and back, and yield its name while it is shown."""
    for name in names:
        path = SCREENS[name]
        await found.press(*path)
        yield name
        await found.press(*("escape" for key in path if key != "down"), *("up" for _ in range(4)))


async def test_every_screen_keeps_help_and_quit_in_its_footer() -> None:
    async with demo_stage(NARROW) as found:
        async for name in every_screen(found):
            footer = found.text.splitlines()[-1]
            assert "? Help" in footer, name
            assert "q Quit" in footer, name


async def test_a_wide_footer_of_the_catalog_names_all_that_it_leads_to() -> None:
    async with demo_stage(WIDE) as found:
        footer = found.text.splitlines()[-1]
        for key in ("w Responses", "A Attention", "C Conversations", "M Completions"):
            assert key in footer
        # The pane of the latest responses names the last one, with how many there are.
        assert "O Objects" in found.text


async def test_owner_and_cause_outlive_the_id_at_80_columns() -> None:
    async with demo_stage(NARROW) as found:
        await found.press("w", "down")
        head = next(line for line in found.text.splitlines() if "Created" in line)
        assert head.split() == ["Created", "Status", "Model", "Owner", "What", "failed"]
        failed = next(line for line in found.text.splitlines() if "✗ failed" in line)
        assert "bob" in failed
        assert "server_error" in failed
        # The whole id stands below, and so does the whole cause.
        assert "resp_533eb2c5-14b4-4014-8a4f-efe95848f207" in found.text
        assert "server_error: upstream model timed out after 60 s" in found.text


async def test_room_that_no_column_needs_goes_to_those_that_were_cut() -> None:
    async with demo_stage(WIDE) as found:
        assert "provider vector_io/pgvector " in found.text
    async with demo_stage(NARROW) as found:
        assert "provider vector_io/pgvect…" in found.text


async def test_the_palette_finds_every_screen_from_everywhere() -> None:
    async with demo_stage() as found:
        assert isinstance(found.app, HasDestinations)
        titles = [each.title for each in found.app.destinations()]
        assert {
            "Go to the catalog",
            "Go to findings",
            "Go to responses",
            "Go to attention",
            "Go to conversations",
            "Go to orphans",
            "Go to completions",
            "Go to objects",
            "Go to version",
            "Go to configs",
            "Go to backend kv_default",
            "Go to backend sql_default",
        } <= {*titles}
        async for name in every_screen(found, ("catalog", "responses", "a value", "rows")):
            assert [each.title for each in found.app.destinations()] == titles, name
            await found.press("ctrl+p")
            await found.type("orphans")
            assert "Go to orphans" in found.text, name
            await found.press("escape")


REACHED = {
    "Go to findings": "shared-table",
    "Go to attention": "kinds of problem",
    "Go to conversations": "Metadata",
    "Go to completions": "chat completions",
    "Go to orphans": "Deleted conversation",
    "Go to objects: Files": "files",
    "Go to backend kv_default": "3 namespaces",
    "Go to backend sql_default": "9 tables",
    "Go to the password of sql_analytics": "password",
    "Go to the catalog": "Refs",
    "Go to version": "Server version",
}


async def test_what_the_palette_names_is_where_it_leads_from_deep_inside() -> None:
    async with demo_stage() as found:
        await found.press("enter", "enter", "enter")
        for title, shown in REACHED.items():
            await found.press("ctrl+p")
            await found.type(title)
            await found.press("enter")
            assert shown in found.text, title
            assert not isinstance(found.app.screen, CommandPalette)
