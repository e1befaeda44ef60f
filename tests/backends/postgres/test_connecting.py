"""Connecting to PostgreSQL: from the target's own parameters only, with libpq's ssl_mode, and with failures that say what to do."""

from __future__ import annotations

import asyncio
import socket
import time
import traceback
from contextlib import aclosing, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from llama_storage_tui.backends.postgres.engine import POOL_SIZE, PostgresEngine
from llama_storage_tui.backends.postgres.role import PostgresRole
from llama_storage_tui.backends.postgres.target import PostgresSession, PostgresTarget
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import BackendError, FailureKind
from llama_storage_tui.model.data import Probe
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.secrets import Secret
from tests import fronts
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.servers import PASSWORD, Server
from tests.stores import reading


async def probed(target: PostgresTarget, *, connect: float = 5.0) -> Probe:
    async with reading(target, connect=connect) as reader:
        return await reader.probe()


async def failure_of(target: PostgresTarget, *, connect: float = 5.0) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await probed(target, connect=connect)
    told = "".join(traceback.format_exception(caught.value))
    for text in (told, caught.value.message, help_words(caught.value.help), caught.value.where or ""):
        assert PASSWORD not in text
        assert "SELECT" not in text
    assert caught.value.help
    return caught.value


async def test_an_ordinary_role_logs_in_with_a_password_that_would_break_a_url(
    postgres_server: Server,
) -> None:
    probe = await probed(postgres_server.target())
    assert probe.server is not None
    assert probe.server.startswith("PostgreSQL 18")
    assert (probe.user, probe.tls, probe.is_writable) == ("operator", None, True)


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"password": Secret("wrong-password")}, FailureKind.AUTHENTICATION),
        ({"password": None}, FailureKind.AUTHENTICATION),
        ({"password": Secret("")}, FailureKind.AUTHENTICATION),
        ({"user": "unheard_of"}, FailureKind.AUTHENTICATION),
        ({"user": "shut_out"}, FailureKind.AUTHENTICATION),
        ({"database": "unheard_of"}, FailureKind.UNKNOWN_DATABASE),
        ({"host": "no-such-host.invalid"}, FailureKind.UNKNOWN_HOST),
        ({"host": ""}, FailureKind.UNRESOLVED),
        ({"database": ""}, FailureKind.UNRESOLVED),
        ({"user": ""}, FailureKind.UNRESOLVED),
        ({"port": 0}, FailureKind.UNRESOLVED),
        ({"host": "/nowhere"}, FailureKind.UNREACHABLE),
        ({"ssl_mode": "require"}, FailureKind.TLS),
        ({"ssl_mode": "nonsense"}, FailureKind.TLS),
        ({"ssl_mode": "verify-full"}, FailureKind.TLS),
        ({"ssl_mode": "verify-ca", "ca_cert_path": Path("/nowhere/ca.crt")}, FailureKind.TLS),
    ],
)
async def test_every_failure_has_its_kind(
    postgres_server: Server, changes: dict[str, Any], failure: FailureKind
) -> None:
    assert (await failure_of(postgres_server.target(**changes))).failure is failure


async def test_a_refused_port_is_unreachable(postgres_server: Server) -> None:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        error = await failure_of(postgres_server.target(port=held.getsockname()[1]))
    assert error.failure is FailureKind.UNREACHABLE


async def test_a_host_that_accepts_and_never_answers_costs_the_connect_timeout(
    postgres_server: Server,
) -> None:
    async with fronts.front(fronts.silence) as port:
        for mode in ("disable", "prefer"):
            started = time.monotonic()
            error = await failure_of(postgres_server.target(port=port, ssl_mode=mode), connect=0.3)
            assert error.failure is FailureKind.TIMEOUT
            assert 0.2 < time.monotonic() - started < PATIENCE


async def test_what_is_no_postgresql_server_is_unreachable(postgres_server: Server) -> None:
    for handler in (fronts.web_server, fronts.slammed):
        async with fronts.front(handler) as port:
            for mode in ("disable", "prefer"):
                error = await failure_of(postgres_server.target(port=port, ssl_mode=mode), connect=60)
                assert error.failure is FailureKind.UNREACHABLE, (handler, mode)


@pytest.mark.parametrize("after", [1, 3])
async def test_a_host_that_stops_answering_once_the_login_is_done_is_left_after_a_while(
    postgres_server: Server, after: int
) -> None:
    async with (
        fronts.front(fronts.stalling(postgres_server.port, after=after)) as port,
        reading(postgres_server.target(port=port), connect=2, query=0.2) as reader,
    ):
        with pytest.raises(BackendError, match="No answer within") as tested:
            await reader.probe()
        with pytest.raises(BackendError, match="No answer within") as read:
            await reader.tables.tables()
    assert tested.value.failure is read.value.failure is FailureKind.TIMEOUT


@pytest.mark.parametrize("doing", ["a statement", "nothing", "a stream"])
async def test_what_is_cancelled_at_a_host_that_has_fallen_silent_ends(
    postgres_server: Server, doing: str
) -> None:
    """Also between two statements: a transaction is to be ended, which the host does not answer either."""
    line = fronts.Line(postgres_server.port)
    numbers = sa.select(sa.func.generate_series(1, 100_000).label("number"))

    async def work(connection: AsyncConnection) -> None:
        line.is_dead.set()
        await (connection.execute(numbers) if doing == "a statement" else asyncio.Event().wait())

    async def streamed(engine: PostgresEngine) -> None:
        async with aclosing(engine.stream(numbers)) as batches:
            async for _ in batches:
                line.is_dead.set()
                await asyncio.Event().wait()

    async with fronts.front(line.handle) as port:
        engine = PostgresEngine(
            postgres_server.target(port=port), timeouts=Timeouts(connect=PATIENCE, query=None)
        )
        task = asyncio.create_task(
            streamed(engine) if doing == "a stream" else engine.run(work, seconds=None)
        )
        await asyncio.wait_for(line.is_dead.wait(), PATIENCE)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        await engine.close()
    assert done
    assert task.cancelled()


async def test_a_role_is_not_asked_without_end_where_the_host_falls_silent(postgres_server: Server) -> None:
    async with fronts.front(fronts.stalling(postgres_server.port, after=2)) as port:
        role = PostgresRole(postgres_server.target(port=port), timeouts=Timeouts(connect=PATIENCE, query=0.2))
        with pytest.raises(BackendError, match=r"No answer within 0\.2 s while reading") as caught:
            await asyncio.wait_for(role.describe(Secret(PASSWORD)), PATIENCE)
    assert caught.value.failure is FailureKind.TIMEOUT


async def test_to_wait_for_a_free_connection_takes_nothing_of_the_time_of_a_statement(
    postgres_server: Server,
) -> None:
    engine = PostgresEngine(postgres_server.target(), timeouts=Timeouts(connect=1.0, query=PATIENCE))
    waiting: list[asyncio.Task[object]] = []
    all_busy = asyncio.Barrier(POOL_SIZE)

    async def asked(connection: AsyncConnection, statement: str) -> object:
        return (await connection.execute(sa.text(statement))).scalar_one()

    async def busy(connection: AsyncConnection) -> object:
        if await all_busy.wait() == 0:
            failing = partial(asked, statement="SELECT 1 / 0")
            waiting.append(asyncio.create_task(engine.run(failing, seconds=0.1)))
        # Longer than the waiting unit may take on its own, with what it gets for a new connection and for a silent host.
        return await asked(connection, "SELECT pg_sleep(3.5)")

    try:
        await asyncio.gather(*(engine.run(busy, seconds=PATIENCE) for _ in range(POOL_SIZE)))
        with pytest.raises(BackendError, match="division by zero"):
            await waiting[0]
    finally:
        await engine.close()


async def test_no_connection_left_is_said_so(postgres_server: Server) -> None:
    postgres_server.execute("ALTER ROLE nobody_special CONNECTION LIMIT 1")
    target = postgres_server.target(user="nobody_special")
    async with reading(target) as reader:
        await reader.tables.tables()
        error = await failure_of(target)
    assert error.failure is FailureKind.TOO_MANY_CONNECTIONS
    postgres_server.execute("ALTER ROLE nobody_special CONNECTION LIMIT -1")


async def test_a_trusted_role_needs_no_password(postgres_server: Server) -> None:
    assert (await probed(postgres_server.target(user="trusted", password=None))).user == "trusted"


async def test_a_socket_directory_is_a_host(postgres_server: Server) -> None:
    target = postgres_server.target(host=str(postgres_server.socket_directory), ssl_mode="require")
    assert (await probed(target)).tls is None


@pytest.mark.parametrize("mode", ["allow", "prefer", None])
async def test_modes_that_ask_for_nothing_take_a_server_without_tls(
    postgres_server: Server, mode: str | None
) -> None:
    assert (await probed(postgres_server.target(ssl_mode=mode))).tls is None


@pytest.mark.parametrize(
    ("mode", "ca", "host", "is_tls"),
    [
        ("disable", None, "127.0.0.1", False),
        ("allow", None, "127.0.0.1", False),
        ("prefer", None, "127.0.0.1", True),
        (None, None, "127.0.0.1", True),
        ("require", None, "127.0.0.1", True),
        ("require", fronts.CA, "127.0.0.1", True),
        ("verify-ca", fronts.CA, "127.0.0.1", True),
        ("verify-full", fronts.CA, "localhost", True),
    ],
)
async def test_a_server_with_tls_is_used_as_libpq_would(
    postgres_server: Server, mode: str | None, ca: Path | None, host: str, *, is_tls: bool
) -> None:
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        probe = await probed(postgres_server.target(host=host, port=port, ssl_mode=mode, ca_cert_path=ca))
    assert (probe.tls is not None) == is_tls
    if is_tls:
        assert (probe.tls or "").startswith("TLSv1.")


@pytest.mark.parametrize(
    ("mode", "ca", "host"),
    [
        ("verify-full", fronts.CA, "127.0.0.1"),
        ("verify-full", fronts.OTHER_CA, "localhost"),
        ("verify-ca", fronts.OTHER_CA, "localhost"),
        ("require", fronts.OTHER_CA, "localhost"),
    ],
)
async def test_a_certificate_that_does_not_hold_is_refused(
    postgres_server: Server, mode: str, ca: Path, host: str
) -> None:
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        error = await failure_of(postgres_server.target(host=host, port=port, ssl_mode=mode, ca_cert_path=ca))
    assert error.failure is FailureKind.TLS
    assert "certificate" in error.message


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_an_expired_certificate_is_refused_where_one_is_checked_and_said_to_be_expired(
    postgres_server: Server, mode: str
) -> None:
    door = fronts.offering_tls(postgres_server.port, certificate="expired.crt")
    async with fronts.front(door) as port:
        checked = postgres_server.target(host="localhost", port=port, ssl_mode=mode, ca_cert_path=fronts.CA)
        error = await failure_of(checked)
        unchecked = postgres_server.target(port=port, ssl_mode="prefer")
        assert (await probed(unchecked)).tls is not None
    assert error.failure is FailureKind.TLS
    assert "expired" in error.message


async def test_a_revoked_certificate_is_refused_where_a_list_says_so(postgres_server: Server) -> None:
    listed, unlisted = PostgresSession(crl_path=fronts.CRL), PostgresSession()
    for certificate, session, is_refused in (
        ("revoked.crt", listed, True),
        ("revoked.crt", unlisted, False),
        ("server.crt", listed, False),
    ):
        door = fronts.offering_tls(postgres_server.port, certificate=certificate)
        async with fronts.front(door) as port:
            target = postgres_server.target(
                host="localhost", port=port, ssl_mode="verify-full", ca_cert_path=fronts.CA, session=session
            )
            if is_refused:
                error = await failure_of(target)
                assert error.failure is FailureKind.TLS
                assert "revoked" in error.message
            else:
                assert (await probed(target)).tls is not None


async def test_a_server_that_wants_a_certificate_gets_the_one_that_the_uri_names(
    postgres_server: Server, tmp_path: Path
) -> None:
    own = PostgresSession(
        certificate_path=fronts.CERTIFICATES / "client.crt", key_path=fronts.CERTIFICATES / "client.key"
    )
    missing = PostgresSession(certificate_path=tmp_path / "client.crt")
    door = fronts.offering_tls(postgres_server.port, wants_certificate=True, takes_plain=False)
    async with fronts.front(door) as port:
        target = postgres_server.target(port=port, ssl_mode="require")
        assert (await probed(replace(target, session=own))).tls is not None
        await failure_of(target)
        error = await failure_of(replace(target, session=missing))
    assert error.failure is FailureKind.TLS
    assert str(tmp_path / "client.crt") in error.message


async def test_prefer_and_allow_fall_back_where_the_server_refuses_the_first_kind(
    postgres_server: Server,
) -> None:
    only_tls = fronts.offering_tls(postgres_server.port, takes_plain=False)
    only_plain = fronts.offering_tls(postgres_server.port, takes_tls=False)
    async with fronts.front(only_tls) as port:
        assert (await probed(postgres_server.target(port=port, ssl_mode="allow"))).tls is not None
        error = await failure_of(postgres_server.target(port=port, ssl_mode="disable"))
        assert error.failure is FailureKind.AUTHENTICATION
    async with fronts.front(only_plain) as port:
        assert (await probed(postgres_server.target(port=port, ssl_mode="prefer"))).tls is None
        error = await failure_of(postgres_server.target(port=port, ssl_mode="require"))
        assert error.failure is FailureKind.AUTHENTICATION


async def test_a_wrong_password_is_not_sent_again_without_tls(postgres_server: Server) -> None:
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        error = await failure_of(postgres_server.target(port=port, password=Secret("wrong-password")))
    assert error.failure is FailureKind.AUTHENTICATION
    assert "unknown role" in help_words(error.help)


async def test_of_several_hosts_the_first_that_answers_is_used(postgres_server: Server) -> None:
    dead, alive = ("127.0.0.1", free_port()), ("127.0.0.1", postgres_server.port)
    unknown = ("no-such-host.invalid", 5432)
    for hosts in ((dead, alive), (unknown, alive), (dead, unknown, alive), (alive, dead)):
        (host, port), *more = hosts
        target = postgres_server.target(host=host, port=port, more_hosts=tuple(more))
        assert (await probed(target)).user == "operator"
    host, port = dead
    error = await failure_of(postgres_server.target(host=host, port=port, more_hosts=(unknown,)))
    for place in (dead, unknown):
        assert f"{place[0]}:{place[1]}" in error.message


async def test_a_host_that_refuses_the_login_is_not_passed_over(postgres_server: Server) -> None:
    more = (("127.0.0.1", free_port()),)
    error = await failure_of(postgres_server.target(password=Secret("wrong"), more_hosts=more))
    assert error.failure is FailureKind.AUTHENTICATION


@pytest.mark.parametrize(
    ("kind", "is_there"),
    [
        ("any", True),
        ("primary", True),
        ("read-write", True),
        ("prefer-standby", True),
        ("standby", False),
        ("read-only", False),
    ],
)
async def test_the_kind_of_server_that_a_uri_asks_for_is_looked_for(
    postgres_server: Server, kind: str, *, is_there: bool
) -> None:
    target = postgres_server.target(
        more_hosts=(("localhost", postgres_server.port),), session=PostgresSession(kind)
    )
    if is_there:
        assert (await probed(target)).is_writable is True
    else:
        assert f"target_session_attrs={kind}" in (await failure_of(target)).message


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> None:
    """Answer the next looks-up of any name with these addresses; with none of them, as a resolver that is away."""
    waiting = list(answers)

    def found(_: Any, port: Any, *__: Any, **___: Any) -> list[Any]:  # noqa: ANN401 - as socket declares it
        addresses = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for kind, address in zip(kinds, addresses, strict=True)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)


async def test_a_name_whose_first_address_does_not_answer_is_tried_at_the_next(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, ("::1", "127.0.0.1"))
    assert (await probed(postgres_server.target(host="db.example"))).user == "operator"


async def test_a_name_that_cannot_be_looked_up_is_looked_up_anew_the_next_time(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, (), ("127.0.0.1",))
    target = postgres_server.target(host="db.example")
    async with reading(target, connect=5.0) as reader:
        with pytest.raises(BackendError) as caught:
            await reader.probe()
        assert caught.value.failure is FailureKind.UNKNOWN_HOST
        assert (await reader.probe()).user == "operator"


def poisoned(monkeypatch: pytest.MonkeyPatch, home: Path, server: Server) -> None:
    """Set everything that a PostgreSQL client may read from its surroundings to something that works, or breaks."""
    (home / ".postgresql").mkdir()
    for name in ("root.crt", "root.crl", "postgresql.crt", "postgresql.key"):
        (home / ".postgresql" / name).write_text("no certificate")
    passfile = home / ".pgpass"
    passfile.write_text(f"*:*:*:*:{PASSWORD.replace(':', chr(92) + ':')}\n")
    passfile.chmod(0o600)
    (home / ".pg_service.conf").write_text(f"[bad]\nhost=/nowhere\npassword={PASSWORD}\n")
    for name, value in {
        "HOME": str(home),
        "PGHOST": "/nowhere",
        "PGPORT": "1",
        "PGUSER": "shut_out",
        "PGPASSWORD": PASSWORD,
        "PGPASSFILE": str(passfile),
        "PGDATABASE": "unheard_of",
        "PGSERVICE": "bad",
        "PGSERVICEFILE": str(home / ".pg_service.conf"),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/nowhere/root.crt",
        "PGSSLCERT": "/nowhere/client.crt",
        "PGSSLKEY": "/nowhere/client.key",
        "PGSSLCRL": "/nowhere/root.crl",
        "PGSSLNEGOTIATION": "direct",
        "PGSSLMINPROTOCOLVERSION": "TLSv9",
        "PGTARGETSESSIONATTRS": "standby",
        "PGOPTIONS": "-c default_transaction_read_only=off -c work_mem=64kB",
        "PGAPPNAME": "somebody else",
        "PGTZ": "Asia/Tokyo",
        "PGCLIENTENCODING": "LATIN1",
        "PGKRBSRVNAME": "wrong",
        "PGGSSLIB": "nonsense",
        "PGCONNECT_TIMEOUT": "1",
        "SSLKEYLOGFILE": str(home / "keys.log"),
    }.items():
        monkeypatch.setenv(name, value)
    assert server.port != 1


async def test_nothing_is_taken_from_the_environment(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    poisoned(monkeypatch, tmp_path, postgres_server)
    before = {file.name for file in tmp_path.iterdir()}
    probe = await probed(postgres_server.target())
    assert probe.user == "operator"
    for password in (None, Secret("")):
        error = await failure_of(postgres_server.target(password=password))
        assert error.failure is FailureKind.AUTHENTICATION
    async with fronts.front(fronts.offering_tls(postgres_server.port)) as port:
        for mode in ("prefer", "require"):
            assert (await probed(postgres_server.target(port=port, ssl_mode=mode))).tls is not None
        verified = postgres_server.target(
            host="localhost", port=port, ssl_mode="verify-full", ca_cert_path=fronts.CA
        )
        assert (await probed(verified)).tls is not None
    for changes in ({"host": ""}, {"database": ""}, {"user": ""}):
        assert (await failure_of(postgres_server.target(**changes))).failure is FailureKind.UNRESOLVED
    assert {file.name for file in tmp_path.iterdir()} == before
