"""Each scene looks as its committed picture: scene, snapshot and screenshot are one thing.

`UPDATE_SCREENSHOTS=1 pytest tests/tui/test_scenes.py` writes the pictures anew; look at them before committing.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tui.gallery import SCENES

FOLDER = Path(__file__).parents[2] / "screenshots"


@pytest.mark.parametrize("name", SCENES)
async def test_the_scene_looks_as_its_picture(name: str) -> None:
    scene = SCENES[name]
    async with scene.stage() as found:
        if scene.theme:
            found.app.theme = scene.theme
        await found.press(*scene.keys)
        if scene.act is not None:
            await scene.act(found)
        await found.settle()
        picture = found.picture
    path = FOLDER / f"{name}.svg"
    if os.environ.get("UPDATE_SCREENSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(picture, encoding="utf-8")
    assert picture == path.read_text(encoding="utf-8"), f"{path.name} differs: see this module's docstring"


def test_every_picture_has_a_scene() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(SCENES)
