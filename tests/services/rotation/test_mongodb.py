"""Plans for a MongoDB user against a real server: which places hold the credential, and what stops before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.model.rotation import Action, Plan, Terms
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.plan import prepare
from tests.mongo_servers import (
    CONFIG,
    MongoDeployment,
    mongodb,
)
from tests.patience import PATIENT
from tests.rotation_setup import OLD
from tests.stores import LEAVES_SOCKETS

pytestmark = LEAVES_SOCKETS
LEGACY = """\
version: '2'
image_name: made-up
metadata_store: {type: mongodb, host: localhost, port: <port>, user: <role>, password: <old>}
"""
CERTIFICATES = Path(__file__).parents[2] / "certificates"


@pytest.fixture
def deployed(mongo_deployed: MongoDeployment) -> MongoDeployment:
    mongo_deployed.write(CONFIG, "# before\nexport PW='<old>' # after\n")
    return mongo_deployed


def refused(plan: Plan, name: str) -> str:
    check = plan.refusal
    assert check is not None, "the plan refuses nothing"
    assert check.name == name, plan.checks
    return f"{check.message} {check.help}"


async def test_a_plan_finds_every_place_of_the_user_and_touches_nothing(deployed: MongoDeployment) -> None:
    second = deployed.folder / "legacy.yaml"
    deployed.write(LEGACY)
    deployed.config.rename(second)
    deployed.write(CONFIG)
    before = deployed.files()
    plan = await deployed.plan(also=(str(second),))
    assert plan.refusal is None, plan.checks
    assert deployed.files() == before
    found = {(Path(site.config).name, site.path, Path(site.file or "").name, site.via) for site in plan.sites}
    assert found == {
        ("run.yaml", "storage.backends.documents.password", ".env", "variable PW"),
        ("run.yaml", "storage.backends.more.password", "run.yaml", "literal"),
        ("run.yaml", "providers.tools[0].config.url", "run.yaml", "literal in a URI"),
        ("legacy.yaml", "metadata_store.password", "legacy.yaml", "literal"),
    }
    assert {site.action for site in plan.sites} == {Action.WRITE}
    assert plan.credential.role == f"{deployed.role}@admin"
    assert plan.credential.server == "replica set made-up"
    assert plan.credential.backends == ("documents", "more", "metadata_store")
    assert len(plan.changes) == 4
    assert plan.server_steps == ("old-checked", "committed")
    assert OLD not in repr(plan)


async def test_an_inline_store_of_0_2_is_planned_by_its_place(deployed: MongoDeployment) -> None:
    deployed.write(LEGACY)
    plan = await deployed.plan("metadata_store")
    assert plan.refusal is None, plan.checks
    assert [site.path for site in plan.sites] == ["metadata_store.password"]


async def test_a_user_of_the_same_name_in_another_database_is_somebody_else(
    deployed: MongoDeployment,
) -> None:
    server, user = deployed.server, deployed.role
    server.run({"createUser": user, "pwd": OLD, "roles": []}, database="other")
    try:
        deployed.write(CONFIG.replace("directConnection=true", "authSource=other"), f"PW={OLD}\n")
        plan = await deployed.plan()
    finally:
        server.run({"dropUser": user}, database="other")
    assert plan.refusal is None, plan.checks
    assert not any("more" in site.path for site in plan.sites)


async def test_the_same_user_and_password_at_another_server_is_another_credential(
    deployed: MongoDeployment,
) -> None:
    with mongodb() as other:
        other.run({"createUser": deployed.role, "pwd": OLD, "roles": []})
        text = CONFIG.replace("localhost:<port>", f"localhost:{other.port}")
        deployed.write(text, f"PW={OLD}\n")
        plan = await deployed.plan()
    assert plan.refusal is None, plan.checks
    assert not any("more" in site.path for site in plan.sites)


async def test_a_drifted_place_is_listed_and_stops(deployed: MongoDeployment) -> None:
    deployed.write(CONFIG.replace("password: <old>", "password: Another"))
    plan = await deployed.plan()
    assert "storage.backends.more.password" in refused(plan, "drift")
    assert [site.action for site in plan.sites if "more" in site.path] == [Action.DRIFTED]


async def test_a_wrong_password_stops(deployed: MongoDeployment) -> None:
    deployed.write(CONFIG, "PW=wrong\n")
    assert "refuses the user or its password" in refused(await deployed.plan(), "login")


async def test_a_server_that_is_not_there_stops(deployed: MongoDeployment) -> None:
    deployed.write(CONFIG.replace("port: <port>", "port: 1"))
    assert "nothing listens there" in refused(await deployed.plan(connect=1), "login")


async def test_a_member_that_stepped_down_stops_a_change_and_not_the_files_alone(
    deployed: MongoDeployment,
) -> None:
    direct = "host: 'mongodb://127.0.0.1:<port>/?directConnection=true'"
    deployed.write(
        CONFIG.replace("host: 127.0.0.1", direct).replace("?authSource=admin", "?directConnection=true")
    )
    with deployed.server.stepped_down():
        plan = await deployed.plan()
        files = await deployed.plan(terms=Terms(Secret(OLD)))
    assert "not a writable primary" in refused(plan, "primary")
    assert files.refusal is None, files.checks


async def test_a_set_without_a_primary_stops(deployed: MongoDeployment) -> None:
    with deployed.server.stepped_down():
        plan = (await prepare(deployed.request(), Timeouts(connect=1))).plan
    assert "No primary answers" in refused(plan, "login")


async def test_a_list_of_pgbouncer_is_no_place_of_a_mongodb_user(deployed: MongoDeployment) -> None:
    userlist = deployed.folder / "userlist.txt"
    userlist.write_text(f'"{deployed.role}" "{OLD}"\n')
    plan = (await prepare(replace(deployed.request(), userlist=str(userlist)), PATIENT)).plan
    assert "roles of PostgreSQL" in refused(plan, "userlist")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (", user: <role>", "", "without a user"),
        (", password: '${env.PW}'", "", "no password"),
        ("host: 127.0.0.1", "host: 'mongodb://u:p@h'", "servers never use"),
        ("host: 127.0.0.1", "host: 'mongodb://h/?authMechanism=PLAIN'", "logs in with PLAIN"),
        ("host: 127.0.0.1", "host: /tmp/x", "neither a name nor"),
    ],
)
async def test_a_backend_without_a_password_of_its_own_says_why(
    deployed: MongoDeployment, before: str, after: str, words: str
) -> None:
    assert before in CONFIG
    deployed.write(CONFIG.replace(before, after, 1))
    with pytest.raises(RefusedError, match=words):
        await deployed.plan()


async def test_tls_is_what_the_uri_says(deployed: MongoDeployment) -> None:
    with mongodb(str(CERTIFICATES / "server.crt"), str(CERTIFICATES / "server.key")) as secure:
        host = f"mongodb://localhost:{secure.port}/?directConnection=true&tls=true&tlsCAFile={CERTIFICATES / 'ca.crt'}"
        text = CONFIG.replace("host: 127.0.0.1", f"host: '{host}'").replace("user: <role>", "user: root", 1)
        deployed.write(text, "PW=made-up-root\n")
        plan = await deployed.plan()
        assert plan.refusal is None, plan.checks
        assert any("root@admin may change its own password" in check.message for check in plan.checks)
        assert "roles of the user: root@admin" in plan.privileges
        deployed.write(text.replace("ca.crt", "other-ca.crt"), "PW=made-up-root\n")
        assert "certificate is refused" in refused(await deployed.plan(connect=1), "login")


async def test_files_alone_are_planned_with_the_password_that_the_server_has(
    deployed: MongoDeployment,
) -> None:
    deployed.set_password("SetByAnAdministrator1")
    plan = await deployed.plan(terms=Terms(Secret("SetByAnAdministrator1")))
    assert plan.refusal is None, plan.checks
    assert plan.server_steps == ()
    assert {site.action for site in plan.sites} == {Action.WRITE}
