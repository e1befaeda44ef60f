"""Plans against a real server: which places hold the credential, and what stops before anything is touched."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.model.rotation import Action, Plan
from llama_storage_tui.services.rotation.plan import prepare
from tests.patience import PATIENT
from tests.ports import free_port
from tests.rotation_setup import OLD, Deployment
from tests.servers import DATABASE, Server

CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    sql_default:
      type: sql_postgres
      host: 127.0.0.1
      port: <port>
      db: llamastack
      user: <role>
      password: ${env.PW}
    kv_default:
      type: kv_postgres
      host: localhost
      port: <port>
      db: llamastack
      user: <role>
      password: ${env.PW:=<old>}
    kv_other:
      type: kv_postgres
      host: 127.0.0.1
      port: <port>
      db: llamastack
      user: operator
      password: "p@ss:w/o%rd #1 ümläut"
    local: {type: sql_sqlite, db_path: /tmp/x.db}
    cache: {type: kv_redis, host: h, port: 1}
providers:
  vector_io:
  - provider_id: ${env.NOT_THERE:+pgvector}
    provider_type: remote::pgvector
    config: {host: 127.0.0.1, port: <port>, db: llamastack, user: <role>, password: '<old>'}
  tools:
  - provider_id: external
    provider_type: remote::external
    config:
      dsn: postgresql://<role>:<old>@127.0.0.1:<port>/llamastack
"""


@pytest.fixture
def deployed(empty_deployment: Deployment) -> Deployment:
    return empty_deployment


def refused(plan: Plan, name: str) -> str:
    check = plan.refusal
    assert check is not None, "the plan refuses nothing"
    assert check.name == name, check
    assert OLD not in check.message
    return check.message


async def test_every_place_of_the_role_is_found_and_would_change(deployed: Deployment) -> None:
    deployed.write(CONFIG, "export PW='<old>' # the password\n")
    other = deployed.folder / "second.yaml"
    other.write_text(deployed.config.read_text().replace("${env.PW}", OLD))
    before = deployed.files()
    plan = await deployed.plan(also=(str(other),))
    assert plan.refusal is None, plan.checks
    assert deployed.files() == before
    found = {(Path(site.config).name, site.path, Path(site.file or "").name, site.via) for site in plan.sites}
    for config in ("run.yaml", "second.yaml"):
        assert {
            (config, "storage.backends.kv_default.password", ".env", "variable PW"),
            (config, "storage.backends.kv_default.password", config, "default of PW"),
            (config, "providers.vector_io[0].config.password", config, "literal"),
            (config, "providers.tools[0].config.dsn", config, "literal in a URI"),
        } <= found
    assert ("run.yaml", "storage.backends.sql_default.password", ".env", "variable PW") in found
    assert ("second.yaml", "storage.backends.sql_default.password", "second.yaml", "literal") in found
    assert {site.action for site in plan.sites} == {Action.WRITE}
    assert not any("kv_other" in site.path for site in plan.sites)
    assert plan.credential.role == deployed.role
    assert plan.credential.server.isdecimal()
    assert plan.credential.backends == ("sql_default", "kv_default")
    # .env once, run.yaml three times (default, pgvector, URI), second.yaml four times.
    assert len(plan.changes) == 8
    shown = repr(plan)
    assert OLD not in shown
    assert any(change.before == "export PW='********' # the password" for change in plan.changes)


async def test_sessions_of_the_role_are_the_restart_list(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    connection = await asyncpg.connect(
        host="127.0.0.1",
        port=deployed.server.port,
        user=deployed.role,
        password=OLD,
        database=DATABASE,
        ssl=False,
        server_settings={"application_name": "ogx"},
    )
    try:
        plan = await deployed.plan()
    finally:
        await connection.close()
    assert [(session.application, session.database) for session in plan.restart] == [("ogx", DATABASE)]


async def test_a_drifted_site_is_listed_and_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("password: '<old>'", "password: 'Another'"), "PW=<old>\n")
    plan = await deployed.plan()
    assert "providers.vector_io[0].config.password" in refused(plan, "drift")
    assert [site.action for site in plan.sites if "vector_io" in site.path] == [Action.DRIFTED]


async def test_a_wrong_password_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=wrong\n")
    assert "refuses the role or its password" in refused(await deployed.plan(), "login")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("ALTER ROLE {role} NOLOGIN", "refuses|lets this role"),
        ("ALTER ROLE {role} CONNECTION LIMIT 0", "no free connection"),
    ],
)
async def test_a_login_that_is_not_let_in_stops(deployed: Deployment, sql: str, words: str) -> None:
    deployed.server.execute(sql.format(role=deployed.role))
    deployed.write(CONFIG, "PW=<old>\n")

    assert re.search(words, refused(await deployed.plan(), "login"))


async def test_an_unknown_role_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("user: <role>", "user: nobody_at_all"), "PW=<old>\n")
    assert "refuses the role or its password" in refused(await deployed.plan(), "login")


async def test_a_missing_database_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("db: llamastack", "db: nowhere", 1), "PW=<old>\n")
    assert "no database of that name" in refused(await deployed.plan(), "login")


async def test_a_connection_limit_of_one_stops(deployed: Deployment) -> None:
    deployed.server.execute(f"ALTER ROLE {deployed.role} CONNECTION LIMIT 1")
    deployed.write(CONFIG, "PW=<old>\n")
    assert "1 of them for this role" in refused(await deployed.plan(), "connections")


async def test_trust_is_found_out(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("user: <role>", "user: trusted"), "PW=<old>\n")
    assert "with any password" in refused(await deployed.plan(), "passwords-checked")


async def test_a_role_that_acts_as_another_stops(deployed: Deployment) -> None:
    deployed.server.execute(
        f"CREATE ROLE {deployed.role}_owner; GRANT {deployed.role}_owner TO {deployed.role}"
    )
    deployed.server.execute(f"ALTER ROLE {deployed.role} SET role = {deployed.role}_owner")
    deployed.write(CONFIG, "PW=<old>\n")
    try:
        assert "acts as" in refused(await deployed.plan(), "role")
    finally:
        deployed.server.execute(f"ALTER ROLE {deployed.role} RESET role; DROP ROLE {deployed.role}_owner")


async def test_a_read_only_role_stops(deployed: Deployment) -> None:
    deployed.server.execute(f"ALTER ROLE {deployed.role} SET default_transaction_read_only = on")
    deployed.write(CONFIG, "PW=<old>\n")
    assert "read-only" in refused(await deployed.plan(), "primary")


async def test_a_variable_of_two_credentials_stops(deployed: Deployment) -> None:
    text = CONFIG.replace('password: "p@ss:w/o%rd #1 ümläut"', "password: ${env.PW}")
    deployed.write(text, "PW=<old>\n")
    assert "storage.backends.kv_other.password" in refused(await deployed.plan(), "shared-variables")


async def test_another_role_with_the_same_password_is_left_alone(deployed: Deployment) -> None:
    deployed.server.execute(f"CREATE ROLE {deployed.role}_twin LOGIN PASSWORD '{OLD}'")
    text = CONFIG.replace(
        'user: operator\n      password: "p@ss:w/o%rd #1 ümläut"', "user: <role>_twin\n      password: <old>"
    )
    deployed.write(text, "PW=<old>\n")
    try:
        plan = await deployed.plan()
    finally:
        deployed.server.execute(f"DROP ROLE {deployed.role}_twin")
    assert plan.refusal is None, plan.checks
    assert not any("kv_other" in site.path for site in plan.sites)
    assert len(plan.changes) == 4


async def test_a_variable_that_something_else_reads_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG + "telemetry: {token: '${env.PW}'}\n", "PW=<old>\n")
    assert "telemetry.token" in refused(await deployed.plan(), "shared-variables")


async def test_a_variable_of_the_process_alone_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG)
    deployed.environ["PW"] = OLD
    assert "process environment" in refused(await deployed.plan(), "by-hand")


async def test_a_process_variable_that_the_file_overrides_is_told(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    deployed.environ["PW"] = "else"
    plan = await deployed.plan()
    assert plan.refusal is None
    assert any("to something else today" in (site.note or "") for site in plan.sites)
    assert plan.config_notices


@pytest.mark.parametrize("env", [None, "PW=\n"])
async def test_the_default_counts_where_the_variable_is_unset_or_empty(
    deployed: Deployment, env: str | None
) -> None:
    deployed.write(CONFIG.replace("${env.PW}", "${env.PW:=<old>}"), env)
    plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert {site.via for site in plan.sites} == {"default of PW", "literal", "literal in a URI"}
    assert any(check.name == "defaults" for check in plan.checks)


async def test_a_default_that_is_overridden_and_different_is_left_alone(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("${env.PW:=<old>}", "${env.PW:=changeme}"), "PW=<old>\n")
    plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert [site.action for site in plan.sites if site.via == "default of PW"] == [Action.LEAVE]


async def test_two_env_files_are_both_written(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    first = deployed.folder / "base.env"
    first.write_text(f"PW={OLD}\n")
    request = deployed.request()

    load = replace(request.load, env_files=(str(first), str(deployed.env_file)))
    plan = (await prepare(replace(request, load=load), PATIENT)).plan
    assert plan.refusal is None, plan.checks
    assert {change.file for change in plan.changes} == {
        str(first),
        str(deployed.env_file),
        str(deployed.config),
    }


async def test_a_pasted_password_is_compared_as_servers_read_it(deployed: Deployment) -> None:
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD 'p#x%y'")
    text = (
        CONFIG.replace("${env.PW}", "p#x%25y")
        .replace("${env.PW:=<old>}", "p#x%y")
        .replace("'<old>'", "'p#x%y'")
    )
    text = text.replace(":<old>@", ":p%23x%25y@")
    deployed.write(text)

    request = deployed.request()
    plan = (await prepare(replace(request, load=replace(request.load, version="0.3.5")), PATIENT)).plan
    assert plan.refusal is None, plan.checks
    assert len([site for site in plan.sites if site.action is Action.WRITE]) == 4


async def test_an_alias_shared_by_sites_is_one_change(deployed: Deployment) -> None:
    text = (
        CONFIG.replace("${env.PW}", "&pw <old>").replace("${env.PW:=<old>}", "*pw").replace("'<old>'", "*pw ")
    )
    deployed.write(text)
    plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert len(plan.changes) == 2


async def test_an_alias_shared_with_something_else_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("${env.PW}", "&pw <old>").replace("${env.PW:=", "${env.PX:=") + "x: *pw\n")
    assert "takes it over with an alias" in refused(await deployed.plan(), "edits")


async def test_an_address_that_does_not_answer_stops_where_the_password_is_the_same(
    deployed: Deployment,
) -> None:
    deployed.write(
        CONFIG.replace("host: localhost\n      port: <port>", "host: localhost\n      port: 1"), "PW=<old>\n"
    )
    assert "cannot be determined" in refused(await deployed.plan(), "sites")


async def test_a_hard_linked_file_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    os.link(deployed.env_file, deployed.folder / "other name")
    assert "2 hard links" in refused(await deployed.plan(), "files")


async def test_a_dangling_link_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG)
    link = deployed.folder / "link.env"
    link.symlink_to("nowhere")

    request = deployed.request()
    with pytest.raises(RefusedError, match="leads nowhere"):
        await prepare(replace(request, load=replace(request.load, env_files=(str(link),))), PATIENT)


@pytest.mark.parametrize(
    ("backend", "words"), [("local", "SQLite has no credential"), ("cache", "no field for a password")]
)
async def test_engines_without_a_credential_say_so(deployed: Deployment, backend: str, words: str) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    with pytest.raises(RefusedError, match=words):
        await deployed.plan(backend)


async def test_an_unknown_backend_is_named(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    with pytest.raises(UsageError, match="no backend 'nope'"):
        await deployed.plan("nope")


async def test_a_config_map_is_planned_like_a_file(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("${env.PW}", "<old>").replace("${env.PW:=", "${env.PX:="))
    text = "".join("    " + line + "\n" for line in deployed.config.read_text().splitlines())
    deployed.config.write_text(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  run.yaml: |\n{text}"
    )
    plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    lines = deployed.config.read_text().splitlines()
    assert all(OLD in lines[change.line - 1] for change in plan.changes)
    assert len(plan.changes) == 4


async def test_only_one_wrong_password_is_tried(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    log = deployed.server.pgdata / "log"
    before = log.read_text(errors="replace").count(f'failed for user "{deployed.role}"')
    await deployed.plan()
    await asyncio.sleep(0)
    assert log.read_text(errors="replace").count(f'failed for user "{deployed.role}"') == before + 1


@contextmanager
def copy_of(server: Server, *, is_standby: bool = False) -> Iterator[int]:
    """Start a server from another's files, as a restored backup is or as a standby; yield its port."""
    folder = Path(tempfile.mkdtemp(prefix="lst-pg-"))
    made = server._postgres
    port = free_port()
    try:
        server.execute("CHECKPOINT")
        data = folder / "data"
        shutil.copytree(server.pgdata, data, ignore=shutil.ignore_patterns("postmaster.pid"))
        data.chmod(0o700)
        if is_standby:
            (data / "standby.signal").touch()
        if made.system_user is not None:
            for path in (folder, data, *data.rglob("*")):
                shutil.chown(path, user=made.system_user)
        folder.chmod(0o755)
        copy = Server(port, folder, data, made)
        copy.control("-l", str(data / "log"), "-o", f"-h 127.0.0.1 -p {port} -k {folder}", "start")
        try:
            yield port
        finally:
            copy.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_restored_copy_of_the_server_is_another_server(deployed: Deployment) -> None:
    """It has the same system identifier and role OID, and would not take the new password."""
    deployed.write(CONFIG, "PW=<old>\n")
    with copy_of(deployed.server) as port:
        text = deployed.config.read_text().replace(
            f"host: localhost\n      port: {deployed.server.port}", f"host: localhost\n      port: {port}"
        )
        assert str(port) in text
        deployed.config.write_text(text.replace("${env.PW:=", "${env.PX:="))
        plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert not any("kv_default" in site.path for site in plan.sites)
    assert plan.credential.backends == ("sql_default",)


async def test_a_standby_stops(deployed: Deployment) -> None:
    deployed.write(CONFIG, "PW=<old>\n")
    with copy_of(deployed.server, is_standby=True) as port:
        text = deployed.config.read_text().replace(f"port: {deployed.server.port}", f"port: {port}")
        deployed.config.write_text(text)
        assert "a replica" in refused(await deployed.plan(), "primary")
