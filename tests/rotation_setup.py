"""A deployment for rotations: one role of the test server in several places of several files."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import asyncpg

from llama_storage_tui.__main__ import main
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Plan, Terms
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.rotation.discovery import find_entries
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.sources import RotationRequest, read_sources
from tests import fork_server, rotation_runner
from tests.patience import PATIENCE
from tests.servers import DATABASE, Server

OLD = "Old0password1of2this3role4xyz567"
ROOT = Path(__file__).parent.parent
NUMBERS = itertools.count(1)
STEPS = (
    "locked",
    "journaled",
    "marked-1",
    "staged-1",
    "marked-2",
    "staged-2",
    "prepared",
    "connected",
    "altered",
    "old-checked",
    "committed",
    "verified",
    "swapped-1",
    "swapped-2",
    "read-again",
    "audited",
    "cleaned",
    "closed",
)
"""What a change goes through at a server that tells what its session does."""


class Run(NamedTuple):
    """What a process did: its steps, and its outcome, None where it was killed."""

    steps: tuple[str, ...]
    outcome: str | None


class HasPort(Protocol):
    """A server of the tests."""

    @property
    def port(self) -> int: ...


S = TypeVar("S", bound=HasPort)


@dataclass
class Files(Generic[S]):
    """Files in a folder, and a role of its own on a server."""

    backend: ClassVar[str] = "sql_default"
    """Whose credential is changed where no other is named."""

    folder: Path
    server: S
    role: str
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def within(cls, place: Path, server: S, role: str) -> Self:
        """Make the folder in a place; the journals lie beside it."""
        made = cls(place / "config", server, role)
        made.folder.mkdir()
        made.environ["LLAMA_STORAGE_TUI_STATE_DIR"] = str(made.state)
        return made

    @property
    def config(self) -> Path:
        return self.folder / "run.yaml"

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    @property
    def is_pending(self) -> bool:
        """Whether a journal holds passwords."""
        return any('"old"' in path.read_text() for path in self.state.rglob("*.json"))

    def check_change(self, steps: tuple[str, ...]) -> str:
        """Change the password step by step: nothing but it changes in any file. Return the line of the audit log."""
        before = self.files()
        assert self.run("apply") == (steps, "applied")
        new = self.check_consistent()
        assert new != OLD
        assert not self.logs_in(OLD)
        after = self.files()
        assert {
            path: content.replace(new.encode(), OLD.encode()) for path, content in after.items()
        } == before
        (line,) = (self.state / "audit.log").read_text().splitlines()
        assert self.role in line
        return line

    def check_kill(self, step: str, steps: tuple[str, ...]) -> bool:
        """Kill a change after a step: a recovery ends it or takes it back. Return whether there was one to recover."""
        assert self.run("apply", die_at=step).outcome is None
        survivors = {password for password in self.passwords() if self.logs_in(password)}
        assert survivors or self.is_pending
        is_prepared = steps.index(step) >= steps.index("prepared")
        is_pending = self.is_pending
        if is_pending:
            assert self.run("recover").outcome == ("recovered" if is_prepared else "undone")
        assert (self.check_consistent() == OLD) is not is_prepared
        return is_pending

    def check_undo(self, step: str) -> None:
        """Kill a change after a step and undo it: everything is as before."""
        before = self.files()
        self.run("apply", die_at=step)
        assert self.run("undo").outcome == "undone"
        assert self.check_consistent() == OLD
        assert self.files() == before

    def write(self, config: str, env: str | None = None) -> None:
        """Write run.yaml and .env; `{port}`, `{role}`, `{old}` are filled in."""
        values = {"port": str(self.server.port), "role": self.role, "old": OLD}
        for name, value in values.items():
            config = config.replace(f"<{name}>", value)
            env = env.replace(f"<{name}>", value) if env is not None else None
        self.config.write_text(config)
        if env is not None:
            self.env_file.write_text(env)

    def request(self, backend: str | None = None, *, also: tuple[str, ...] = ()) -> RotationRequest:
        env_files = (str(self.env_file),) if self.env_file.exists() else ()
        return RotationRequest(
            LoadRequest(str(self.config), env_files=env_files, environ={"HOME": "/nowhere", **self.environ}),
            backend or self.backend,
            also,
        )

    async def plan(
        self,
        backend: str | None = None,
        *,
        also: tuple[str, ...] = (),
        terms: Terms | None = None,
        connect: float = PATIENCE,
    ) -> Plan:
        """Make a plan; `connect` is for a server that is not there, where the driver goes on trying for so long."""
        return (await prepare(self.request(backend, also=also), Timeouts(connect, PATIENCE), terms)).plan

    @property
    def state(self) -> Path:
        return self.folder.parent / f"{self.folder.name}-state"

    def run(
        self,
        do: str,
        *,
        die_at: str | None = None,
        backend: str | None = None,
        terms: tuple[str, ...] = (),
        chmod_at: tuple[str, Path, int] | None = None,
        file_limit: int | None = None,
    ) -> Run:
        """Apply, recover or confirm in a process of its own, which dies after a step; `terms` are switched on.

        `chmod_at` changes a mode right after a step; modes count there, also for root.
        """
        order = self._order(do, die_at, backend, terms, chmod_at, file_limit)
        done = fork_server.call(rotation_runner.main, order, folder=ROOT, environ=self._variables())
        assert "Traceback" not in done.err, done.err
        *steps, last = done.out.splitlines() or [""]
        if last.startswith("="):
            return Run(tuple(steps), last[1:])
        return Run((*steps, last), None)

    def start(self, do: str, *, backend: str | None = None, state: Path | None = None) -> fork_server.Told:
        """Start the same without waiting for it; `state` is another user's folder."""
        other = {} if state is None else {"LLAMA_STORAGE_TUI_STATE_DIR": str(state)}
        order = self._order(do, None, backend)
        environ = self._variables() | other
        return fork_server.listen(rotation_runner.main, order, folder=ROOT, environ=environ)

    def _order(
        self,
        do: str,
        die_at: str | None,
        backend: str | None,
        terms: tuple[str, ...] = (),
        chmod_at: tuple[str, Path, int] | None = None,
        file_limit: int | None = None,
    ) -> str:
        order = {
            "do": do,
            "config": str(self.config),
            "env_files": [str(self.env_file)] if self.env_file.exists() else [],
            "backend": backend or self.backend,
            "terms": dict.fromkeys(terms, True),
            "die_at": die_at,
            "chmod_at": None if chmod_at is None else [chmod_at[0], str(chmod_at[1]), chmod_at[2]],
            "file_limit": file_limit,
        }
        return json.dumps(order)

    def _variables(self) -> dict[str, str]:
        own = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LLAMA_STORAGE_TUI_STATE_DIR": str(self.state)}
        return own | self.environ

    def call(
        self, *words: str, typed: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `rotate` of the program itself on the config."""
        called = ("rotate", str(self.config), *words)
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nowhere",
            "LLAMA_STORAGE_TUI_STATE_DIR": str(self.state),
            **variables,
        }
        done = fork_server.call(main, called, folder=ROOT, environ=environ, typed=typed or "", seconds=60)
        return subprocess.CompletedProcess(called, *done)

    def passwords(self) -> set[str]:
        """Return every password that the files yield for the role."""
        entries = find_entries(read_sources(self.request()))
        targets = [entry.holder.target for entry in entries]
        return {
            target.password.reveal()
            for target in targets
            if target is not None and target.password is not None and target.user == self.role
        }

    def check_consistent(self) -> str:
        """Assert that one password is in all files, that it logs in, and that nothing lies about; return it."""
        (password,) = self.passwords()
        assert self.logs_in(password)
        names = [path.name for path in self.folder.rglob("*")]
        assert not [name for name in names if "llama-storage-tui" in name], names
        for path in self.state.rglob("*"):
            if path.is_file():
                text = path.read_text()
                assert OLD not in text
                assert password not in text
        return password

    def files(self) -> dict[str, bytes]:
        """Return every file of the folder, to compare with later."""
        return {str(path): path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def logs_in(self, password: str, *, host: str = "127.0.0.1") -> bool:
        return asyncio.run(self._logs_in(password, host))

    async def _logs_in(self, password: str, host: str) -> bool:
        raise NotImplementedError


class Deployment(Files[Server]):
    """On PostgreSQL."""

    async def _logs_in(self, password: str, host: str) -> bool:
        try:
            connection = await asyncpg.connect(
                host=host,
                port=self.server.port,
                user=self.role,
                password=password,
                database=DATABASE,
                ssl=False,
            )
        except asyncpg.InvalidPasswordError:
            return False
        await connection.close()
        return True


@contextmanager
def deployment(server: Server, place: Path) -> Iterator[Deployment]:
    """Make a role, and in a place an empty folder for its config; drop the role at the end."""
    role = f"rotated_{os.getpid()}_{next(NUMBERS)}"
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{OLD}'; GRANT CREATE ON SCHEMA public TO {role}")
    try:
        yield Deployment.within(place, server, role)
    finally:
        server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}';"
            f"DROP OWNED BY {role}; DROP ROLE {role}"
        )


def document(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(text)
