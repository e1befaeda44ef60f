"""A secret inside of another value is masked in every sentence and document, and the value is used as it is."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.configs import SQLITE, catalog_of

COMMANDS = (
    "check CONFIG",
    "check CONFIG --data",
    "show CONFIG",
    "test CONFIG kv_default sql_default broken",
    "namespaces CONFIG kv_default",
    "namespaces CONFIG broken",
    "keys CONFIG kv_default NAMESPACE",
    "keys CONFIG kv_default absent",
    "tables CONFIG sql_default",
    "tables CONFIG absent",
    "responses CONFIG list",
    "upgrade-check CONFIG --to 1.5.0",
    "migrate CONFIG --to 1.5.0",
    "migrate-data CONFIG --dry-run",
    "move CONFIG kv_default --to sqlite --set db_path=FOLDER/other.db --dry-run",
    "rotate CONFIG login --dry-run",
    "fleet CONFIG",
)


SECRETS = {"${env.STORE_PW}": "stack", "${env.ORDINARY}": "hunter2hunter2", "q7Tr!literal": "q7Tr!literal"}
"""As they are written, and what they are: a plain word by its variable's name, by the field that reads it, and as it is."""


def config(folder: Path) -> str:
    word, ordinary, literal = SECRETS
    return (
        SQLITE.replace("/srv/stack/kv.db", f'"{folder}/{word}/{ordinary}/kv.db"')
        .replace("/srv/stack/sql.db", f'"{folder}/x-{literal}.db"')
        .replace("namespace: registry", f'namespace: "ns_{ordinary}"')
        .replace(
            "  stores:\n",
            f'    broken: {{type: kv_sqlite, db_path: "{folder}/{word}/{literal}/none/kv.db"}}\n'
            f'    login: {{type: sql_postgres, host: 127.0.0.1, port: 1, db: d, user: "app:{ordinary}", password: "{ordinary}"}}\n'
            f'    other: {{type: sql_postgres, host: "h.{word}.internal", db: d, user: a, password: "{literal}"}}\n'
            "  stores:\n",
        )
    )


def test_no_command_shows_a_secret_that_is_inside_of_another_value(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE_PW", "stack")
    monkeypatch.setenv("ORDINARY", "hunter2hunter2")
    folder = tmp_path / "stack" / "hunter2hunter2"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "kv.db")) as store, store:
        store.execute("CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)")
        store.execute("INSERT INTO kvstore VALUES ('ns_hunter2hunter2:a', '1', NULL)")
    (tmp_path / "run.yaml").write_text(config(tmp_path))
    shown = {}
    for command, form in itertools.product(COMMANDS, ("", " --json")):
        words = f"{command}{form}".replace("CONFIG", "run.yaml").replace("FOLDER", str(tmp_path))
        answer = run(
            *words.replace("NAMESPACE", "ns_hunter2hunter2").split(), "--for", "1.5.0", "--timeout", "1"
        )
        shown[words] = answer.out + answer.err
    leaks = [
        (words, said[said.index(text) - 60 :][:120])
        for words, said in shown.items()
        for text in ("/stack", "h.stack", "hunter2", "q7Tr")
        if text in said
    ]
    assert not leaks
    assert "/********/********/kv.db" in shown["show run.yaml"]
    keys = json.loads(shown["keys run.yaml kv_default NAMESPACE --json"])
    assert [each["key"] for each in keys["keys"]] == ["ns_********:a"]


NAMES = """\
    alike: {type: sql_postgres, host: llamastack.internal, db: llamastack, user: llamastack, password: llamastack}
    short: {type: sql_postgres, host: db1.internal, db: d, user: u, password: db1}
    by_uri: {type: sql_postgres, connection_string: "postgresql://u:pw@${env.SERVER}/d"}
    cache: {type: kv_redis, host: "${env.SERVER}"}
    by_file: {type: sql_postgres, host: h, db: d, user: u, password_file: "${env.SECRETS}"}
    beside: {type: kv_sqlite, db_path: "${env.SECRETS}/kv.db"}
    switched: {type: sql_postgres, host: "h${env.X_API_KEY:+x}", db: d, user: u, password: "other-pw-1"}
"""


def test_a_common_word_or_a_place_is_shown_as_it_is() -> None:
    text = SQLITE.replace("  stores:\n", f"{NAMES}  stores:\n")
    environ = {"SERVER": "acme-db7", "SECRETS": "/run/secrets/pw", "X_API_KEY": "on"}
    catalog = catalog_of(text, "1.5.0", environ=environ)
    assert [backend.location for backend in catalog.backends[2:]] == [
        "postgresql://llamastack.internal:5432/llamastack",
        "postgresql://db1.internal:5432/d",
        "postgresql://acme-db7:5432/d",
        "redis://acme-db7:6379/0",
        "postgresql://h:5432/d",
        "/run/secrets/pw/kv.db",
        "postgresql://hx:5432/d",
    ]
