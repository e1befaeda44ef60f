"""A real PgBouncer: what it refuses is said in its words, and not as a connection that ended."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from llama_storage_tui.errors import BackendError, FailureKind
from tests.ports import free_port
from tests.servers import DATABASE, PASSWORD, ROLE, Server
from tests.stores import reading

PGBOUNCER: Final = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = pytest.mark.skipif(
    PGBOUNCER is None, reason="PgBouncer is a package of the system, and not installed"
)


@contextmanager
def pooler(server: Server, mode: str) -> Iterator[int]:
    """Start PgBouncer before the server's database; give its port."""
    assert PGBOUNCER is not None
    port = free_port()
    # A folder that its own user may read: PgBouncer does not run as root.
    with tempfile.TemporaryDirectory(prefix="lst-pooler-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "users.txt").write_text(f'"{ROLE}" "{PASSWORD}"\n')
        (folder / "pooler.ini").write_text(
            f"[databases]\n{DATABASE} = host=127.0.0.1 port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n"
            f"auth_file = {folder}/users.txt\npool_mode = {mode}\n"
        )
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            [PGBOUNCER, *user, str(folder / "pooler.ini")], stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            assert any("process up" in line for line in process.stderr), "PgBouncer did not start"
            yield port
        finally:
            process.terminate()
            process.communicate()


async def test_statement_pooling_is_named(postgres_server: Server) -> None:
    with pooler(postgres_server, "statement") as port:
        async with reading(postgres_server.target(port=port)) as reader:
            for question in (reader.probe, reader.tables.tables):
                with pytest.raises(BackendError, match="pool_mode = statement") as caught:
                    await question()
                assert caught.value.failure is FailureKind.UNSUPPORTED
                assert "pool_mode = transaction" in str(caught.value.help)


@pytest.mark.parametrize("mode", ["transaction", "session"])
async def test_the_other_modes_are_served(postgres_server: Server, mode: str) -> None:
    with pooler(postgres_server, mode) as port:
        async with reading(postgres_server.target(port=port)) as reader:
            assert (await reader.probe()).details["behind a pooler"] is True


async def test_a_database_that_the_pooler_does_not_know_is_told_in_its_words(postgres_server: Server) -> None:
    with pooler(postgres_server, "transaction") as port:
        async with reading(postgres_server.target(port=port, database="nowhere")) as reader:
            with pytest.raises(BackendError, match="no such database: nowhere"):
                await reader.probe()
