"""A connection string of several hosts: the password is changed at the one that takes changes, and looked for at the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from llama_storage_tui.model.rotation import Check, Outcome
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.plan import prepare
from tests.patience import PATIENT, wait_until
from tests.ports import free_port
from tests.rotation_setup import OLD, Deployment, deployment
from tests.servers import Server

CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    sql_default: {type: sql_postgres, connection_string: 'postgresql://<role>:<old>@<hosts>/llamastack?target_session_attrs=any'}
providers: {}
"""


@pytest.fixture(scope="module")
def standby(postgres_server: Server) -> Iterator[Server]:
    with postgres_server.standby() as found:
        yield found


@contextmanager
def deployed_at(server: Server, standby: Server, place: Path, *ports: int) -> Iterator[Deployment]:
    """Make a role, which the standby has as well, and a config with these ports."""
    with deployment(server, place) as made:
        known = f"SELECT count(*) FROM pg_roles WHERE rolname = '{made.role}'"
        wait_until(lambda: standby.execute(known) == "1", "the standby has the role")
        made.write(CONFIG.replace("<hosts>", ",".join(f"127.0.0.1:{port}" for port in ports)))
        yield made


def refusal(check: Check | None) -> str:
    assert check is not None
    assert (check.name, check.is_ok) == ("host", False)
    assert check.help
    return check.message


async def test_the_password_is_changed_at_the_primary_wherever_it_stands_and_looked_for_at_each_host(
    postgres_server: Server, standby: Server, tmp_path: Path
) -> None:
    dead = free_port()
    ports = (dead, standby.port, postgres_server.port)
    with deployed_at(postgres_server, standby, tmp_path, *ports) as deployed:
        prepared = await prepare(deployed.request(), PATIENT)
        (host,) = [check.message for check in prepared.plan.checks if check.name == "host"]
        assert host.startswith(f"The password is changed at 127.0.0.1:{postgres_server.port}; ")
        assert f"127.0.0.1:{standby.port} is a replica" in host
        assert f"127.0.0.1:{dead} does not answer (" in host
        result = await apply(prepared, PATIENT)
        assert result.outcome is Outcome.APPLIED
        (notice,) = result.notices
        assert notice.startswith(f"Whether 127.0.0.1:{dead} takes the new password was not checked: ")
        new = await asyncio.to_thread(deployed.check_consistent)
        assert new != OLD


async def test_a_standby_that_does_not_replay_is_named(
    postgres_server: Server, standby: Server, tmp_path: Path
) -> None:
    with deployed_at(postgres_server, standby, tmp_path, postgres_server.port, standby.port) as deployed:
        prepared = await prepare(deployed.request(), PATIENT)
        standby.execute("SELECT pg_wal_replay_pause()")
        try:
            result = await apply(prepared, PATIENT)
        finally:
            standby.execute("SELECT pg_wal_replay_resume()")
    (notice,) = result.notices
    assert notice.startswith(f"127.0.0.1:{standby.port} does not take the new password yet: ")


async def test_where_no_host_takes_changes_each_is_named(
    postgres_server: Server, standby: Server, tmp_path: Path
) -> None:
    dead = free_port()
    with deployed_at(postgres_server, standby, tmp_path, standby.port, dead) as deployed:
        said = refusal((await deployed.plan()).refusal)
        assert said.startswith(f"None of the 2 hosts takes changes: 127.0.0.1:{standby.port} is a replica; ")
        assert f"127.0.0.1:{dead} does not answer (" in said
        postgres_server.execute(f"ALTER ROLE {deployed.role} SET default_transaction_read_only = on")
        deployed.write(
            CONFIG.replace("<hosts>", f"127.0.0.1:{postgres_server.port},127.0.0.1:{standby.port}")
        )
        assert "is read-only for this role; " in refusal((await deployed.plan()).refusal)


async def test_a_wrong_password_is_tried_at_one_host(
    postgres_server: Server, standby: Server, tmp_path: Path
) -> None:
    with deployed_at(postgres_server, standby, tmp_path, postgres_server.port, standby.port) as deployed:
        deployed.config.write_text(deployed.config.read_text().replace(OLD, "Another1password"))
        said = refusal((await deployed.plan()).refusal)
        assert said.startswith(f"127.0.0.1:{postgres_server.port}: ")
        for server, times in ((postgres_server, 1), (standby, 0)):
            log = (server.pgdata / "log").read_text(errors="replace")
            assert log.count(f'authentication failed for user "{deployed.role}"') == times


async def test_hosts_that_are_not_one_server_are_refused(postgres_server: Server, tmp_path: Path) -> None:
    with deployment(postgres_server, tmp_path) as deployed, postgres_server.standby() as promoted:
        promoted.control("promote")
        ports = (postgres_server.port, promoted.port)
        deployed.write(CONFIG.replace("<hosts>", ",".join(f"127.0.0.1:{port}" for port in ports)))
        assert refusal((await deployed.plan()).refusal) == (
            f"The hosts are not one server: 127.0.0.1:{ports[0]} and 127.0.0.1:{ports[1]} differ."
        )
