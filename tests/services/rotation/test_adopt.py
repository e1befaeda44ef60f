"""The server has a password that this program did not set: files follow it, and only where it is proved."""

from __future__ import annotations

import asyncio

import pytest

from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.model.rotation import Outcome, Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import recover
from tests.patience import PATIENT
from tests.rotation_config import CONFIG
from tests.rotation_setup import OLD, Deployment

THIRD = "Third0password1of2the3server4abc"
URI = """\
    uri_default: {type: kv_postgres, connection_string: 'postgresql://<role>:<old>@127.0.0.1:<port>/llamastack'}
providers:
"""


@pytest.fixture
def deployed(deployed: Deployment) -> Deployment:
    deployed.write(CONFIG.replace("providers:\n", URI), "PW=<old>\n")
    return deployed


def alter(deployed: Deployment, password: str) -> None:
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{password}'")


async def adopted(deployed: Deployment, password: str) -> Outcome:
    load = deployed.request().load
    (journal,) = look(load).journals
    done = await adopt(OpenChange(journal, load.environ, PATIENT), Secret(password))
    return done.outcome


async def consistent(deployed: Deployment) -> str:
    return await asyncio.to_thread(deployed.check_consistent)


async def test_files_follow_a_password_that_the_server_has_already(deployed: Deployment) -> None:
    alter(deployed, THIRD)
    prepared = await prepare(deployed.request(), PATIENT, Terms(proof=Secret(THIRD)))
    assert prepared.plan.refusal is None, prepared.plan.checks
    assert (await apply(prepared, PATIENT)).outcome is Outcome.APPLIED
    assert await consistent(deployed) == THIRD


@pytest.mark.parametrize("given", [THIRD, ""])
async def test_a_password_that_the_server_does_not_have_is_refused(deployed: Deployment, given: str) -> None:
    before = deployed.files()
    prepared = await prepare(deployed.request(), PATIENT, Terms(proof=Secret(given)))
    assert prepared.plan.refusal is not None
    assert prepared.plan.refusal.name == "login"
    with pytest.raises(RefusedError):
        await apply(prepared, PATIENT)
    assert deployed.files() == before
    assert await consistent(deployed) == OLD


async def test_files_that_could_not_follow_are_recovered_without_touching_the_server(
    deployed: Deployment,
) -> None:
    alter(deployed, THIRD)
    prepared = await prepare(deployed.request(), PATIENT, Terms(proof=Secret(THIRD)))

    def notify(step: str) -> None:
        if step == "prepared":
            alter(deployed, OLD)

    with pytest.raises(PendingError, match="the new password does not log in"):
        await apply(prepared, PATIENT, notify=notify)
    load = deployed.request().load
    (journal,) = look(load).journals
    change = OpenChange(journal, load.environ, PATIENT)
    with pytest.raises(PendingError, match="has the old password again"):
        await recover(change)
    result = await recover(change, undo=True)
    assert result.outcome is Outcome.UNDONE
    assert await consistent(deployed) == OLD


@pytest.mark.parametrize("step", ["prepared", "committed", "swapped-1", "swapped-2"])
@pytest.mark.parametrize("third", [THIRD, "with@sign%41"])
async def test_a_third_password_is_adopted_whichever_stands_in_the_files(
    deployed: Deployment, step: str, third: str
) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at=step)).outcome is None
    alter(deployed, third)
    before = deployed.files()
    with pytest.raises(PendingError, match="does not log in"):
        await adopted(deployed, "not-this-one")
    assert deployed.files() == before
    assert await adopted(deployed, third) is Outcome.RECOVERED
    assert await consistent(deployed) == third


async def test_nothing_is_adopted_where_a_password_of_the_change_logs_in(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="prepared")).outcome is None
    before = deployed.files()
    with pytest.raises(PendingError, match="one of its own passwords logs in"):
        await adopted(deployed, THIRD)
    assert deployed.files() == before


async def test_a_third_password_that_a_site_cannot_carry_changes_nothing(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="swapped-1")).outcome is None
    alter(deployed, "12345")
    before = deployed.files()
    with pytest.raises(PendingError):
        await adopted(deployed, "12345")
    assert deployed.files() == before


async def test_a_third_password_that_only_another_site_cannot_carry_changes_nothing(
    deployed: Deployment,
) -> None:
    """The chosen backend has it as a literal; the one beside it would read a number."""
    deployed.write(
        CONFIG.replace("'${env.PW}'", "'<old>'").replace("<old>  # the same", "${env.PW}"), "PW=<old>\n"
    )
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="prepared")).outcome is None
    alter(deployed, "12345")
    before = deployed.files()
    with pytest.raises(PendingError, match=r"kv_default\.password does not yield"):
        await adopted(deployed, "12345")
    assert deployed.files() == before
