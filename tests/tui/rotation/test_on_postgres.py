"""The whole way down: the screen, the real desk, a real server, real files."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.tui.app import Dependencies
from llama_storage_tui.tui.catalog.catalog import CatalogScreen
from tests.rotation_setup import OLD, Deployment
from tests.tui.gallery import NARROW, GalleryApp, Stage


@asynccontextmanager
async def opened(deployed: Deployment) -> AsyncIterator[Stage]:
    dependencies = Dependencies(
        log_folder=lambda: deployed.state / "log",
        environ={"LLAMA_STORAGE_TUI_CONFIG": str(deployed.folder / "none.toml")},
    )
    app = GalleryApp(deployed.request().load, dependencies=dependencies)
    async with app.run_test(size=NARROW) as pilot:
        found = Stage(pilot, app, {})
        await found.settle()
        yield found


async def consistent(deployed: Deployment) -> str:
    return await asyncio.to_thread(deployed.check_consistent)


async def test_a_password_is_changed_from_the_screen(deployed: Deployment) -> None:
    before = deployed.files()
    async with opened(deployed) as found:
        await found.press("r")
        assert f"role {deployed.role} on server" in found.text
        assert deployed.files() == before
        await found.press("a", "y")
        assert "✓ The password was changed" in found.text
        new = await consistent(deployed)
        assert new != OLD
        assert new not in found.text + found.picture
        await found.press("p")
        assert new in found.text
        await found.press("escape", "escape")
        assert isinstance(found.app.screen, CatalogScreen)
        await found.press("t")
        assert "● ok" in found.text, "the config that was read again logs in"


async def test_a_change_that_was_killed_is_finished_from_the_screen(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="committed")).outcome is None
    async with opened(deployed) as found:
        assert "is pending" in found.text
        await found.press("R")
        assert "▲ the server has the new password" in found.text
        await found.press("f", "y")
        assert "✓ The pending change was finished" in found.text
        await found.press("escape")
        assert "is pending" not in found.text
    assert await consistent(deployed) != OLD


async def test_a_change_of_the_server_alone_waits_and_is_confirmed(deployed: Deployment) -> None:
    async with opened(deployed) as found:
        await found.press("r", "m", "left", "ctrl+s", "a", "y")
        assert "the change waits for you" in found.text
        (journal,) = look(deployed.request().load).journals
        for path in (deployed.config, deployed.env_file):
            path.write_text(path.read_text().replace(OLD, journal.new.reveal()))
        await found.press("R", "c", "y")
        assert "✓ The password was changed" in found.text
    assert await consistent(deployed) == journal.new.reveal()


async def test_a_plan_is_cancelled_at_a_server_that_does_not_answer(deployed: Deployment) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = f"port: {silent.getsockname()[1]}"
        deployed.config.write_text(
            deployed.config.read_text().replace(f"port: {deployed.server.port}", port, 1)
        )
        async with opened(deployed) as found:
            await found.pilot.press("r")
            await found.appears("◌ Asking the server")
            await found.press("escape")
            assert "Cancelled" in found.text
            assert not look(deployed.request().load)
