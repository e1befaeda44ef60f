"""A real PgBouncer for the tests, in front of the test server; it is no Python package, so that it may be missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from tests.patience import PATIENCE, wait_until
from tests.ports import free_port
from tests.servers import DATABASE, Server

PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ADMIN: Final = '"console" "console"\n'
"""The line of the list with which `reload` logs in."""

_SETTINGS: Final = """
[databases]
* = host=127.0.0.1 port={server_port} {database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {auth_type}
pool_mode = {mode}
auth_file = {userlist}
admin_users = console
logfile = {folder}/log
query_wait_timeout = 60
server_login_retry = 1
"""


@dataclass
class Pooler:
    """A running PgBouncer."""

    port: int
    settings: Path
    process: subprocess.Popen[bytes]

    async def login(self, user: str, password: str) -> str:
        """Log in and return whom the server took for the user; raises what the driver raises."""
        connection = await self._connect(user, password, DATABASE)
        try:
            return str(await connection.fetchval("SELECT current_user"))
        finally:
            await connection.close()

    async def reload(self) -> None:
        """Run RELOAD on the console."""
        connection = await self._connect("console", "console", "pgbouncer")
        try:
            await connection.execute("RELOAD")
        finally:
            connection.terminate()

    async def drop_servers(self) -> None:
        """Close the connections to the server, so that PgBouncer has to log in anew: RECONNECT on the console."""
        connection = await self._connect("console", "console", "pgbouncer")
        try:
            await connection.execute(f"RECONNECT {DATABASE}")
        finally:
            connection.terminate()

    async def _connect(self, user: str, password: str, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=password,
            database=database,
            timeout=PATIENCE,
            statement_cache_size=0,
        )


@contextmanager
def pooler(
    server: Server, userlist: Path, *, auth_type: str, database: str = "", mode: str = "session"
) -> Iterator[Pooler]:
    """Start a PgBouncer with a list of users; `database` goes into its database line, `mode` is its pool_mode."""
    assert PROGRAM is not None
    folder = Path(tempfile.mkdtemp(prefix="lst-pgbouncer-"))
    folder.chmod(0o777)
    port = free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(
            server_port=server.port,
            database=database,
            port=port,
            auth_type=auth_type,
            mode=mode,
            userlist=userlist,
            folder=folder,
        )
    )
    # It does not run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [PROGRAM, "-q", *user, str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port, process, folder)
        yield Pooler(port, settings, process)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    def listens() -> bool:
        log = folder / "log"
        said = log.read_text() if log.exists() else "no log"
        assert process.poll() is None, f"PgBouncer did not start: {said}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
        except OSError:
            return False
        return True

    wait_until(listens, "PgBouncer listens")
