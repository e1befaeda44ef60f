"""A MongoDB-compatible server for the tests, and a deployment whose credential is a user of it."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import OperationFailure

from llama_storage_tui.backends.program_name import PROGRAM
from llama_storage_tui.model.limits import Timeouts
from tests.mongo_daemon import ADMINISTRATOR, PASSWORD
from tests.patience import PATIENCE, wait_until
from tests.rotation_setup import OLD, ROOT, Files

NUMBERS = itertools.count(1)
AUTHENTICATION_FAILED = 18
MAY_CHANGE = "changesOwnPassword"
CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    documents: {type: kv_mongodb, host: 127.0.0.1, port: <port>, db: stack, user: <role>, password: '${env.PW}'}
    more:
      type: kv_mongodb
      host: mongodb://localhost:<port>/?directConnection=true
      db: other
      user: <role>
      password: <old>  # the same
    local: {type: sql_sqlite, db_path: /tmp/x.db}
providers:
  tools:
  - provider_id: external
    provider_type: remote::external
    config:
      url: mongodb://<role>:<old>@127.0.0.1:<port>/?authSource=admin
"""
"""One user in three places."""


@dataclass(frozen=True)
class MongoServer:
    """A running server; `run` is the administrator's."""

    port: int
    process: subprocess.Popen[str]

    def run(self, command: dict[str, Any], *, database: str = "admin") -> dict[str, Any]:
        """Run a command as the administrator."""
        with self.client(ADMINISTRATOR, PASSWORD) as client:
            found: dict[str, Any] = client[database].command(command)
            return found

    def client(self, user: str, password: str) -> MongoClient[dict[str, Any]]:
        """Return a client of a user, which takes a member for what it is, primary or not."""
        return MongoClient(
            "127.0.0.1",
            self.port,
            username=user,
            password=password,
            directConnection=True,
            serverMonitoringMode="poll",
        )

    @contextmanager
    def stepped_down(self) -> Iterator[None]:
        """Have the only member be no primary for as long as a test takes; it is one again at the end."""
        with self.client(ADMINISTRATOR, PASSWORD) as client:
            client.admin.command({"replSetStepDown": 3600, "secondaryCatchUpPeriodSecs": 0, "force": True})
            try:
                yield
            finally:
                assert self.process.stdin is not None
                assert self.process.stdout is not None
                self.process.stdin.write("primary\n")
                self.process.stdin.flush()
                self.process.stdout.readline()
            assert client.admin.command("hello")["isWritablePrimary"]

    def wait_until(self, command: str, *, is_running: bool) -> None:
        """Wait until a command of this program is, or no longer is, the last that a connection was sent."""
        with self.client(ADMINISTRATOR, PASSWORD) as client:
            wait_until(
                lambda: (
                    is_running
                    is any(
                        command in found["command"]
                        and found["clientMetadata"]["application"]["name"].startswith(PROGRAM)
                        for found in client.admin.command("currentOp")["inprog"]
                        if found["type"] == "op" and "application" in found.get("clientMetadata", {})
                    )
                ),
                f"{command} is running: {is_running}",
            )

    @contextmanager
    def failing(self, mode: object = "alwaysOn", **data: object) -> Iterator[None]:
        """Have commands of this program fail or wait, as mongod's own test commands do it."""
        point = {"configureFailPoint": "failCommand"}
        self.run({**point, "mode": mode, "data": data})
        try:
            yield
        finally:
            self.run({**point, "mode": "off"})


@contextmanager
def mongodb(*tls: str) -> Iterator[MongoServer]:
    """Start a server, make the role that lets a user change its own password, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lst-mongo-"))
    command = [sys.executable, "-W", "ignore", "-m", "tests.mongo_daemon", str(folder), *tls]
    try:
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                server = MongoServer(int(process.stdout.readline()), process)
                if not tls:
                    _make_role(server)
                yield server
            finally:
                process.stdin.close()
                try:
                    process.wait(timeout=PATIENCE)
                finally:
                    process.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_role(server: MongoServer) -> None:
    resource = {"db": "admin", "collection": ""}
    privileges = [{"resource": resource, "actions": ["changeOwnPassword"]}]
    server.run({"createRole": MAY_CHANGE, "privileges": privileges, "roles": []})


class MongoDeployment(Files[MongoServer]):
    """On MongoDB."""

    backend: ClassVar[str] = "documents"
    timeouts: ClassVar[Timeouts] = Timeouts(
        connect=3
    )  # its driver asks so long for a primary where there is none

    def set_password(self, password: str) -> None:
        """Set the user's password as an administrator does."""
        self.server.run({"updateUser": self.role, "pwd": password})

    async def _logs_in(self, password: str, host: str) -> bool:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            host,
            self.server.port,
            username=self.role,
            password=password,
            serverSelectionTimeoutMS=int(PATIENCE * 1000),
        )
        try:
            await client.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
        finally:
            await client.close()
        return True


@contextmanager
def mongo_deployment(
    server: MongoServer, place: Path, *, roles: tuple[str, ...] = (MAY_CHANGE,)
) -> Iterator[MongoDeployment]:
    """Make a user, and in a place an empty folder for its config; drop the user at the end."""
    user = f"rotated_{os.getpid()}_{next(NUMBERS)}"
    bound = [{"role": role, "db": "admin"} for role in (*roles, "readWriteAnyDatabase")]
    server.run({"createUser": user, "pwd": OLD, "roles": bound})
    gc.freeze()  # so that the collection at the end looks at what this test made, and not at all that the others have cached
    try:
        yield MongoDeployment.within(place, server, user)
    finally:
        server.run({"dropUser": user})
        gc.collect()  # what LEAVES_SOCKETS is about shows now, and not in a test of something else
