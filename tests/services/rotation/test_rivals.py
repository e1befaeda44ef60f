"""Rivals, md5 rules, failures at every step, and what must never hold a password."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from llama_storage_tui.config.environment import convert
from llama_storage_tui.config.rules.postgres import MEANS_SOMETHING_IN_URLS
from llama_storage_tui.errors import PendingError
from llama_storage_tui.model.rotation import Action, Outcome
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import recover
from tests.patience import PATIENT
from tests.rotation_config import CONFIG
from tests.rotation_setup import OLD, STEPS, Deployment


async def recovered(deployed: Deployment) -> Outcome:
    load = deployed.request().load
    (journal,) = look(load).journals
    return (await recover(OpenChange(journal, load.environ, PATIENT))).outcome


def test_of_two_operators_at_once_exactly_one_wins(deployed: Deployment) -> None:
    with deployed.start("apply") as one, deployed.start("apply") as other:
        ends = [process.rest().splitlines()[-1] for process in (one, other)]
    assert sorted(end == "=applied" for end in ends) == [False, True], ends
    (loser,) = [end for end in ends if end != "=applied"]
    assert loser.startswith(("=refused", "=pending")), loser
    assert deployed.check_consistent() != OLD


@pytest.mark.parametrize("step", STEPS)
async def test_a_failure_at_any_step_shows_no_password_and_is_recovered(
    deployed: Deployment, step: str
) -> None:
    def notify(name: str) -> None:
        if name == step:
            raise RuntimeError("on purpose")

    prepared = await prepare(deployed.request(), PATIENT)
    with pytest.raises(RuntimeError) as failed:
        await apply(prepared, PATIENT, notify=notify)
    shown = "".join(traceback.format_exception(failed.value)) + repr(prepared)
    secrets = {OLD}
    for journal in look(deployed.request().load).journals:
        secrets.add(journal.new.reveal())
        shown += repr(journal)
        assert await recovered(deployed) in (Outcome.RECOVERED, Outcome.UNDONE)
    assert not [secret for secret in secrets if secret in shown]
    await asyncio.to_thread(deployed.check_consistent)


async def test_a_file_that_is_gone_keeps_the_journal_until_it_is_back(deployed: Deployment) -> None:
    aside = deployed.folder.parent / "aside"

    def notify(step: str) -> None:
        if step == "committed":
            deployed.env_file.rename(aside)

    prepared = await prepare(deployed.request(), PATIENT)
    request = deployed.request()
    with pytest.raises(PendingError, match=r"\.env: No such file"):
        await apply(prepared, PATIENT, notify=notify)
    (journal,) = look(request.load).journals
    with pytest.raises(PendingError, match=r"\.env"):
        await recover(OpenChange(journal, request.load.environ, PATIENT))
    aside.rename(deployed.env_file)
    assert await recovered(deployed) is Outcome.RECOVERED
    await asyncio.to_thread(deployed.check_consistent)


async def test_a_server_with_md5_rules_takes_the_verifier_too(deployed: Deployment) -> None:
    with deployed.server.admitting(f"host all {deployed.role} 127.0.0.1/32 md5"):
        prepared = await prepare(deployed.request(), PATIENT)
        assert (await apply(prepared, PATIENT)).outcome is Outcome.APPLIED
        await asyncio.to_thread(deployed.check_consistent)


def test_ten_thousand_generated_passwords_are_taken_by_every_consumer() -> None:
    for _ in range(10_000):
        text = generate().reveal()
        assert len(text) == 32
        assert text.isascii()
        assert text.isalnum()
        assert text[0].isalpha()
        assert convert(text) == text
        assert not MEANS_SOMETHING_IN_URLS.search(text)


async def test_a_journal_that_was_being_written_at_a_kill_does_not_keep_passwords(
    deployed: Deployment,
) -> None:
    folder = deployed.state / "rotations"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "20260101T000000Z-00000000.part").write_text(OLD)
    prepared = await prepare(deployed.request(), PATIENT)
    assert (await apply(prepared, PATIENT)).outcome is Outcome.APPLIED
    await asyncio.to_thread(deployed.check_consistent)


async def test_a_login_whose_host_is_not_known_is_listed(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("{host: 127.0.0.1, port", "{host: '${env.NOT_SET}', port"), "PW=<old>\n")
    plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert [(site.path, site.action) for site in plan.sites if "vector_io" in site.path] == [
        ("providers.vector_io[0].config.password", Action.UNKNOWN)
    ]
