"""Rotations that succeed, and those that stop: what each leaves behind."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest

from llama_storage_tui.backends.postgres.verifier import PATTERN, scram_verifier
from llama_storage_tui.errors import PendingError, RefusedError
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation import apply as applying
from llama_storage_tui.services.rotation.open_change import OpenChange, ignore
from llama_storage_tui.services.rotation.pending import look, notices
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import recover
from tests.patience import PATIENT
from tests.rotation_config import CONFIG
from tests.rotation_setup import OLD, Deployment
from tests.servers import DATABASE


@pytest.fixture
def deployed(deployed: Deployment) -> Deployment:
    deployed.write(CONFIG, "export PW='<old>' # after\r\n")
    return deployed


async def rotated(
    deployed: Deployment, new: str | None = None, notify: Callable[[str], None] = ignore
) -> Outcome:
    prepared = await prepare(deployed.request(), PATIENT)
    secret = None if new is None else Secret(new)
    return (await applying.apply(prepared, PATIENT, new=secret, notify=notify)).outcome


async def recovered(deployed: Deployment) -> Outcome:
    load = deployed.request().load
    (journal,) = look(load).journals
    return (await recover(OpenChange(journal, load.environ, PATIENT))).outcome


async def consistent(deployed: Deployment) -> str:
    return await asyncio.to_thread(deployed.check_consistent)


@pytest.mark.parametrize("new", ["Zq8xkPW0aV7sD3mTn5yLbR2cH4gJ6fE9", "with-some_signs+%40,and=colons:/.^"])
async def test_a_typed_password_that_all_sites_carry_is_taken(deployed: Deployment, new: str) -> None:
    assert await rotated(deployed, new) is Outcome.APPLIED
    assert await consistent(deployed) == new
    assert deployed.env_file.read_bytes() == f"export PW='{new}' # after\r\n".encode()


@pytest.mark.parametrize(
    "new", ["12345", "1e9", "true", "inf", "~x", "it's", "a${B}", "emoji 😀", "tab\t", "", "1_000"]
)
async def test_a_typed_password_that_a_site_cannot_carry_is_refused(deployed: Deployment, new: str) -> None:
    before = deployed.files()
    with pytest.raises(RefusedError) as refused:
        await rotated(deployed, new)
    assert len(new) < 4 or new not in refused.value.message
    assert deployed.files() == before
    assert await consistent(deployed) == OLD


@pytest.mark.parametrize("new", ["p@ss", "p%41", "a}b", "a$B", "#x", "two words", " x", "x:", "'", '"', "\\"])
async def test_a_typed_password_is_read_back_exactly_everywhere_or_refused(
    deployed: Deployment, new: str
) -> None:
    before = deployed.files()
    try:
        assert await rotated(deployed, new) is Outcome.APPLIED
    except RefusedError:
        assert deployed.files() == before
        assert await consistent(deployed) == OLD
    else:
        assert deployed.passwords() == {new}
        assert await asyncio.to_thread(deployed.logs_in, new)


async def test_the_old_password_again_is_refused(deployed: Deployment) -> None:
    with pytest.raises(RefusedError, match="is the old one"):
        await rotated(deployed, OLD)


async def test_links_modes_and_owners_stay(deployed: Deployment) -> None:
    real = deployed.folder / "real"
    real.mkdir()
    target = real / "secrets.env"
    deployed.env_file.rename(target)
    (deployed.folder / "hop").symlink_to("real/secrets.env")
    deployed.env_file.symlink_to("hop")
    target.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(target, 12345, 23456)
    assert await rotated(deployed) is Outcome.APPLIED
    await consistent(deployed)
    found = target.stat()
    assert deployed.env_file.is_symlink()
    assert found.st_mode & 0o7777 == 0o640
    if os.geteuid() == 0:
        assert (found.st_uid, found.st_gid) == (12345, 23456)


async def test_the_server_never_sees_the_password(deployed: Deployment) -> None:
    server = deployed.server
    server.execute("ALTER SYSTEM SET log_statement = 'all'; ", database="postgres")
    server.reload()
    try:
        assert await rotated(deployed) is Outcome.APPLIED
    finally:
        server.execute("ALTER SYSTEM RESET log_statement", database="postgres")
        server.reload()
    log = (server.pgdata / "log").read_text(errors="replace")
    new = await consistent(deployed)
    assert f"ALTER ROLE {deployed.role} PASSWORD 'SCRAM-SHA-256$" in log
    assert new not in log


async def test_a_second_operator_between_plan_and_change_wins_and_the_first_writes_nothing(
    deployed: Deployment,
) -> None:
    before = deployed.files()

    def notify(step: str) -> None:
        if step == "prepared":
            deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD 'theirs'")

    with pytest.raises(RefusedError):
        await rotated(deployed, notify=notify)
    assert deployed.files() == before
    assert await asyncio.to_thread(deployed.logs_in, "theirs")
    assert not look(deployed.request().load)


async def test_a_rival_that_waits_behind_the_change_loses(deployed: Deployment) -> None:
    """The rival's ALTER waits for our row lock and fails at our COMMIT; without that it would undo a finished rotation."""
    failures: list[Exception] = []
    rival = threading.Thread(target=lambda: _alter(deployed, failures))
    waits = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{deployed.role}' AND wait_event_type = 'Lock'"

    def notify(step: str) -> None:
        if step == "altered":
            rival.start()
            while deployed.server.execute(waits) != "1":
                assert rival.is_alive()

    assert await rotated(deployed, notify=notify) is Outcome.APPLIED
    await asyncio.to_thread(rival.join)
    assert failures
    await consistent(deployed)


def _alter(deployed: Deployment, failures: list[Exception]) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=deployed.server.port,
            user=deployed.role,
            password=OLD,
            database="postgres",
            ssl=False,
        )
        try:
            await connection.execute(f"ALTER ROLE {deployed.role} PASSWORD 'rival'")
        finally:
            await connection.close()

    try:
        asyncio.run(run())
    except asyncpg.PostgresError as error:
        failures.append(error)


async def test_a_role_held_by_another_transaction_stops_and_leaves_nothing(deployed: Deployment) -> None:
    holder = await asyncpg.connect(
        host=str(deployed.server.socket_directory),
        port=deployed.server.port,
        user="postgres",
        database=DATABASE,
        ssl=False,
    )
    before = deployed.files()
    try:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute(f"ALTER ROLE {deployed.role} CONNECTION LIMIT 30")
        with pytest.raises(RefusedError, match="Another transaction holds"):
            await rotated(deployed)
        await transaction.rollback()
    finally:
        await holder.close()
    assert deployed.files() == before
    assert await consistent(deployed) == OLD


async def test_a_file_saved_while_the_server_changes_keeps_both_changes(deployed: Deployment) -> None:
    def notify(step: str) -> None:
        if step == "committed":
            deployed.env_file.write_bytes(b"NEW=1\n" + deployed.env_file.read_bytes())

    assert await rotated(deployed, notify=notify) is Outcome.APPLIED
    new = await consistent(deployed)
    assert deployed.env_file.read_bytes() == f"NEW=1\nexport PW='{new}' # after\r\n".encode()


async def test_a_file_changed_since_the_plan_stops(deployed: Deployment) -> None:
    prepared = await prepare(deployed.request(), PATIENT)
    deployed.env_file.write_bytes(b"# later\n" + deployed.env_file.read_bytes())
    with pytest.raises(RefusedError, match="changed since the plan"):
        await applying.apply(prepared, PATIENT)
    assert await consistent(deployed) == OLD


async def test_a_password_edited_by_hand_meanwhile_is_never_overwritten(deployed: Deployment) -> None:
    def notify(step: str) -> None:
        if step == "committed":
            deployed.env_file.write_text("PW=by-hand\n")

    with pytest.raises(PendingError, match="neither the old nor the new"):
        await rotated(deployed, notify=notify)
    assert deployed.env_file.read_text() == "PW=by-hand\n"
    assert list(notices(deployed.request().load))
    with pytest.raises(PendingError, match="neither the old nor the new"):
        await recovered(deployed)
    deployed.env_file.write_text(f"PW={OLD}\n")
    assert await recovered(deployed) is Outcome.RECOVERED
    await consistent(deployed)


async def test_an_unwritable_state_folder_stops_before_anything(deployed: Deployment) -> None:
    deployed.state.mkdir()
    (deployed.state / "rotations").mkdir(mode=0o755)
    (deployed.state / "rotations").chmod(0o755)
    with pytest.raises(RefusedError, match="read by others"):
        await rotated(deployed)
    (deployed.state / "rotations").rmdir()
    (deployed.state / "elsewhere").mkdir(mode=0o700)
    (deployed.state / "rotations").symlink_to("elsewhere")
    with pytest.raises(RefusedError, match="is a link"):
        await rotated(deployed)
    assert await asyncio.to_thread(deployed.logs_in, OLD)


async def test_a_change_of_another_user_is_seen_by_its_marker(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="prepared")).outcome is None
    other = {**deployed.environ, "LLAMA_STORAGE_TUI_STATE_DIR": str(deployed.state) + "-other"}
    prepared = await prepare(deployed.request(), PATIENT)
    load = replace(deployed.request().load, environ=other)
    assert look(load).markers
    with pytest.raises(PendingError, match="is pending"):
        await applying.apply(replace(prepared, request=replace(prepared.request, load=load)), PATIENT)
    assert await recovered(deployed) is Outcome.RECOVERED
    await consistent(deployed)


async def test_a_role_without_a_free_slot_still_tells_that_the_password_was_right(
    deployed: Deployment,
) -> None:
    def notify(step: str) -> None:
        if step == "committed":
            deployed.server.execute(f"ALTER ROLE {deployed.role} CONNECTION LIMIT 0")

    assert await rotated(deployed, notify=notify) is Outcome.APPLIED
    deployed.server.execute(f"ALTER ROLE {deployed.role} CONNECTION LIMIT -1")
    await consistent(deployed)


@pytest.mark.parametrize("at", ["prepared", "altered", "committed", "closed"])
async def test_a_server_that_crashes_in_between_is_recovered_when_it_is_back(
    deployed: Deployment, at: str
) -> None:
    """With synchronous_commit off, as the test server has it: what was committed must be there after the crash."""
    server = deployed.server
    options = f"-h 127.0.0.1 -p {server.port} -k {server.folder}"
    server.execute("CHECKPOINT")

    def notify(step: str) -> None:
        if step == at:
            server.control("-m", "immediate", "stop")

    try:
        if at == "closed":
            assert await rotated(deployed, notify=notify) is Outcome.APPLIED
        else:
            with pytest.raises(PendingError if at == "committed" else RefusedError):
                await rotated(deployed, notify=notify)
        if at == "committed":
            with pytest.raises(PendingError, match="is unknown"):
                await recovered(deployed)
    finally:
        server.control("-l", str(server.pgdata / "log"), "-o", options, "start")
    if at == "committed":
        assert await recovered(deployed) is Outcome.RECOVERED
    assert (await consistent(deployed) == OLD) == (at in ("prepared", "altered"))


async def test_trust_that_comes_up_in_between_infers_nothing(deployed: Deployment) -> None:
    assert (await asyncio.to_thread(deployed.run, "apply", die_at="committed")).outcome is None
    with (
        deployed.server.admitting(f"host all {deployed.role} 127.0.0.1/32 trust"),
        pytest.raises(PendingError, match="both passwords"),
    ):
        await recovered(deployed)
    assert await recovered(deployed) is Outcome.RECOVERED
    await consistent(deployed)


def test_a_verifier_is_the_one_that_the_server_would_make() -> None:
    # RFC 7677, section 3: password "pencil", 4096 iterations, this salt.
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    verifier = scram_verifier(Secret("pencil"), 4096, salt=salt)
    assert PATTERN.fullmatch(verifier)
    assert verifier == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@pytest.mark.parametrize("value", ["ümläut", "a\tb", ""])
def test_a_verifier_outside_of_ascii_is_refused(value: str) -> None:
    with pytest.raises(RefusedError):
        scram_verifier(Secret(value), 4096)
