"""A MongoDB user's password from the screen down to a real server and real files."""

from __future__ import annotations

import asyncio

import pytest

from llama_storage_tui.tui.app import Dependencies
from tests.mongo_servers import MongoDeployment
from tests.rotation_setup import OLD
from tests.stores import LEAVES_SOCKETS
from tests.tui.gallery import NARROW, GalleryApp, Stage

pytestmark = LEAVES_SOCKETS
CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    documents: {type: kv_mongodb, host: 127.0.0.1, port: <port>, db: stack, user: <role>, password: '${env.PW}'}
"""


@pytest.fixture
def deployed(mongo_deployed: MongoDeployment) -> MongoDeployment:
    mongo_deployed.write(CONFIG, "PW=<old>\n")
    return mongo_deployed


async def test_a_password_is_changed_from_the_screen(deployed: MongoDeployment) -> None:
    dependencies = Dependencies(
        log_folder=lambda: deployed.state / "log",
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(deployed.folder / "none.toml")},
    )
    app = GalleryApp(deployed.request().load, dependencies=dependencies)
    async with app.run_test(size=NARROW) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        await found.press("r")
        assert f"role {deployed.role}@admin on server" in found.text
        await found.press("a", "y")
        assert "✓ The password was changed" in found.text
        assert "✓ the old password still logs in" in found.text
        new = await asyncio.to_thread(deployed.check_consistent)
        assert new != OLD
        assert new not in found.text + found.picture
