"""Themes: ours and Textual's, chosen from all of them and remembered, each with colours that can be read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual.color import Color
from textual.theme import BUILTIN_THEMES

from llama_storage_tui.tui.style.glyphs import Tone
from llama_storage_tui.tui.style.theme import BY_NAME, theme_names, variables_of
from tests.every_case import hold_every_case
from tests.tui.gallery import stage


def environ(folder: Path) -> dict[str, str]:
    return {"LLAMA_STORAGE_TUI_CONFIG": str(folder / "config.toml")}


async def test_a_theme_that_was_chosen_is_there_again_at_the_next_start(tmp_path: Path) -> None:
    async with stage(environ=environ(tmp_path)) as found:
        await found.press("f2")
        await found.type("nord")
        await found.press("enter")
        await found.settle()
        assert found.app.theme == "nord"
    async with stage(environ=environ(tmp_path)) as found:
        assert found.app.theme == found.app.first_theme == "nord"
        await found.press("ctrl+t")
        assert found.app.theme == BY_NAME["dark"].name
    async with stage(environ=environ(tmp_path)) as found:
        assert found.app.theme == BY_NAME["dark"].name
    assert not (tmp_path / "config.toml").exists()


async def test_the_operators_file_may_name_any_of_them_and_is_never_written(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\ntheme = "gruvbox"\n')
    async with stage(environ=environ(tmp_path)) as found:
        assert found.app.theme == "gruvbox"
        await found.press("ctrl+t")
    assert file.read_text() == '# mine\ntheme = "gruvbox"\n'


async def test_a_theme_that_is_no_longer_there_gives_way_to_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "remembered.json").write_text('{"theme": ["gone"]}')
    async with stage(environ=environ(tmp_path)) as found:
        assert found.app.theme == BY_NAME["dark"].name


def test_every_theme_has_what_our_styles_use_in_colours_that_can_be_read() -> None:
    def readable(name: str) -> None:
        theme = {**BUILTIN_THEMES, **{each.name: each for each in BY_NAME.values()}}[name]
        colours = {**theme.to_color_system().generate(), **variables_of(theme)}
        background = Color.parse(colours["background"])
        for tone in (Tone.PLAIN, Tone.MUTED):
            shown = Color.parse(colours[tone.value])
            assert shown != background
            assert abs(shown.brightness - background.brightness) > 0.2, tone
        assert {*variables_of(theme)} >= {"muted", "rule", "cursor", "cursor-idle"}

    hold_every_case((name, partial(readable, name)) for name in theme_names().values())
