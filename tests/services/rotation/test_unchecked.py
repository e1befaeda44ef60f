"""A server that checks no password: stopped at, or gone on with at the operator's word, which claims nothing."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

import pytest

from llama_storage_tui.errors import PendingError
from llama_storage_tui.model.rotation import Outcome, Result, Terms
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import recover
from llama_storage_tui.services.rotation.roll_forward import UNVERIFIED
from tests.patience import PATIENT
from tests.rotation_setup import Deployment

ACCEPTED = Terms(accepts_unchecked=True)


def trusted(deployed: Deployment) -> AbstractContextManager[None]:
    """Let the role in with any password."""
    return deployed.server.admitting(f"host all {deployed.role} 127.0.0.1/32 trust")


async def recovered(deployed: Deployment, *, accepts: bool, undo: bool = False) -> Result:
    environ = deployed.request().load.environ
    (journal,) = look(deployed.request().load).journals
    return await recover(OpenChange(journal, environ, PATIENT), accepts_unchecked=accepts, undo=undo)


async def test_an_unchecked_change_is_made_at_the_operators_word_and_claims_nothing(
    deployed: Deployment,
) -> None:
    with trusted(deployed):
        assert (await deployed.plan()).refusal is not None
        prepared = await prepare(deployed.request(), PATIENT, ACCEPTED)
        assert prepared.plan.refusal is None, prepared.plan.checks
        assert any("which you accepted" in check.message for check in prepared.plan.checks)
        result = await apply(prepared, PATIENT)
    assert result.outcome is Outcome.APPLIED
    assert not result.is_verified
    assert UNVERIFIED in result.notices
    assert '"verified": false' in (deployed.state / "audit.log").read_text()
    await asyncio.to_thread(deployed.check_consistent)


async def test_accepting_says_nothing_where_passwords_are_checked(deployed: Deployment) -> None:
    prepared = await prepare(deployed.request(), PATIENT, ACCEPTED)
    result = await apply(prepared, PATIENT)
    assert result.is_verified
    assert result.notices == ()
    assert '"verified": true' in (deployed.state / "audit.log").read_text()
    await asyncio.to_thread(deployed.check_consistent)


@pytest.mark.parametrize("step", ["prepared", "committed", "swapped-1"])
async def test_an_unchecked_change_that_was_killed_is_finished(deployed: Deployment, step: str) -> None:
    with trusted(deployed):
        run = await asyncio.to_thread(deployed.run, "apply", die_at=step, terms=("accepts_unchecked",))
        assert run.outcome is None
        with pytest.raises(PendingError, match="can only be finished"):
            await recovered(deployed, accepts=False, undo=True)
        result = await recovered(deployed, accepts=False)
    assert result.outcome is Outcome.RECOVERED
    assert UNVERIFIED in result.notices
    await asyncio.to_thread(deployed.check_consistent)


async def test_trust_that_came_up_in_between_is_gone_on_with_at_the_operators_word(
    deployed: Deployment,
) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="committed")).outcome is None
    with trusted(deployed):
        with pytest.raises(PendingError, match="both passwords"):
            await recovered(deployed, accepts=False)
        result = await recovered(deployed, accepts=True)
    assert result.outcome is Outcome.RECOVERED
    assert UNVERIFIED in result.notices
    await asyncio.to_thread(deployed.check_consistent)
