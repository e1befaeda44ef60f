"""The config as an operator is shown it: line for line as in the file, and no secret of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from llama_storage_tui.config.edit.masked import masked_text
from llama_storage_tui.errors import UsageError
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.config_view import ConfigText, lines_around, read_config_text
from llama_storage_tui.services.requests import LoadRequest

SECRETS = {
    "literal": "password: hunter2-literal",
    "quoted": 'password: "hunter2-quoted"',
    "number": "password: 4711471147",
    "block": "password: |\n        hunter2-block\n        hunter2-second",
    "folded": "password: >-\n        hunter2-folded",
    "plain over lines": "password: hunter2-first\n        hunter2-next",
    "default": "password: ${env.PW:=hunter2-default}",
    "alternative": "password: ${env.PW:+hunter2-alternative}",
    "around an expression": "password: hunter2-${env.PW}-hunter2",
    "uri": "connection_string: postgresql://user:hunter2-uri@host/db",
    "uri under another name": "host: mongodb://user:hunter2-host@host:27017/?x=1",
    "query of a uri": "url: https://host/path?api_key=hunter2-query&x=1",
    "mistyped": "pasword: hunter2-typo",
    "below a secret": "credentials:\n        user: hunter2-user\n        list: [hunter2-a, hunter2-b]",
    "json in a string": 'headers: \'{"Authorization": "Bearer hunter2-json"}\'',
    "flow": "login: {user: u, password: hunter2-flow}",
    "comment": "user: u  # password: hunter2-comment",
    "commented out": "user: u\n      # password: hunter2-out",
    "comment with a uri": "user: u  # was postgresql://user:hunter2-old@host/db",
    "comment with an assignment": "user: u  # PGPASSWORD=hunter2-assigned",
    "anchor": "user: &pw hunter2-anchor\n      password: *pw",
    "repeated in a comment": "password: hunter2-again  # hunter2-again is for tests",
    "duplicate": "password: hunter2-one\n      password: hunter2-two",
    "tagged": "password: !!str hunter2-tagged",
    "below its name in a comment": "user: u\n      # password:\n      #   hunter2-below",
    "listed in a comment": "user: u\n      # api_keys:\n      # - hunter2-first\n      # - hunter2-second",
    "behind another name in a comment": "user: u  # note: password: hunter2-behind",
    "yaml in a block": "extra: |\n        password: >-\n          hunter2-inner\n        host: h",
    "json over lines": 'extra: |\n        {"api_keys": [\n          "hunter2-json",\n          "hunter2-more"]}',
}


def config(entry: str) -> str:
    return (
        "version: 2\nimage_name: demo\nproviders: {}\nstorage:\n  backends:\n    sql_default:\n"
        f"      type: sql_postgres\n      {entry}\n      db: stack # the database\n  stores: {{}}\n"
    )


def view(folder: Path, text: str, **environ: str) -> ConfigText:
    path = folder / "run.yaml"
    path.write_bytes(text.encode())
    request = LoadRequest(str(path), environ={"HOME": str(folder), **environ})
    return read_config_text(request, load(request))


@pytest.mark.parametrize("entry", SECRETS.values(), ids=SECRETS)
def test_no_secret_is_shown_wherever_it_stands_and_lines_stay_where_they_are(
    tmp_path: Path, entry: str
) -> None:
    text = config(entry)
    shown = view(tmp_path, text, PW="from-outside")
    whole = "\n".join(line.text for line in shown.lines)
    assert "hunter2" not in whole
    assert "4711471147" not in whole
    assert "from-outside" not in whole
    assert len(shown.lines) == len(text.removesuffix("\n").split("\n"))
    assert shown.lines[0].text == "version: 2"
    assert shown.lines[-2].text == "      db: stack # the database"
    assert [line.number for line in shown.lines[:2]] == [1, 2]


@pytest.mark.parametrize("entry", SECRETS.values(), ids=SECRETS)
def test_a_diff_shows_no_secret_either_and_has_the_same_lines(entry: str) -> None:
    text = config(
        entry.replace("hunter2-again is", "this is")
    )  # by its value alone a secret is told from a catalog
    shown = masked_text(text, "run.yaml")
    assert "hunter2" not in shown
    assert "4711471147" not in shown
    assert len(shown.split("\n")) == len(text.split("\n"))
    assert "      db: stack # the database\n" in shown


def test_what_is_no_secret_is_shown_as_it_is_written(tmp_path: Path) -> None:
    text = config(
        "user: 'it''s'   # who: see page 7, ask\r\n      port: ${env.PORT:=5432}\n      max_tokens: 10"
    )
    assert [line.text for line in view(tmp_path, text).lines] == [
        line.rstrip("\r") for line in text.removesuffix("\n").split("\n")
    ]


def test_beside_a_value_stands_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\nFROM_FILE=secret-in-file\n")
    path = tmp_path / "run.yaml"
    path.write_text(
        config("password: ${env.FROM_FILE}\n      host: ${env.HOST}-${env.ZONE:=a}\n      port: ${env.PORT}")
    )
    request = LoadRequest(
        str(path),
        env_files=(str(tmp_path / ".env"),),
        environ={"HOST": "h", "HOME": str(tmp_path)},
        version="1.5.0",
    )
    sources = {
        line.text.split(":")[0].strip(): line.source
        for line in read_config_text(request, load(request)).lines
    }
    assert sources["password"] == f"FROM_FILE from {tmp_path / '.env'} line 2"
    assert sources["host"] == "HOST from the environment, ZONE is not set: default"
    assert sources["port"] == "PORT is not set"
    assert sources["db"] == ""


def test_a_literal_secret_says_so(tmp_path: Path) -> None:
    shown = view(tmp_path, config("password: hunter2-literal"))
    assert {line.source for line in shown.lines if "password" in line.text} == {"written in the file"}


def test_a_config_in_a_manifest_has_the_lines_of_the_file(tmp_path: Path) -> None:
    inner = config("password: hunter2-literal").replace("\n", "\n    ")
    shown = view(
        tmp_path,
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  run.yaml: |\n    {inner}\n",
    )
    assert not shown.is_whole
    assert shown.lines[0].number == 6
    assert "hunter2" not in "".join(line.text for line in shown.lines)


def test_a_part_of_a_long_config_holds_the_wanted_line(tmp_path: Path) -> None:
    shown = view(tmp_path, config("user: u") + "# more\n" * 500)
    assert lines_around(shown, 1, 100) == (0, 100)
    start, end = lines_around(shown, 300, 100)
    assert start < 299 < end
    assert end - start == 100
    assert lines_around(shown, 9999, 100)[1] == len(shown.lines)


def test_a_config_from_stdin_cannot_be_read_again(tmp_path: Path) -> None:
    catalog = load(LoadRequest(str(_written(tmp_path)), environ={}))
    with pytest.raises(UsageError, match="came from stdin"):
        read_config_text(LoadRequest("-", environ={}), catalog)


def _written(folder: Path) -> Path:
    path = folder / "run.yaml"
    path.write_text(config("user: u"))
    return path
