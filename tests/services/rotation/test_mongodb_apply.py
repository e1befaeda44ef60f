"""A MongoDB user's password changed at a real server: kills, lost answers, rivals; somebody can always log in with what is on disk."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.model.rotation import Outcome, Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.pending_status import PendingStanding, stand
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from tests import rotation_setup
from tests.mongo_servers import CONFIG, MongoDeployment, MongoServer, mongo_deployment
from tests.patience import PATIENT
from tests.rotation_setup import OLD
from tests.stores import LEAVES_SOCKETS

pytestmark = LEAVES_SOCKETS
STEPS = tuple(step for step in rotation_setup.STEPS if step not in ("connected", "altered"))


@pytest.fixture
def deployed(mongo_deployed: MongoDeployment) -> MongoDeployment:
    mongo_deployed.write(CONFIG, "# before\nexport PW='<old>' # after\n")
    return mongo_deployed


def test_a_change_goes_through_all_steps_and_changes_nothing_beside_the_password(
    deployed: MongoDeployment,
) -> None:
    line = deployed.check_change(STEPS)
    assert f"{deployed.role}@admin" in line
    assert f"127.0.0.1:{deployed.server.port}" in line


@pytest.mark.parametrize("step", ["staged-2", "prepared", "old-checked", "committed", "swapped-1", "audited"])
def test_a_change_killed_after_a_step_is_recovered(deployed: MongoDeployment, step: str) -> None:
    assert deployed.check_kill(step, STEPS)


@pytest.mark.parametrize("second", ["old-checked", "committed", "swapped-1"])
def test_a_recovery_killed_after_a_step_is_recovered(deployed: MongoDeployment, second: str) -> None:
    deployed.run("apply", die_at="prepared")
    assert deployed.run("recover", die_at=second).outcome is None
    assert deployed.run("recover").outcome == "recovered"
    assert deployed.check_consistent() != OLD


def test_a_client_killed_while_the_server_still_works_on_its_command_is_recovered(
    deployed: MongoDeployment,
) -> None:
    """The server goes on with what the dead client asked for: the recovery asks for the same, and both agree."""
    with deployed.server.failing(
        {"times": 1}, failCommands=["updateUser"], blockConnection=True, blockTimeMS=2000
    ):
        with deployed.start("apply") as process:
            while process.stdout.readline().strip() != "old-checked":
                assert process.poll() is None
            deployed.server.wait_until("updateUser", is_running=True)
            process.kill()
        assert deployed.logs_in(OLD)
        assert deployed.run("recover").outcome == "recovered"
        deployed.server.wait_until("updateUser", is_running=False)
    assert deployed.check_consistent() != OLD


@pytest.mark.parametrize("step", ["journaled", "prepared", "old-checked"])
def test_what_did_not_reach_the_server_can_be_undone(deployed: MongoDeployment, step: str) -> None:
    deployed.check_undo(step)


def test_what_reached_the_server_cannot_be_undone(deployed: MongoDeployment) -> None:
    deployed.run("apply", die_at="committed")
    assert "can only be finished" in (deployed.run("undo").outcome or "")
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()


def test_a_lost_answer_leaves_the_change_to_the_logins(deployed: MongoDeployment) -> None:
    before = deployed.files()
    with deployed.server.failing(failCommands=["updateUser"], closeConnection=True):
        outcome = deployed.run("apply").outcome or ""
    assert outcome.startswith("pending: ")
    assert "answer to the change got lost" in outcome
    assert {path: content for path, content in deployed.files().items() if path in before} == before
    assert deployed.run("recover").outcome == "recovered"
    deployed.check_consistent()


def test_a_change_that_no_majority_confirmed_waits_with_the_files_untouched(
    deployed: MongoDeployment,
) -> None:
    """After a failover the old password could count again, so that the files must keep it until then."""
    error = {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting for replication timed out"}
    with deployed.server.failing(failCommands=["updateUser"], writeConcernError=error):
        outcome = deployed.run("apply").outcome or ""
        assert "whether it keeps it through a crash is not known yet" in outcome
        assert deployed.passwords() == {OLD}
        assert "is not known yet" in (deployed.run("recover").outcome or "")
        assert deployed.passwords() == {OLD}
    assert not deployed.logs_in(OLD)
    assert deployed.run("recover").outcome == "recovered"
    assert deployed.check_consistent() != OLD


async def change(deployed: MongoDeployment, *, terms: Terms | None = None, notify: object = None) -> Outcome:
    prepared = await prepare(deployed.request(), PATIENT, terms or Terms())
    assert prepared.plan.refusal is None, prepared.plan.checks
    hears = notify if callable(notify) else lambda _: None
    return (await apply(prepared, PATIENT, notify=hears)).outcome


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (13, "may not change its own password"),
        (10107, "no longer the primary"),
        (8000, "Atlas keeps its users itself"),
    ],
)
async def test_a_server_that_refuses_leaves_everything_as_it_was(
    deployed: MongoDeployment, code: int, words: str
) -> None:
    before = deployed.files()
    with (
        deployed.server.failing(failCommands=["updateUser"], errorCode=code),
        pytest.raises(RefusedError, match=words),
    ):
        await change(deployed)
    assert deployed.files() == before
    assert not deployed.is_pending


async def test_a_user_without_the_right_is_told_how_to_get_it(
    mongo_server: MongoServer, tmp_path: Path
) -> None:
    with mongo_deployment(mongo_server, tmp_path, roles=()) as made:
        made.write(CONFIG, "PW=<old>\n")
        made.environ["LLAMA_STORAGE_TUI_STATE_DIR"] = str(made.state)
        before = made.files()
        with pytest.raises(RefusedError, match="may not change its own password") as caught:
            await change(made)
        assert "changeOwnPassword" in help_words(caught.value.help)
        assert "--config-only" in help_words(caught.value.help)
        assert made.files() == before
        assert not made.is_pending


async def test_whoever_changes_it_right_before_the_command_is_noticed(deployed: MongoDeployment) -> None:
    def rival(step: str) -> None:
        if step == "prepared":
            deployed.set_password("Rival1")

    before = deployed.files()
    with pytest.raises(RefusedError, match="refuses the user or its password"):
        await change(deployed, notify=rival)
    assert deployed.files() == before
    assert not deployed.is_pending


async def test_whoever_changes_it_right_after_the_command_is_told_of_and_adopted(
    deployed: MongoDeployment,
) -> None:
    def rival(step: str) -> None:
        if step == "committed":
            deployed.set_password("Rival1")

    before = deployed.passwords()
    with pytest.raises(PendingError, match="somebody else changed it meanwhile"):
        await change(deployed, notify=rival)
    assert deployed.passwords() == before
    (journal,) = look(deployed.request().load).journals
    assert (await stand(journal, PATIENT)).standing is PendingStanding.LOST
    environ = deployed.request().load.environ
    with pytest.raises(PendingError, match="neither the old nor the new"):
        await recover(OpenChange(journal, environ, PATIENT))
    result = await adopt(OpenChange(journal, environ, PATIENT), Secret("Rival1"))
    assert result.outcome is Outcome.RECOVERED
    assert deployed.passwords() == {"Rival1"}


async def test_the_files_alone_follow_a_server_that_was_changed(deployed: MongoDeployment) -> None:
    deployed.set_password("SetByAnAdministrator1")
    outcome = await change(deployed, terms=Terms(Secret("SetByAnAdministrator1")))
    assert outcome is Outcome.APPLIED
    assert deployed.passwords() == {"SetByAnAdministrator1"}


async def test_the_server_alone_is_changed_and_the_files_confirmed(deployed: MongoDeployment) -> None:
    assert await change(deployed, terms=Terms(is_server_only=True)) is Outcome.PENDING
    (journal,) = look(deployed.request().load).journals
    assert deployed.passwords() == {OLD}
    for path in (deployed.config, deployed.env_file):
        path.write_text(path.read_text().replace(OLD, journal.new.reveal()))
    environ = deployed.request().load.environ
    result = await confirm(OpenChange(journal, environ, PATIENT))
    assert result.outcome is Outcome.APPLIED


def test_of_two_operators_at_once_exactly_one_wins(deployed: MongoDeployment) -> None:
    states = [deployed.folder.parent / f"state-{number}" for number in (1, 2)]
    with ExitStack() as stack:
        processes = [stack.enter_context(deployed.start("apply", state=state)) for state in states]
        ends = [process.rest().splitlines()[-1] for process in processes]
    assert ends.count("=applied") == 1, ends
    (password,) = deployed.passwords()
    assert deployed.logs_in(password)


async def test_the_drivers_own_debug_log_holds_no_password(
    deployed: MongoDeployment, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody switches it on here; the driver masks logins and updateUser all the same."""
    with caplog.at_level(logging.DEBUG, logger="pymongo"):
        assert await change(deployed) is Outcome.APPLIED
    (new,) = deployed.passwords()
    assert "updateUser" in caplog.text
    assert OLD not in caplog.text
    assert new not in caplog.text
