"""`rotate` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from llama_storage_tui.__main__ import main
from llama_storage_tui.cli.rotation_document import RotateDocument
from tests.patience import PATIENCE
from tests.rotation_setup import OLD, Deployment

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
def deployed(empty_deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv("LLAMA_STORAGE_TUI_STATE_DIR", str(empty_deployment.state))
    empty_deployment.write(CONFIG)
    return empty_deployment


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


def test_a_rotation_needs_yes_where_nobody_can_be_asked(deployed: Deployment) -> None:
    before = deployed.files()
    done = deployed.call("sql_default", "--json")
    assert done.returncode == 4
    assert "Add --yes" in json.loads(done.stdout)["error"]["help"]
    assert deployed.files() == before


def test_a_rotation_changes_server_and_file_and_says_what_to_restart(deployed: Deployment) -> None:
    done = deployed.call("sql_default", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, RotateDocument.model_json_schema(by_alias=True))
    assert answer["outcome"] == "applied"
    assert answer["journal"]
    new = deployed.check_consistent()
    assert new != OLD
    assert new not in done.stdout + done.stderr
    assert OLD not in done.stdout + done.stderr


def test_a_password_from_stdin_is_taken_and_shown_only_on_demand(deployed: Deployment) -> None:
    done = deployed.call("sql_default", "--yes", "--password-stdin", "--show", typed="FromStdin123456\n")
    assert done.returncode == 0, done.stderr
    assert "new password: FromStdin123456" in done.stdout
    assert deployed.check_consistent() == "FromStdin123456"


def test_a_password_that_the_sites_cannot_carry_ends_with_4(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("'<old>'", "'${env.PW:=<old>}'"))
    done = deployed.call("sql_default", "--yes", "--password-stdin", "--json", typed="a}b}c}d\n")
    assert done.returncode == 4
    assert "cannot hold a }" in json.loads(done.stdout)["error"]["message"]
    assert "a}b}c}d" not in done.stdout + done.stderr
    assert deployed.check_consistent() == OLD


def test_a_pending_change_is_announced_told_and_finished(deployed: Deployment) -> None:
    assert deployed.call("--status", "--json").returncode == 0
    assert deployed.run("apply", die_at="committed").outcome is None
    status = deployed.call("--status", "--json")
    assert status.returncode == 5
    answer = json.loads(status.stdout)
    assert answer["outcome"] == "pending"
    assert answer["next"] == f"llama-storage-tui rotate {deployed.config} --recover"
    again = deployed.call("sql_default", "--yes", "--json")
    assert again.returncode == 5
    assert json.loads(again.stdout)["error"]["kind"] == "pending"
    shown = subprocess.run(
        [sys.executable, "-m", "llama_storage_tui", "show", str(deployed.config)],
        cwd=Path(__file__).parent.parent.parent,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LLAMA_STORAGE_TUI_STATE_DIR": str(deployed.state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0
    assert "is pending since" in shown.stderr
    done = deployed.call("--recover", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "recovered"
    new = deployed.check_consistent()
    for text in (status, again, shown, done):
        assert new not in text.stdout + text.stderr
        assert OLD not in text.stdout + text.stderr
    assert deployed.call("--status").returncode == 0


def test_options_that_exclude_each_other_are_a_mistake(deployed: Deployment) -> None:
    for words in (
        ("--status", "--recover"),
        ("sql_default", "--undo"),
        ("sql_default", "--generate", "--password-stdin"),
        ("sql_default", "--config-only", "--server-only", "--password-stdin"),
        ("sql_default", "--server-only", "--userlist", "users.txt"),
        ("--confirm", "--recover"),
        ("--new-password", "--status"),
    ):
        assert deployed.call(*words).returncode == 2
    assert deployed.call("--dry-run").returncode == 2


def test_files_alone_follow_the_server(deployed: Deployment) -> None:
    third = "Third0password1of2the3server4abc"
    assert deployed.call("sql_default", "--config-only").returncode == 2
    wrong = deployed.call("sql_default", "--config-only", "--password-stdin", "--yes", typed=third + "\n")
    assert wrong.returncode == 4
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{third}'")
    done = deployed.call("sql_default", "--config-only", "--password-stdin", "--yes", typed=third + "\n")
    assert done.returncode == 0, done.stderr
    assert deployed.check_consistent() == third
    assert third not in done.stdout + done.stderr


def test_a_third_password_is_adopted(deployed: Deployment) -> None:
    third = "Third0password1of2the3server4abc"
    assert deployed.run("apply", die_at="prepared").outcome is None
    deployed.server.execute(f"ALTER ROLE {deployed.role} PASSWORD '{third}'")
    stopped = deployed.call("--recover", "--yes", "--json")
    assert stopped.returncode == 5
    assert "--adopt" in json.loads(stopped.stdout)["error"]["help"]
    done = deployed.call("--adopt", "--password-stdin", "--yes", "--json", typed=third + "\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "recovered"
    assert deployed.check_consistent() == third


def test_the_server_alone_is_changed_and_confirmed_when_the_password_is_placed(deployed: Deployment) -> None:
    before = deployed.files()
    dry = deployed.call("sql_default", "--server-only", "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    assert json.loads(dry.stdout)["by_hand"][0]["place"] == f"{deployed.config}:6"
    assert deployed.files() == before
    done = deployed.call("sql_default", "--server-only", "--yes", "--json")
    assert done.returncode == 5, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, RotateDocument.model_json_schema(by_alias=True))
    assert answer["outcome"] == "pending"
    assert answer["next"] == f"llama-storage-tui rotate {deployed.config} --confirm"
    assert answer["waiting"]
    status = deployed.call("--status")
    assert status.returncode == 5
    assert f"{deployed.config}, line 6" in status.stdout
    early = deployed.call("--confirm", "--json")
    assert early.returncode == 5
    assert json.loads(early.stdout)["outcome"] == "pending"
    given = deployed.call("--new-password")
    assert given.returncode == 0
    new = given.stdout
    assert deployed.logs_in(new), "nothing but the password, without a newline"
    assert json.loads(deployed.call("--new-password", "--json").stdout)["password"] == new
    deployed.config.write_text(deployed.config.read_text().replace(OLD, new))
    confirmed = deployed.call("--confirm", "--json")
    assert confirmed.returncode == 0, confirmed.stderr
    assert json.loads(confirmed.stdout)["outcome"] == "applied"
    assert deployed.check_consistent() == new
    for text in (dry, done, status, early, confirmed):
        assert new not in text.stdout + text.stderr
        assert OLD not in text.stdout + text.stderr
    assert deployed.call("--new-password").returncode == 1


def test_a_variable_of_the_process_is_left_where_that_is_asked_for(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("'<old>'", "'${env.PW}'"))
    refused = deployed.call("sql_default", "--yes", PW=OLD)
    assert refused.returncode == 4
    assert "--outside" in refused.stdout
    done = deployed.call("sql_default", "--yes", "--outside", PW=OLD)
    assert done.returncode == 5, done.stderr
    assert "variable PW" in done.stdout
    assert "kubectl patch secret" in done.stdout
    assert f"Confirm it with: llama-storage-tui rotate {deployed.config} --confirm" in done.stdout
    new = deployed.call("--new-password", PW=OLD).stdout
    assert deployed.call("--confirm", PW=OLD).returncode == 5
    confirmed = deployed.call("--confirm", PW=new)
    assert confirmed.returncode == 0, confirmed.stderr
    assert deployed.logs_in(new)
    assert deployed.call("--status").returncode == 0


def test_the_printed_commands_carry_the_password_from_the_journal_to_its_file(
    deployed: Deployment, tmp_path: Path
) -> None:
    deployed.write(CONFIG.replace("'<old>'", "'${env.PW}'"))
    done = deployed.call("sql_default", "--yes", "--outside", "--json", PW=OLD)
    (patch,) = json.loads(done.stdout)["by_hand"]
    (way,) = [way for way in patch["ways"] if "umask" in way]
    command = way.partition(": ")[2]
    program = f"{sys.executable} -m llama_storage_tui"

    def run(target: Path) -> int:
        called = command.replace("> NEW_FILE", f"> {target}").replace("llama-storage-tui", program, 1)
        return subprocess.run(
            ["/bin/sh", "-c", called],
            cwd=Path(__file__).parent.parent.parent,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": "/nowhere",
                "LLAMA_STORAGE_TUI_STATE_DIR": str(deployed.state),
            },
            check=False,
            timeout=PATIENCE,
        ).returncode

    (tmp_path / "all.env").write_text("OTHER=kept\n")
    assert run(tmp_path / "all.env") != 0
    assert (tmp_path / "all.env").read_text() == "OTHER=kept\n"
    assert run(tmp_path / "new.env") == 0
    assert (tmp_path / "new.env").stat().st_mode & 0o777 == 0o600
    confirmed = deployed.call("--confirm", "--env-file", str(tmp_path / "new.env"), PW=OLD)
    assert confirmed.returncode == 0, confirmed.stderr


def test_a_list_of_pgbouncer_follows(deployed: Deployment) -> None:
    users = deployed.folder / "userlist.txt"
    users.write_text(f'"{deployed.role}" "{OLD}"\n')
    done = deployed.call("sql_default", "--yes", "--userlist", str(users), "--json")
    assert done.returncode == 0, done.stderr
    (site,) = [site for site in json.loads(done.stdout)["plan"]["sites"] if site["file"] == str(users)]
    assert site["via"] == "PgBouncer userlist, plain text"
    new = deployed.check_consistent()
    assert users.read_text() == f'"{deployed.role}" "{new}"\n'
    assert new not in done.stdout + done.stderr


def test_the_debug_log_holds_no_password(deployed: Deployment, tmp_path: Path) -> None:
    log = tmp_path / "debug.log"
    done = deployed.call("sql_default", "--yes", "--log-file", str(log))
    assert done.returncode == 0, done.stderr
    new = deployed.check_consistent()
    wrong = deployed.call(
        "sql_default",
        "--config-only",
        "--password-stdin",
        "--yes",
        "--log-file",
        str(log),
        typed="Wrong0pass\n",
    )
    assert wrong.returncode == 4
    for secret in (OLD, new, "Wrong0pass"):
        assert secret not in log.read_text()


def test_an_unchecked_server_is_gone_on_with_only_at_the_operators_word(deployed: Deployment) -> None:
    deployed.write(CONFIG.replace("<role>", "trusted"))
    refused = deployed.call("sql_default", "--yes", "--json")
    assert refused.returncode == 4
    (check,) = [check for check in json.loads(refused.stdout)["plan"]["checks"] if not check["ok"]]
    assert "--accept-unchecked" in check["help"]
    done = deployed.call("sql_default", "--yes", "--accept-unchecked", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "applied"
    assert answer["verified"] is False
    assert any("Nothing was verified" in notice for notice in answer["notices"])
