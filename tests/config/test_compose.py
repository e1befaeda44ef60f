"""A compose file gives the server its variables: each with its line, what cannot be known as unknown."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.catalog import Catalog, SourceKind
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest
from tests.configs import setting

RUN = """\
version: 2
distro_name: shop
apis: [inference]
providers: {inference: []}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: /srv/kv.db}
    sql_default:
      type: sql_postgres
      host: ${env.DB_HOST}
      db: ${env.DB_NAME:=shop}
      user: shop
      password: ${env.DB_PASSWORD}
"""
COMPOSE = """\
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: other}
  stack:
    image: ogxai/distribution-starter
    volumes: ["./run.yaml:/app/run.yaml"]
    environment:
"""


def loaded(folder: Path, environment: str, *, environ: Mapping[str, str] | None = None) -> Catalog:
    (folder / "run.yaml").write_text(RUN)
    compose = folder / "docker-compose.yaml"
    compose.write_text(COMPOSE + environment)
    return load(LoadRequest(str(folder / "run.yaml"), env_files=(str(compose),), environ=dict(environ or {})))


def target_of(catalog: Catalog) -> tuple[str, str]:
    target = catalog.backends[1].target
    assert isinstance(target, PostgresTarget)
    assert target.password is not None
    return target.host, target.password.reveal()


@pytest.mark.parametrize(
    "environment",
    [
        "      DB_HOST: db\n      DB_PASSWORD: hunter22\n",
        "    - DB_HOST=db\n    - DB_PASSWORD=hunter22\n",
        "      DB_HOST: ${HOST:-db}\n      DB_PASSWORD: ${PASSWORD-hunter22}\n",
    ],
)
def test_variables_come_with_the_line_of_the_compose_file(tmp_path: Path, environment: str) -> None:
    catalog = loaded(tmp_path, environment)
    host = setting(catalog, "sql_default", "host")
    assert (host.value, host.source.kind, host.source.variable) == ("db", SourceKind.VARIABLE, "DB_HOST")
    assert (host.source.file, host.source.line) == (str(tmp_path / "docker-compose.yaml"), 9)
    assert target_of(catalog) == ("db", "hunter22")
    assert "hunter22" in {secret.reveal() for secret in catalog.secrets}


def test_composes_own_variables_come_from_its_env_file_and_the_shell_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PASSWORD=from-file\nHOST=from-file\n")
    written = "      DB_HOST: $HOST\n      DB_PASSWORD: a$$${PASSWORD}\n"
    assert target_of(loaded(tmp_path, written, environ={"HOST": "from-shell"})) == (
        "from-shell",
        "a$from-file",
    )


@pytest.mark.parametrize("written", ["${PASSWORD}", "${PASSWORD:?set it}", "$PASSWORD"])
def test_what_compose_takes_from_elsewhere_is_unknown_and_not_unset(tmp_path: Path, written: str) -> None:
    catalog = loaded(tmp_path, f"      DB_HOST: db\n      DB_PASSWORD: {written}\n")
    assert "unset-variable" not in {finding.rule for finding in catalog.findings}
    assert catalog.verdict.loads
    assert catalog.backends[1].target is None


def test_an_env_file_of_the_service_is_read_and_one_that_is_missing_makes_the_rest_unknown(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.env").write_text("DB_HOST=db\n")
    catalog = loaded(tmp_path, "      A: b\n    env_file: [app.env, gone.env]\n")
    assert setting(catalog, "sql_default", "host").value == "db"
    assert catalog.verdict.loads
    assert any("gone.env" in notice and "unknown" in notice for notice in notice_words(catalog.notices))


def test_several_servers_are_not_guessed_among(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        loaded(tmp_path, "      A: b\n  second:\n    image: ogx\n    environment: {A: c}\n")


def test_a_yaml_file_that_is_no_compose_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    with pytest.raises(ConfigError, match="neither an env file nor a compose file"):
        load(LoadRequest(str(tmp_path / "run.yaml"), env_files=(str(tmp_path / "run.yaml"),), environ={}))


@pytest.mark.parametrize(
    ("volumes", "rules", "said"),
    [
        ('["./run.yaml:/app/run.yaml", "data:/srv"]', set(), ""),
        ("[{type: bind, source: ./srv, target: /srv}]", set(), ""),
        ('["./run.yaml:/app/run.yaml"]', {"lost-with-the-pod"}, "on no volume of the service"),
        ('["/srv"]', {"lost-with-the-pod"}, "the volume /srv of the service stack"),
        ("[{type: tmpfs, target: /srv}]", {"lost-with-the-pod"}, "the tmpfs /srv of the service stack"),
        ('["data:/srv:ro"]', {"read-only-volume"}, "which a server cannot write to"),
        ('["data:/srv:${MODE}"]', set(), ""),
    ],
)
def test_the_volumes_of_the_service_say_what_outlives_its_container(
    tmp_path: Path, volumes: str, rules: set[str], said: str
) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    compose = tmp_path / "compose.yaml"
    text = COMPOSE.replace('["./run.yaml:/app/run.yaml"]', volumes)
    compose.write_text(text + "      DB_HOST: db\n      DB_PASSWORD: hunter22\n")
    catalog = load(LoadRequest(str(tmp_path / "run.yaml"), env_files=(str(compose),), environ={}))
    found = [
        finding for finding in catalog.findings if finding.rule in ("lost-with-the-pod", "read-only-volume")
    ]
    assert {finding.rule for finding in found} == rules
    assert all(said in finding.message for finding in found)
    assert all(
        finding.line == RUN.splitlines().index("    kv_default: {type: kv_sqlite, db_path: /srv/kv.db}") + 1
        for finding in found
    )


def test_an_env_file_says_nothing_about_volumes(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    (tmp_path / ".env").write_text("DB_HOST=db\nDB_PASSWORD=hunter22\n")
    catalog = load(LoadRequest(str(tmp_path / "run.yaml"), env_files=(str(tmp_path / ".env"),), environ={}))
    assert "lost-with-the-pod" not in {finding.rule for finding in catalog.findings}
