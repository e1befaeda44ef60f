"""Places that are not written from here: the journal holds the new password until reading them again yields it."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.cli.next_steps import password_command
from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.files.journal import Journal
from llama_storage_tui.model.rotation import Action, Outcome, Result, Terms
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.reports.rotation import way_sentences
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from tests.patience import PATIENT
from tests.rotation_setup import OLD, Deployment

SERVER_ONLY = Terms(is_server_only=True)
OUTSIDE = Terms(hands_over=True)


def in_the_environment(deployed: Deployment) -> None:
    """Have the variable of sql_default in the process environment alone."""
    deployed.env_file.unlink()
    deployed.environ["PW"] = OLD


def pending(deployed: Deployment) -> Journal:
    (journal,) = look(deployed.request().load).journals
    return journal


def place(deployed: Deployment, new: str) -> None:
    """Write the new password where the old one stands, as an operator would."""
    for path in (deployed.config, deployed.env_file):
        if path.exists():
            path.write_text(path.read_text().replace(OLD, new))
    if "PW" in deployed.environ:
        deployed.environ["PW"] = new


async def changed(deployed: Deployment, terms: Terms) -> Result:
    prepared = await prepare(deployed.request(), PATIENT, terms)
    assert prepared.plan.refusal is None, prepared.plan.checks
    return await apply(prepared, PATIENT)


async def confirmed(deployed: Deployment, env_files: tuple[str, ...] = ()) -> Result:
    environ = deployed.request().load.environ
    return await confirm(OpenChange(pending(deployed), environ, PATIENT, env_files=env_files))


async def consistent(deployed: Deployment) -> str:
    return await asyncio.to_thread(deployed.check_consistent)


async def test_the_server_alone_is_changed_and_the_journal_has_the_password_until_it_is_placed(
    deployed: Deployment,
) -> None:
    before = deployed.files()
    plan = (await prepare(deployed.request(), PATIENT, SERVER_ONLY)).plan
    assert plan.changes == ()
    assert {site.action for site in plan.sites} == {Action.BY_HAND}
    assert [patch.place for patch in plan.patches] == [
        f"{deployed.env_file}:1",
        f"{deployed.config}:12",
        f"{deployed.config}:17",
    ]
    assert OLD not in repr(plan)
    result = await changed(deployed, SERVER_ONLY)
    assert result.outcome is Outcome.PENDING
    assert result.next == Advice("", Step.CONFIRM_CHANGE, str(deployed.config))
    assert result.patches == plan.patches
    assert len(result.waiting) == 3
    new = pending(deployed).new.reveal()
    assert {
        path: content for path, content in deployed.files().items() if "llama-storage" not in path
    } == before
    assert await asyncio.to_thread(deployed.logs_in, new)
    assert not await asyncio.to_thread(deployed.logs_in, OLD)
    assert (await confirmed(deployed)).outcome is Outcome.PENDING
    place(deployed, new)
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    assert await consistent(deployed) == new
    assert '"by_hand"' in (deployed.state / "audit.log").read_text()


async def test_a_change_is_not_confirmed_as_long_as_one_place_lags_behind(deployed: Deployment) -> None:
    await changed(deployed, SERVER_ONLY)
    new = pending(deployed).new.reveal()
    deployed.env_file.write_text(f"PW={new}\n")
    result = await confirmed(deployed)
    assert result.outcome is Outcome.PENDING
    assert len(result.waiting) == 2
    assert not [sentence for sentence in result.waiting if "sql_default" in sentence]
    place(deployed, new)
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    await consistent(deployed)


async def test_a_variable_of_the_process_alone_is_left_with_exact_commands(deployed: Deployment) -> None:
    in_the_environment(deployed)
    plan = await deployed.plan(terms=OUTSIDE)
    (patch,) = plan.patches
    assert patch.place == "variable PW"
    ways = way_sentences(patch, password_command)
    assert any("kubectl patch secret" in way for way in ways)
    assert all(f"rotate {deployed.config} --new-password" in way for way in ways)
    assert OLD not in repr(plan)
    assert {site.action for site in plan.sites} == {Action.BY_HAND, Action.WRITE}
    assert {change.file for change in plan.changes} == {str(deployed.config)}
    result = await changed(deployed, OUTSIDE)
    assert result.outcome is Outcome.PENDING
    new = pending(deployed).new.reveal()
    assert OLD not in deployed.config.read_text()
    assert (await confirmed(deployed)).outcome is Outcome.PENDING
    deployed.environ["PW"] = new
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    assert await consistent(deployed) == new


async def test_an_env_file_may_prove_what_a_process_will_get(deployed: Deployment, tmp_path: Path) -> None:
    in_the_environment(deployed)
    await changed(deployed, OUTSIDE)
    journal = pending(deployed)
    proof = tmp_path / "new.env"
    proof.write_text(f"PW={journal.new.reveal()}\n")
    assert (await confirmed(deployed, (str(proof),))).outcome is Outcome.APPLIED
    deployed.environ["PW"] = journal.new.reveal()
    await consistent(deployed)


async def test_a_variable_that_another_credential_reads_stops_there_too(deployed: Deployment) -> None:
    in_the_environment(deployed)
    deployed.config.write_text(deployed.config.read_text() + "telemetry: {token: '${env.PW}'}\n")
    plan = await deployed.plan(terms=OUTSIDE)
    assert plan.refusal is not None
    assert plan.refusal.name == "shared-variables"


async def test_a_password_that_the_process_environment_cannot_carry_stops(deployed: Deployment) -> None:
    in_the_environment(deployed)
    prepared = await prepare(deployed.request(), PATIENT, OUTSIDE)
    with pytest.raises(RefusedError, match="would read back something else"):
        await apply(prepared, PATIENT, new=Secret("12345"))
    assert not look(deployed.request().load)
    assert await asyncio.to_thread(deployed.logs_in, OLD)


async def test_a_file_that_cannot_be_replaced_is_left_and_the_others_are_written(
    deployed: Deployment, tmp_path: Path
) -> None:
    os.link(deployed.env_file, tmp_path / "other name")
    assert (await deployed.plan()).refusal is not None
    plan = await deployed.plan(terms=OUTSIDE)
    (patch,) = plan.patches
    assert patch.place == f"{deployed.env_file}:1"
    assert "hard links" in patch.reason
    result = await changed(deployed, OUTSIDE)
    assert result.outcome is Outcome.PENDING
    new = pending(deployed).new.reveal()
    assert deployed.env_file.read_text() == f"PW={OLD}\n"
    assert OLD not in deployed.config.read_text()
    place(deployed, new)
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    assert await consistent(deployed) == new


async def test_nothing_is_left_to_the_operator_who_did_not_ask_for_it(deployed: Deployment) -> None:
    in_the_environment(deployed)
    plan = await deployed.plan()
    assert plan.refusal is not None
    assert plan.refusal.name == "by-hand"
    assert plan.patches == ()


async def test_an_edit_of_a_written_file_while_the_change_waits_survives(deployed: Deployment) -> None:
    in_the_environment(deployed)
    await changed(deployed, OUTSIDE)
    deployed.environ["PW"] = pending(deployed).new.reveal()
    deployed.config.write_text("# later\n" + deployed.config.read_text())
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    assert deployed.config.read_text().startswith("# later\n")
    await consistent(deployed)


async def test_a_server_that_got_the_old_password_back_is_not_confirmed_and_can_be_undone(
    deployed: Deployment,
) -> None:
    await changed(deployed, SERVER_ONLY)
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{OLD}'")
    with pytest.raises(PendingError, match="nothing to confirm"):
        await confirmed(deployed)
    journal, environ = pending(deployed), deployed.request().load.environ
    before = deployed.env_file.read_text()
    deployed.env_file.write_text(f"PW={journal.new.reveal()}\n")
    with pytest.raises(PendingError, match="yields the new password already"):
        await recover(OpenChange(journal, environ, PATIENT), undo=True)
    deployed.env_file.write_text(before)
    undone = await recover(OpenChange(journal, environ, PATIENT), undo=True)
    assert undone.outcome is Outcome.UNDONE
    assert await consistent(deployed) == OLD


async def test_another_user_sees_that_a_change_waits(deployed: Deployment) -> None:
    await changed(deployed, SERVER_ONLY)
    other = {**deployed.environ, "LLAMA_STORAGE_TUI_STATE_DIR": str(deployed.state) + "-other"}
    seen = look(replace(deployed.request().load, environ=other))
    assert {marker.path for marker in seen.markers} == {deployed.config, deployed.env_file}
    new = pending(deployed).new.reveal()
    place(deployed, new)
    assert (await confirmed(deployed)).outcome is Outcome.APPLIED
    assert not look(replace(deployed.request().load, environ=other))


async def test_a_journal_that_is_gone_is_no_confirmation(deployed: Deployment) -> None:
    await changed(deployed, SERVER_ONLY)
    journal, environ = pending(deployed), deployed.request().load.environ
    place(deployed, journal.new.reveal())
    shutil.rmtree(deployed.state)
    deployed.state.mkdir()
    result = await confirm(OpenChange(journal, environ, PATIENT))
    assert result.outcome is Outcome.NONE
    for marker in deployed.folder.glob(".*.llama-storage-tui"):
        marker.unlink()


async def test_a_config_that_cannot_be_read_keeps_the_change_open(deployed: Deployment) -> None:
    await changed(deployed, SERVER_ONLY)
    text = deployed.config.read_text()
    deployed.config.write_text("{")
    journal, environ = pending(deployed), deployed.request().load.environ
    with pytest.raises(PendingError):
        await confirmed(deployed)
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{OLD}'")
    with pytest.raises(PendingError):
        await recover(OpenChange(journal, environ, PATIENT), undo=True)
    deployed.config.write_text(text)
    undone = await recover(OpenChange(journal, environ, PATIENT), undo=True)
    assert undone.outcome is Outcome.UNDONE
    assert await consistent(deployed) == OLD
