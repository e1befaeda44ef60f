"""A deployment that reaches PostgreSQL through PgBouncer in transaction mode: tested, browsed, searched, and its password changed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from llama_storage_tui.__main__ import main
from tests.poolers import ADMIN, PROGRAM, pooler
from tests.rotation_setup import OLD, Deployment

pytestmark = pytest.mark.skipif(
    PROGRAM is None,
    reason="pgbouncer is not installed (apt-get install pgbouncer); no Python package brings it",
)

CONFIG = """\
version: 2
distro_name: made-up
apis: []
providers:
  responses:
  - provider_id: builtin
    provider_type: inline::builtin
    config:
      persistence:
        agent_state: {backend: kv_default, namespace: agents}
        responses: {backend: sql_default, table_name: responses}
storage:
  backends:
    sql_default: {type: sql_postgres, host: 127.0.0.1, port: POOLER, db: llamastack, user: <role>, password: '${env.PW}'}
    kv_default: {type: kv_postgres, host: 127.0.0.1, port: POOLER, db: llamastack, user: <role>, password: '${env.PW}', table_name: keys}
    direct: {type: sql_postgres, host: 127.0.0.1, port: <port>, db: llamastack, user: <role>, password: '${env.PW}'}
  stores:
    metadata: {backend: kv_default, namespace: registry}
"""


@pytest.fixture
def deployed(empty_deployment: Deployment) -> Deployment:
    role = empty_deployment.role
    empty_deployment.server.execute(f"CREATE SCHEMA {role} AUTHORIZATION {role}")
    empty_deployment.server.execute(
        f"SET search_path = {role}; SET ROLE {role};"
        "CREATE TABLE keys (key text PRIMARY KEY, value text, expiration timestamptz);"
        "INSERT INTO keys VALUES ('registry:first', '{}', NULL), ('registry:second', '{}', NULL);"
        "CREATE TABLE responses (id varchar PRIMARY KEY, created_at integer, response_object json, model varchar,"
        " previous_response_id varchar, input_storage_mode varchar, access_attributes json, owner_principal varchar,"
        " tenant_id varchar);"
        "INSERT INTO responses (id, created_at, response_object, model) VALUES"
        ' (\'resp_one\', 1, \'{"id": "resp_one", "status": "completed", "output": [], "input": [{"type": "message",'
        ' "role": "user", "content": "Wo liegt Celle?"}]}\', \'m\'),'
        ' (\'resp_two\', 2, \'{"id": "resp_two", "status": "completed", "output": [], "input": []}\', \'m\')'
    )
    return empty_deployment


def asked(deployed: Deployment, capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401 - JSON
    command, *rest = words
    code = main([command, str(deployed.config), "--env-file", str(deployed.env_file), "--json", *rest])
    written = capsys.readouterr()
    assert code == 0, written
    return json.loads(written.out)


def test_it_is_tested_browsed_searched_and_its_password_changed_to_the_login_through_the_pooler(
    deployed: Deployment, userlist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(deployed.state))
    userlist.write_text(f'{ADMIN}"{deployed.role}" "{OLD}"\n')
    userlist.chmod(0o644)
    with pooler(deployed.server, userlist, auth_type="scram-sha-256", mode="transaction") as running:
        deployed.write(CONFIG.replace("POOLER", str(running.port)), "PW=<old>\n")
        for name in ("sql_default", "kv_default"):
            (result,) = asked(deployed, capsys, "test", name)["results"]
            assert (result["ok"], result["details"]["behind_a_pooler"]) == (True, True)
        counts = asked(deployed, capsys, "namespaces", "kv_default")["namespaces"]
        assert {each["name"]: each["keys"] for each in counts}["registry"] == 2
        keys = asked(deployed, capsys, "keys", "kv_default", "registry")["keys"]
        assert [each["key"] for each in keys] == ["registry:first", "registry:second"]
        rows = asked(deployed, capsys, "rows", "sql_default", "responses")["rows"]
        assert [each["id"] for each in rows] == ["resp_one", "resp_two"]
        found = asked(deployed, capsys, "responses", "list", "--contains", "Celle")["responses"]
        assert [each["id"] for each in found] == ["resp_one"]

        files = ("--env-file", str(deployed.env_file), "--userlist", str(userlist))
        refused = deployed.call("sql_default", "--yes", *files)
        assert refused.returncode == 4
        assert "A pooler is in between" in refused.stdout
        done = deployed.call("direct", "--yes", *files, "--json")
        assert done.returncode == 0, (done.stdout[-5000:], done.stderr[-5000:])
        asyncio.run(running.reload())
        new = deployed.check_consistent()
        asyncio.run(running.drop_servers())
        assert asyncio.run(running.login(deployed.role, new)) == deployed.role
        (result,) = asked(deployed, capsys, "test", "sql_default")["results"]
        assert result["ok"] is True
