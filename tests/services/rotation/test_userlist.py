"""PgBouncer's entry follows the role: a verifier to the byte, a plain password as one."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.backends.postgres.verifier import scram_verifier
from llama_storage_tui.model.rotation import Outcome, Plan, Result, Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.open_change import OpenChange
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import PreparedChange, prepare
from llama_storage_tui.services.rotation.recover import recover
from tests.patience import PATIENT
from tests.rotation_setup import OLD, Deployment

THIRD = "Third0password1of2the3server4abc"


def write_list(deployed: Deployment, secret: str) -> Path:
    path = deployed.folder / "userlist.txt"
    path.write_text(f'; pool\n"admin" "x"\n"{deployed.role}" "{secret}" "" \n')
    return path


async def planned(deployed: Deployment, path: Path, terms: Terms | None = None) -> PreparedChange:
    request = replace(deployed.request(), userlist=str(path))
    return await prepare(request, PATIENT, terms)


async def changed(deployed: Deployment, path: Path) -> Result:
    prepared = await planned(deployed, path)
    assert prepared.plan.refusal is None, prepared.plan.checks
    assert OLD not in repr(prepared.plan)
    return await apply(prepared, PATIENT)


def stored(deployed: Deployment) -> str:
    return deployed.server.execute(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{deployed.role}'")


def md5_of(deployed: Deployment, password: str) -> str:
    return "md5" + hashlib.md5((password + deployed.role).encode(), usedforsecurity=False).hexdigest()


async def test_a_scram_entry_becomes_the_servers_verifier_to_the_byte(deployed: Deployment) -> None:
    path = write_list(deployed, scram_verifier(Secret(OLD), 1000))
    path.chmod(0o640)
    result = await changed(deployed, path)
    assert result.outcome is Outcome.APPLIED
    assert any("RELOAD" in notice for notice in result.notices)
    verifier = await asyncio.to_thread(stored, deployed)
    assert verifier.startswith("SCRAM-SHA-256$")
    assert path.read_text() == f'; pool\n"admin" "x"\n"{deployed.role}" "{verifier}" "" \n'
    assert path.stat().st_mode & 0o777 == 0o640
    await asyncio.to_thread(deployed.check_consistent)
    assert verifier not in (deployed.state / "audit.log").read_text()
    assert not [file for file in deployed.state.rglob("*.json") if verifier in file.read_text()]


@pytest.mark.parametrize("keeps_md5", [False, True])
async def test_an_md5_entry_stays_one_and_so_does_the_servers_form(
    deployed: Deployment, *, keeps_md5: bool
) -> None:
    if keeps_md5:
        deployed.server.execute(
            f"GRANT keeps_md5 TO {deployed.role}; ALTER ROLE {deployed.role} PASSWORD '{md5_of(deployed, OLD)}'"
        )
    path = write_list(deployed, md5_of(deployed, OLD))
    plan = (await planned(deployed, path)).plan
    (site,) = [site for site in plan.sites if site.file == str(path)]
    assert ("the server gets an md5 hash again" in str(site.note)) is keeps_md5
    assert ("md5 hash" in plan.strategy[0]) is keeps_md5
    await changed(deployed, path)
    new = await asyncio.to_thread(deployed.check_consistent)
    assert f'"{deployed.role}" "{md5_of(deployed, new)}"' in path.read_text()
    verifier = await asyncio.to_thread(stored, deployed)
    assert verifier == md5_of(deployed, new) if keeps_md5 else verifier.startswith("SCRAM-SHA-256$")


@pytest.mark.parametrize("step", ["prepared", "committed", "swapped-1"])
async def test_a_change_to_an_md5_hash_is_recovered_as_one(deployed: Deployment, step: str) -> None:
    deployed.server.execute(
        f"GRANT keeps_md5 TO {deployed.role}; ALTER ROLE {deployed.role} PASSWORD '{md5_of(deployed, OLD)}'"
    )
    path = write_list(deployed, md5_of(deployed, OLD))
    await half_done(deployed, path, step)
    environ = deployed.request().load.environ
    (journal,) = look(deployed.request().load).journals
    result = await recover(OpenChange(journal, environ, PATIENT))
    assert result.outcome is Outcome.RECOVERED
    new = await asyncio.to_thread(deployed.check_consistent)
    assert md5_of(deployed, new) in path.read_text()
    assert await asyncio.to_thread(stored, deployed) == md5_of(deployed, new)


async def test_an_md5_entry_is_refused_where_the_server_tells_nothing_of_its_own_form(
    deployed: Deployment,
) -> None:
    deployed.server.execute(f"GRANT lets_all_in TO {deployed.role}")
    path = write_list(deployed, md5_of(deployed, OLD))
    plan = (await planned(deployed, path, Terms(accepts_unchecked=True))).plan
    assert "does not tell here whether it keeps one" in refusal(plan)


async def test_a_plain_entry_stays_one(deployed: Deployment) -> None:
    path = write_list(deployed, OLD)
    await changed(deployed, path)
    new = await asyncio.to_thread(deployed.check_consistent)
    assert path.read_text() == f'; pool\n"admin" "x"\n"{deployed.role}" "{new}" "" \n'


def refusal(plan: Plan) -> str:
    assert plan.refusal is not None
    assert plan.refusal.name == "userlist"
    assert OLD not in plan.refusal.message
    return plan.refusal.message


async def test_an_entry_that_is_missing_or_of_another_password_stops(deployed: Deployment) -> None:
    for secret in (THIRD, scram_verifier(Secret(THIRD), 1000), md5_of(deployed, THIRD)):
        path = write_list(deployed, secret)
        assert "is not of the current password" in refusal((await planned(deployed, path)).plan)
    path.write_text('"admin" "x"\n')
    assert f"has no entry for {deployed.role}" in refusal((await planned(deployed, path)).plan)


async def test_a_list_that_cannot_follow_stops(deployed: Deployment, tmp_path: Path) -> None:
    path = write_list(deployed, scram_verifier(Secret(OLD), 1000))
    server_only = await planned(deployed, path, Terms(is_server_only=True))
    assert "only the server was to change" in refusal(server_only.plan)
    (tmp_path / "other").hardlink_to(path)
    assert "hard links" in refusal((await planned(deployed, path)).plan)


async def test_a_verifier_of_somebody_elses_password_is_not_known(deployed: Deployment) -> None:
    path = write_list(deployed, scram_verifier(Secret(OLD), 1000))
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{THIRD}'")
    plan = (await planned(deployed, path, Terms(proof=Secret(THIRD)))).plan
    assert "must be the server's own verifier" in refusal(plan)
    path = write_list(deployed, OLD)
    prepared = await planned(deployed, path, Terms(proof=Secret(THIRD)))
    assert (await apply(prepared, PATIENT)).outcome is Outcome.APPLIED
    assert THIRD in path.read_text()


async def half_done(deployed: Deployment, path: Path, step: str) -> None:
    def notify(name: str) -> None:
        if name == step:
            raise KeyboardInterrupt

    prepared = await planned(deployed, path)
    with pytest.raises(KeyboardInterrupt):
        await apply(prepared, PATIENT, notify=notify)


@pytest.mark.parametrize("step", ["prepared", "committed", "swapped-1", "swapped-2"])
async def test_a_list_is_recovered_with_what_was_added_to_it(deployed: Deployment, step: str) -> None:
    path = write_list(deployed, scram_verifier(Secret(OLD), 1000))
    await half_done(deployed, path, step)
    path.write_text(path.read_text() + '"added" "y"\n')
    environ = deployed.request().load.environ
    (journal,) = look(deployed.request().load).journals
    result = await recover(OpenChange(journal, environ, PATIENT))
    assert result.outcome is Outcome.RECOVERED
    verifier = await asyncio.to_thread(stored, deployed)
    assert path.read_text() == f'; pool\n"admin" "x"\n"{deployed.role}" "{verifier}" "" \n"added" "y"\n'
    await asyncio.to_thread(deployed.check_consistent)


@pytest.mark.parametrize("step", ["prepared", "swapped-1"])
async def test_an_adopted_password_leaves_a_verifier_alone_and_says_so(
    deployed: Deployment, step: str
) -> None:
    path = write_list(deployed, scram_verifier(Secret(OLD), 1000))
    before = path.read_text()
    await half_done(deployed, path, step)
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{THIRD}'")
    environ = deployed.request().load.environ
    (journal,) = look(deployed.request().load).journals
    result = await adopt(OpenChange(journal, environ, PATIENT), Secret(THIRD))
    assert result.outcome is Outcome.RECOVERED
    assert any("was left as it is" in notice for notice in result.notices)
    assert path.read_text() == before
    assert await asyncio.to_thread(deployed.check_consistent) == THIRD
