"""`rotate` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.__main__ import main
from llama_storage_tui.cli.rotation_document import RotateDocument
from tests.rotation_setup import OLD, Deployment, deployment
from tests.servers import Server

CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    sql_default:
      {type: sql_postgres, host: 127.0.0.1, port: <port>, db: llamastack, user: <role>, password: '<old>'}
    local: {type: sql_sqlite, db_path: /tmp/x.db}
"""


@pytest.fixture
def deployed(postgres_server: Server, tmp_path: Path) -> Iterator[Deployment]:
    with deployment(postgres_server, tmp_path) as made:
        made.write(CONFIG)
        yield made


def test_a_dry_run_prints_the_plan_and_changes_nothing(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    before = deployed.files()
    assert main(["rotate", str(deployed.config), "sql_default", "--dry-run", "--json"]) == 0
    out, err = capsys.readouterr()
    answer = json.loads(out)
    jsonschema.validate(answer, RotateDocument.model_json_schema(by_alias=True))
    assert answer["outcome"] == "none"
    assert answer["journal"] is None
    assert answer["plan"]["credential"]["role"] == deployed.role
    (site,) = answer["plan"]["sites"]
    assert (site["file"], site["line"], site["action"]) == (str(deployed.config), 6, "write")
    assert deployed.files() == before
    assert deployed.logs_in(OLD)
    assert OLD not in out + err


def test_people_read_the_same(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rotate", str(deployed.config), "sql_default", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert f"role {deployed.role} on server" in out
    assert "password: '******** (new)'}" in out
    assert OLD not in out + err


def test_a_refused_plan_ends_with_4(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(CONFIG.replace("<old>", "wrong"))
    assert main(["rotate", str(deployed.config), "sql_default", "--dry-run", "--json"]) == 4
    answer = json.loads(capsys.readouterr().out)
    assert answer["outcome"] == "refused"
    assert [check["name"] for check in answer["plan"]["checks"] if not check["ok"]] == ["login"]


def test_a_backend_without_a_credential_ends_with_4(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rotate", str(deployed.config), "local", "--dry-run", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "refused"


def test_an_unreachable_server_ends_with_4(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.write(CONFIG.replace("<port>", "1"))
    assert main(["rotate", str(deployed.config), "sql_default", "--dry-run", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["outcome"] == "refused"
