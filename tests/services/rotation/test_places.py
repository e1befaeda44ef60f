"""Folders, disks and servers that fail in the middle: nothing is left half done without the journal and a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.services.rotation.pending import look
from tests.rotation_setup import OLD, Deployment
from tests.servers import postgres

READ_ONLY, ORDINARY = 0o555, 0o755


@pytest.fixture
def deployed(deployed: Deployment) -> Iterator[Deployment]:
    """The env file has a folder of its own, behind a link."""
    secrets = deployed.folder / "secrets"
    secrets.mkdir()
    deployed.env_file.rename(secrets / "prod.env")
    deployed.env_file.symlink_to("secrets/prod.env")
    yield deployed
    secrets.chmod(ORDINARY)


def nothing_happened(deployed: Deployment, before: dict[str, bytes]) -> None:
    assert deployed.files() == before
    assert deployed.check_consistent() == OLD
    assert not look(deployed.request().load)


@pytest.mark.parametrize(("place", "mode"), [("secrets", READ_ONLY), ("secrets/prod.env", 0o444)])
def test_one_place_that_cannot_be_written_stops_all(deployed: Deployment, place: str, mode: int) -> None:
    before = deployed.files()
    path = deployed.folder / place
    usual = path.stat().st_mode & 0o777
    path.chmod(mode)
    outcome = deployed.run("apply").outcome or ""
    path.chmod(usual)
    assert outcome.startswith("refused: ")
    assert "secrets" in outcome
    nothing_happened(deployed, before)


@pytest.mark.parametrize("step", ["locked", "marked-1", "staged-1"])
def test_a_folder_that_turns_read_only_while_staging_leaves_nothing(deployed: Deployment, step: str) -> None:
    """run.yaml is staged first; the folder of the env file is the second."""
    before = deployed.files()
    secrets = deployed.folder / "secrets"
    outcome = deployed.run("apply", chmod_at=(step, secrets, READ_ONLY)).outcome or ""
    secrets.chmod(ORDINARY)
    assert outcome.startswith("refused: ")
    nothing_happened(deployed, before)


def test_a_disk_without_space_leaves_nothing(deployed: Deployment) -> None:
    deployed.config.write_text(deployed.config.read_text() + "# padding\n" * 20_000)
    before = deployed.files()
    outcome = deployed.run("apply", file_limit=100_000).outcome or ""
    assert outcome.startswith("refused: ")
    assert "run.yaml" in outcome
    nothing_happened(deployed, before)


def test_a_folder_that_turns_read_only_after_the_change_keeps_the_journal(deployed: Deployment) -> None:
    secrets = deployed.folder / "secrets"
    outcome = deployed.run("apply", chmod_at=("committed", secrets, READ_ONLY)).outcome or ""
    assert outcome.startswith("pending: ")
    assert "prod.env" in outcome
    assert (deployed.run("recover").outcome or "").startswith("pending: ")
    (journal,) = look(deployed.request().load).journals
    assert deployed.logs_in(journal.new.reveal())
    secrets.chmod(ORDINARY)
    assert deployed.run("recover").outcome == "recovered"
    assert deployed.check_consistent() == journal.new.reveal()


def test_a_journal_that_is_a_link_is_not_obeyed(deployed: Deployment) -> None:
    assert deployed.run("apply", die_at="prepared").outcome is None
    (path,) = (deployed.state / "rotations").glob("*.json")
    real = deployed.state / "elsewhere"
    path.rename(real)
    path.symlink_to(real)
    with pytest.raises(RefusedError, match="is a link"):
        list(Journals(deployed.request().load.environ).pending())
    path.unlink()
    real.rename(path)
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()


async def test_a_full_server_says_nothing_about_a_password(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="committed")).outcome is None
    server = deployed.server
    opened: list[asyncpg.Connection] = []
    try:
        while True:
            opened.append(
                await asyncpg.connect(
                    host=str(server.socket_directory), port=server.port, user="postgres", database="postgres"
                )
            )
    except asyncpg.TooManyConnectionsError:
        outcome = (await asyncio.to_thread(deployed.run, "recover")).outcome or ""
    finally:
        for connection in opened:
            await connection.close()
    assert outcome.startswith("pending: ")
    assert "is unknown" in outcome
    assert (await asyncio.to_thread(deployed.run, "recover")).outcome == "recovered"
    await asyncio.to_thread(deployed.check_consistent)


def test_of_two_users_in_two_databases_exactly_one_wins(deployed: Deployment, tmp_path: Path) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(deployed.start("apply"))
        other = stack.enter_context(
            deployed.start("apply", backend="kv_default", state=tmp_path / "other-state")
        )
        ends = [process.rest().splitlines()[-1] for process in (one, other)]
    assert sorted(end == "=applied" for end in ends) == [False, True], ends
    (loser,) = [end for end in ends if end != "=applied"]
    assert loser.startswith(("=refused", "=pending")), loser
    assert deployed.check_consistent() != OLD


async def test_the_same_role_name_on_another_server_is_another_credential(deployed: Deployment) -> None:
    with postgres() as other:
        other.execute(f"CREATE ROLE {deployed.role} LOGIN PASSWORD '{OLD}'")
        text = deployed.config.read_text().replace(
            f"host: localhost\n      port: {deployed.server.port}",
            f"host: localhost\n      port: {other.port}",
        )
        assert str(other.port) in text
        deployed.config.write_text(text)
        assert (await asyncio.to_thread(deployed.run, "apply")).outcome == "applied"
        assert f"password: {OLD}  # the same" in deployed.config.read_text()
        assert not await asyncio.to_thread(deployed.logs_in, OLD)
        login = await asyncpg.connect(
            host="127.0.0.1",
            port=other.port,
            user=deployed.role,
            password=OLD,
            database="postgres",
            ssl=False,
        )
        await login.close()
