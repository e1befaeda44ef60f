"""`rotate` of a MongoDB user on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.__main__ import main
from llama_storage_tui.cli.rotation_document import RotateDocument
from tests.mongo_servers import MongoDeployment
from tests.rotation_setup import OLD
from tests.stores import LEAVES_SOCKETS

pytestmark = LEAVES_SOCKETS
CONFIG = """\
version: 2
image_name: made-up
storage:
  backends:
    documents: {type: kv_mongodb, host: 127.0.0.1, port: <port>, db: stack, user: <role>, password: '${env.PW:=<old>}'}
"""
WITHOUT_DRIVER = (
    "import sys; sys.modules['pymongo'] = None; from llama_storage_tui.__main__ import console; console()"
)


@pytest.fixture
def deployed(mongo_deployed: MongoDeployment) -> MongoDeployment:
    mongo_deployed.env_file.unlink()
    mongo_deployed.write(CONFIG)
    return mongo_deployed


def test_a_change_is_planned_made_and_told_without_a_password(
    deployed: MongoDeployment, tmp_path: Path
) -> None:
    planned = deployed.call("documents", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert f"role {deployed.role}@admin on server replica set made-up" in planned.stdout
    assert "updateUser" in planned.stdout
    assert "to restart afterwards\n" in planned.stdout
    log = tmp_path / "debug.log"
    done = deployed.call("documents", "--yes", "--json", "--log-file", str(log))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, RotateDocument.model_json_schema(by_alias=True))
    assert answer["outcome"] == "applied"
    assert answer["plan"]["connections"] is None
    new = deployed.check_consistent()
    assert new != OLD
    for text in (planned.stdout, planned.stderr, done.stdout, done.stderr, log.read_text()):
        assert OLD not in text
        assert new not in text


def test_what_goes_wrong_at_the_server_is_told_without_a_password(
    deployed: MongoDeployment, tmp_path: Path
) -> None:
    log = tmp_path / "debug.log"
    with deployed.server.failing(failCommands=["updateUser"], closeConnection=True):
        done = deployed.call(
            "documents", "--yes", "--json", "--password-stdin", "--log-file", str(log), typed="Typed1Typed2\n"
        )
    assert done.returncode == 5, done.stderr
    assert deployed.call("--status").returncode == 5
    assert deployed.call("--new-password").stdout == "Typed1Typed2"
    recovered = deployed.call("--recover", "--yes", "--log-file", str(log))
    assert recovered.returncode == 0, recovered.stderr
    assert deployed.check_consistent() == "Typed1Typed2"
    for text in (done.stdout, done.stderr, recovered.stdout, recovered.stderr, log.read_text()):
        assert OLD not in text
        assert "Typed1Typed2" not in text


def test_a_variable_of_the_process_is_left_where_that_is_asked_for(deployed: MongoDeployment) -> None:
    deployed.write(CONFIG.replace("${env.PW:=<old>}", "${env.PW}"))
    assert deployed.call("documents", "--yes", PW=OLD).returncode == 4
    done = deployed.call("documents", "--yes", "--outside", "--json", PW=OLD)
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["by_hand"][0]["place"] == "variable PW"
    new = deployed.call("--new-password").stdout
    assert deployed.logs_in(new)
    assert deployed.call("--confirm", PW=OLD).returncode == 5
    assert deployed.call("--confirm", PW=new).returncode == 0


def test_an_administrators_password_goes_to_the_files_alone(deployed: MongoDeployment) -> None:
    deployed.set_password("SetByAnAdministrator1")
    done = deployed.call(
        "documents", "--config-only", "--password-stdin", "--yes", typed="SetByAnAdministrator1\n"
    )
    assert done.returncode == 0, done.stderr
    assert deployed.check_consistent() == "SetByAnAdministrator1"


def test_without_the_driver_it_ends_with_4_and_the_next_step(deployed: MongoDeployment) -> None:
    command = [
        sys.executable,
        "-c",
        WITHOUT_DRIVER,
        "rotate",
        str(deployed.config),
        "documents",
        "--dry-run",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["kind"] == "refused"
    assert "pymongo" in error["message"]
    assert error["help"] == "pip install 'llama-storage-tui[mongo]'"


def test_its_backend_is_tested_like_any_other(
    deployed: MongoDeployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["test", str(deployed.config), "--json"]) == 0
    out, err = capsys.readouterr()
    (answer,) = json.loads(out)["results"]
    assert (answer["ok"], answer["writable"], answer["user"]) == (True, True, f"{deployed.role}@admin")
    assert answer["details"]["server_is"] == "the primary of set made-up"
    assert OLD not in out + err
