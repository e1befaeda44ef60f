"""A rotation behind a real PgBouncer: after RELOAD the new password logs in through it, the old one does not.

Logins come before and after PgBouncer had to log in to the server anew: with a connection that it still has open, an entry works
that it could not log in with.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from llama_storage_tui.backends.postgres.verifier import scram_verifier
from llama_storage_tui.model.rotation import Outcome, Result
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.plan import prepare
from tests.patience import PATIENT
from tests.poolers import ADMIN, PROGRAM, Pooler, pooler
from tests.rotation_setup import OLD, Deployment
from tests.servers import PASSWORD, ROLE

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="pgbouncer is not installed (apt-get install pgbouncer); no Python package brings it",
)


def md5(password: str, user: str) -> str:
    return "md5" + hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()


def write_entry(userlist: Path, deployed: Deployment, secret: str) -> None:
    userlist.write_text(f'{ADMIN}"{deployed.role}" "{secret}"\n')
    userlist.chmod(0o644)


async def rotated(deployed: Deployment, userlist: Path) -> Result:
    request = replace(deployed.request(), userlist=str(userlist))
    prepared = await prepare(request, PATIENT)
    assert prepared.plan.refusal is None, prepared.plan.checks
    steps = " ".join(prepared.plan.strategy)
    assert steps.index("RELOAD") < steps.index("restart the programs that connect through PgBouncer")
    result = await apply(prepared, PATIENT)
    assert result.outcome is Outcome.APPLIED
    words = " ".join(result.notices)
    assert words.index("RELOAD") < words.index("restart the programs")
    return result


async def check_through(running: Pooler, deployed: Deployment, taken_for: str | None = None) -> None:
    """Check that the new password logs in, also where PgBouncer logs in to the server anew, and that the old one does not."""
    new = await asyncio.to_thread(deployed.check_consistent)
    expected = taken_for or deployed.role
    assert await running.login(deployed.role, new) == expected
    await running.drop_servers()
    assert await running.login(deployed.role, new) == expected
    with pytest.raises(asyncpg.PostgresError):
        await running.login(deployed.role, OLD)


@pytest.mark.parametrize(
    ("form", "auth_type"),
    [("SCRAM", "scram-sha-256"), ("plain", "scram-sha-256"), ("plain", "md5"), ("md5", "md5")],
)
async def test_after_reload_the_new_password_logs_in_and_the_old_does_not(
    deployed: Deployment, userlist: Path, form: str, auth_type: str
) -> None:
    stored = scram_verifier(Secret(OLD), 4096)
    if form == "md5":
        stored = md5(OLD, deployed.role)
        deployed.server.execute(f"GRANT keeps_md5 TO {deployed.role}")
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{stored}'")
    write_entry(userlist, deployed, OLD if form == "plain" else stored)
    with pooler(deployed.server, userlist, auth_type=auth_type) as running:
        assert await running.login(deployed.role, OLD) == deployed.role
        await rotated(deployed, userlist)
        await running.reload()
        await check_through(running, deployed)
    entry = userlist.read_text().splitlines()[1].split('"')[3]
    if form == "SCRAM":
        assert entry.startswith("SCRAM-SHA-256$")
    elif form == "md5":
        assert entry.startswith("md5")


async def test_an_md5_entry_whose_database_line_has_a_login_of_its_own_stays_one(
    deployed: Deployment, userlist: Path
) -> None:
    write_entry(userlist, deployed, md5(OLD, deployed.role))
    own = f"user={ROLE} password='{PASSWORD}'"
    with pooler(deployed.server, userlist, auth_type="md5", database=own) as running:
        assert await running.login(deployed.role, OLD) == ROLE
        await rotated(deployed, userlist)
        await running.reload()
        await check_through(running, deployed, taken_for=ROLE)


async def test_without_a_reload_the_pooler_goes_on_with_the_old_password(
    deployed: Deployment, userlist: Path
) -> None:
    write_entry(userlist, deployed, OLD)
    with pooler(deployed.server, userlist, auth_type="scram-sha-256") as running:
        assert await running.login(deployed.role, OLD) == deployed.role
        await rotated(deployed, userlist)
        assert await running.login(deployed.role, OLD) == deployed.role
        await running.reload()
        await check_through(running, deployed)
