"""SIGKILL after every step of a rotation and of its recovery: somebody can always log in with what is on disk."""

from __future__ import annotations

import subprocess

import pytest

from llama_storage_tui.model.pending import DamagedJournal
from llama_storage_tui.reports.rotation import words
from llama_storage_tui.services.rotation.pending import notices
from tests.patience import PATIENCE
from tests.rotation_config import CONFIG
from tests.rotation_setup import OLD, STEPS, Deployment

RECOVERY = (
    "locked",
    "asked",
    "connected",
    "altered",
    "old-checked",
    "committed",
    "verified",
    "swapped-1",
    "swapped-2",
    "read-again",
    "audited",
    "cleaned",
    "closed",
)


@pytest.fixture
def deployed(deployed: Deployment) -> Deployment:
    deployed.write(CONFIG, "# before\nexport PW='<old>' # after\n")
    return deployed


def test_every_step_has_words() -> None:
    shown = [words(step) for step in (*STEPS, *RECOVERY, "adopted")]
    assert all(shown)
    assert words("swapped-2") == "file 2 is swapped"


def test_a_rotation_goes_through_all_steps(deployed: Deployment) -> None:
    deployed.check_change(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_rotation_killed_after_any_step_is_recovered(deployed: Deployment, step: str) -> None:
    deployed.check_kill(step, STEPS)


@pytest.mark.parametrize("second", RECOVERY)
@pytest.mark.parametrize("first", ["prepared", "altered", "committed", "swapped-1"])
def test_a_recovery_killed_after_any_step_is_recovered(deployed: Deployment, first: str, second: str) -> None:
    assert deployed.run("apply", die_at=first).outcome is None
    run = deployed.run("recover", die_at=second)
    if deployed.is_pending:
        assert run.outcome is None
        assert deployed.run("recover").outcome == "recovered"
    assert deployed.check_consistent() != OLD


@pytest.mark.parametrize("step", ["journaled", "prepared", "altered", "old-checked"])
def test_what_did_not_reach_the_server_can_be_undone(deployed: Deployment, step: str) -> None:
    deployed.check_undo(step)


@pytest.mark.parametrize("step", ["committed", "swapped-1"])
def test_what_reached_the_server_cannot_be_undone(deployed: Deployment, step: str) -> None:
    deployed.run("apply", die_at=step)
    outcome = deployed.run("undo").outcome
    assert outcome is not None
    assert outcome.startswith("pending: ")
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()


@pytest.mark.parametrize("step", ["prepared", "committed", "swapped-1"])
def test_an_edit_between_kill_and_recovery_survives(deployed: Deployment, step: str) -> None:
    deployed.run("apply", die_at=step)
    deployed.env_file.write_text("ADDED=1\n" + deployed.env_file.read_text())
    deployed.config.write_text("# added\n" + deployed.config.read_text())
    assert deployed.run("recover").outcome == "recovered"
    new = deployed.check_consistent()
    assert deployed.env_file.read_text() == f"ADDED=1\n# before\nexport PW='{new}' # after\n"
    assert deployed.config.read_text().startswith("# added\n")


def test_a_damaged_journal_is_set_aside_and_nothing_is_written(deployed: Deployment) -> None:
    deployed.run("apply", die_at="prepared")
    (journal,) = (deployed.state / "rotations").glob("*.json")
    journal.write_text(journal.read_text()[:100])
    before = deployed.files()
    outcome = deployed.run("apply").outcome
    assert outcome is not None
    assert outcome.startswith("pending: ")
    assert list((deployed.state / "rotations").glob("*.damaged"))
    deployed.environ["LLAMA_STORAGE_TUI_STATE_DIR"] = str(deployed.state)
    assert any(isinstance(notice, DamagedJournal) for notice in notices(deployed.request().load))
    assert deployed.files() == before
    assert deployed.logs_in(OLD)


def test_a_journal_of_another_role_is_not_obeyed(deployed: Deployment) -> None:
    deployed.run("apply", die_at="prepared")
    server, role = deployed.server, deployed.role
    server.execute(f"DROP OWNED BY {role}; DROP ROLE {role}; CREATE ROLE {role} LOGIN PASSWORD '{OLD}'")
    outcome = deployed.run("recover").outcome or ""
    assert "another server or role" in outcome
    assert deployed.logs_in(OLD)


def test_a_password_that_somebody_else_changed_stops_the_recovery(deployed: Deployment) -> None:
    deployed.run("apply", die_at="prepared")
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD 'third'")
    before = deployed.files()
    assert "neither the old nor the new" in (deployed.run("recover").outcome or "")
    assert deployed.files() == before
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{OLD}'")
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()


def test_a_client_killed_while_its_change_waits_for_a_lock_is_not_forgotten(deployed: Deployment) -> None:
    """The server goes on with what the dead client asked for; a recovery must not conclude anything before that ended."""
    server, role = deployed.server, deployed.role
    options = (
        "-h",
        str(server.folder),
        "-p",
        str(server.port),
        "-U",
        "postgres",
        "-d",
        "postgres",
        "-X",
        "-q",
    )
    with subprocess.Popen(
        [str(server._postgres.bin_path / "psql"), *options], stdin=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        holder.stdin.write(f"BEGIN; ALTER ROLE {role} CONNECTION LIMIT 35;\n")
        holder.stdin.flush()
        waits = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}' AND wait_event_type = 'Lock'"
        with deployed.start("apply") as process:
            while server.execute(waits) != "1":
                assert process.poll() is None
            process.kill()
        assert deployed.is_pending
        outcome = deployed.run("recover").outcome or ""
        assert outcome.startswith("pending: ")
        assert deployed.is_pending
        holder.stdin.write("ROLLBACK;\n")
        holder.stdin.close()
        holder.wait(timeout=PATIENCE)
    while server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{role}'") != "0":
        pass
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()
