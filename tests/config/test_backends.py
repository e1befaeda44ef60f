"""Backends are shown as they are, known or not, and say what an engine connects to."""

from pathlib import Path

import pytest

from llama_storage_tui.backends.postgres.target import PostgresTarget
from llama_storage_tui.backends.redis.target import RedisTarget
from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.secrets import Secret
from tests.configs import EARLIER, HOME, POSTGRES, SQLITE, backend, catalog_of, setting

LEGACY = """\
version: 2
image_name: old
providers:
  agents:
  - provider_id: meta
    provider_type: inline::meta-reference
    config:
      persistence_store: {type: sqlite, db_path: /old/agents.db}
      responses_store: {type: sqlite, db_path: /old/responses.db}
  files:
  - provider_id: local
    provider_type: inline::localfs
    config:
      metadata_store: {type: postgres, host: db, user: u, password: '${env.PW}', db: files}
metadata_store: {type: sqlite}
inference_store:
  sql_store_config: {type: sqlite, db_path: /old/inference.db}
  max_write_queue_size: 5
server:
  quota:
    kvstore: {type: redis, host: cache}
"""


def kv(text: str, **options: str) -> object:
    config = SQLITE.replace("type: kv_sqlite\n      db_path: /srv/stack/kv.db", text)
    return backend(catalog_of(config, "1.5", environ=options), "kv_default").target


def sql(text: str, **options: str) -> object:
    config = SQLITE.replace("type: sql_sqlite\n      db_path: /srv/stack/sql.db", text)
    return backend(catalog_of(config, "1.5", environ=options), "sql_default").target


def test_sqlite_paths_are_those_of_the_server() -> None:
    assert kv("type: kv_sqlite\n      db_path: /a/b.db") == SqliteTarget(Path("/a/b.db"), "kvstore")
    assert sql("type: sql_sqlite\n      db_path: ~/b.db") == SqliteTarget(
        Path(HOME) / "b.db", makes_folders=False
    )
    assert kv("type: kv_sqlite\n      db_path: '${env.D:=~/x}/b.db'") == SqliteTarget(
        Path(HOME) / "x/b.db", "kvstore"
    )
    assert kv("type: kv_sqlite\n      db_path: '~/b.db'") == SqliteTarget(Path.cwd() / "~/b.db", "kvstore")
    assert kv("type: kv_sqlite\n      db_path: ':memory:'") == SqliteTarget(
        Path(":memory:"), "kvstore", is_memory=True
    )
    assert kv("type: kv_sqlite\n      db_path: 'file:/a%20b.db?mode=rwc'") == SqliteTarget(
        Path("/a b.db"), "kvstore"
    )


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        (("/srv", "/mnt"), "/mnt/stack/kv.db"),
        (("/srv/", "/mnt/"), "/mnt/stack/kv.db"),
        (("/srv/stack/kv.db", "/copy.db"), "/copy.db"),
        (("/sr", "/mnt"), "/srv/stack/kv.db"),
        (("/srv/sta", "/mnt"), "/srv/stack/kv.db"),
    ],
)
def test_a_mapped_path_counts_whole_parts(mapping: tuple[str, str], path: str) -> None:
    assert catalog_of(SQLITE, path_map=(mapping,)).backends[0].location == path


def test_a_postgresql_target_holds_parameters_and_a_masked_password() -> None:
    catalog = catalog_of(POSTGRES, environ={"PGPASS": "p@ss:w/o%rd"})
    target = backend(catalog, "sql_default").target
    assert isinstance(target, PostgresTarget)
    assert (target.host, target.port, target.database, target.user) == (
        "db.example.org",
        5432,
        "stack",
        "stack",
    )
    assert target.password == Secret("p@ss:w/o%rd")
    assert backend(catalog, "sql_default").location == "postgresql://db.example.org:5432/stack"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("postgresql://u:p%40s@h:6/d", ("h", 6, "d", "u", "p@s", None)),
        ("postgres://u@h/d", ("h", 5432, "d", "u", None, None)),
        ("postgresql://u:p@[::1]:6/d?sslmode=require", ("::1", 6, "d", "u", "p", "require")),
        ("postgresql://u@h/d?password=x", ("h", 5432, "d", "u", "x", None)),
    ],
)
def test_a_connection_string_is_taken_apart(uri: str, expected: tuple[object, ...]) -> None:
    target = sql(f"type: sql_postgres\n      connection_string: '{uri}'")
    assert isinstance(target, PostgresTarget)
    password = target.password.reveal() if target.password else None
    assert (target.host, target.port, target.database, target.user, password, target.ssl_mode) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "type: kv_postgres\n      user: ${env.NOT_SET}",
            "its user depends on the variable NOT_SET, which is not set",
        ),
        (
            "type: kv_postgres\n      user: u\n      password: ${env.NOT_SET}",
            "its password depends on the variable NOT_SET, which is not set",
        ),
        ("type: kv_postgres\n      user: u\n      password: 12", "its password is not text"),
        ("type: kv_postgres\n      user: u\n      port: x", "its port is not a number"),
        ("type: kv_postgres\n      user: u\n      port: 65536", "its port 65536 is not between 1 and 65535"),
        ("type: kv_redis\n      port: 99999", "its port 99999 is not between 1 and 65535"),
        ("type: kv_redis\n      port: '-1'", "its port -1 is not between 1 and 65535"),
        ("type: kv_mongodb\n      port: 99999", "its port 99999 is not between 1 and 65535"),
        (
            "type: kv_postgres\n      host: 'u:word@h'\n      user: u",
            "its host holds a user name or password",
        ),
        ("type: kv_sqlite", "its db_path is not set"),
        ("type: kv_sqlite\n      db_path: [a]", "its db_path is not text"),
        ("type: kv_etcd", "its type 'kv_etcd' is unknown"),
        ("{}", "it has no type"),
        ("[1]", "its entry is not a mapping"),
        ("type: [1]", "it has no type"),
    ],
)
def test_a_backend_without_a_target_says_why(text: str, problem: str) -> None:
    config = SQLITE.replace("      type: kv_sqlite\n      db_path: /srv/stack/kv.db", f"      {text}")
    found = backend(catalog_of(config, "1.5"), "kv_default")
    assert found.target is None
    assert (found.problem or "").startswith(problem)


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("r", RedisTarget("r", 6379)),
        ("'[::1]'", RedisTarget("::1", 6379)),
        ("':wo%40rd@r'", RedisTarget("r", 6379, password=Secret("wo@rd"))),
        ("'u:word@r'", RedisTarget("r", 6379, user="u", password=Secret("word"))),
        ("'r:7000/2?client_name=x'", RedisTarget("r", 7000, 2)),
        ("'r:7000/2#'", RedisTarget("r", 7000, 2)),
        (
            "'u:word@r:7000/2?db=3&client_name=x'",
            RedisTarget("r", 7000, 3, user="u", password=Secret("word")),
        ),
        ("'r?username=u&password=word'", RedisTarget("r", 6379, user="u", password=Secret("word:6379"))),
        ("rediss://r", RedisTarget("rediss", 6379)),
    ],
)
def test_a_redis_server_is_what_the_driver_makes_of_the_url_that_servers_paste(
    host: str, target: RedisTarget
) -> None:
    assert kv(f"type: kv_redis\n      host: {host}") == target


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("::1", "is an IPv6 address, which needs brackets"),
        ("'[r'", "has brackets that hold no IPv6 address"),
        ("r:6380", "holds a port, and servers write the field port behind it"),
        ("':wo/rd@r'", "has a login whose special characters are not percent-encoded"),
        ("'r?db=one&client_name=x'", "names a database that is not a number"),
    ],
)
def test_a_redis_host_that_makes_no_url_says_why(host: str, reason: str) -> None:
    config = SQLITE.replace(
        "type: kv_sqlite\n      db_path: /srv/stack/kv.db", f"type: kv_redis\n      host: {host}"
    )
    found = backend(catalog_of(config, "1.5"), "kv_default")
    assert (found.target, found.problem) == (None, f"its host {reason}")


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("rediss://r", "connect to rediss, port 6379, database 0, without TLS"),
        ("'r:7000/2#'", "connect to r, port 7000, database 2"),
        ("'u:word@[::1]'", None),
        ("Cache.Example", None),
    ],
)
def test_a_test_tells_where_servers_connect_to_if_not_to_host_and_port(host: str, place: str | None) -> None:
    config = SQLITE.replace(
        "type: kv_sqlite\n      db_path: /srv/stack/kv.db", f"type: kv_redis\n      host: {host}"
    )
    told = backend(catalog_of(config, "1.5"), "kv_default").unlike_config
    assert [place in sentence for sentence in told] == [True] if place else told == ()


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("type: kv_redis\n      host: ':word@cache'", "redis://:********@cache:6379/0"),
        ("type: kv_redis\n      host: 'cache?password=word'", "redis://cache:6379/0"),
        ("type: kv_redis\n      host: ':word@cache:7000/2#'", "redis://cache:7000/2"),
        ("type: kv_mongodb\n      host: m", "mongodb://m:27017/ogx"),
        ("type: kv_mongodb\n      host: 'mongodb://u:wo/rd@m1,m2'", "mongodb://u:********@m1,m2/ogx"),
        ("type: kv_postgres\n      host: ${env.NOT_SET}\n      user: u", "postgresql://?:5432/ogx"),
    ],
)
def test_a_location_says_where_without_a_secret(text: str, location: str) -> None:
    config = SQLITE.replace("type: kv_sqlite\n      db_path: /srv/stack/kv.db", text)
    assert backend(catalog_of(config, "1.5"), "kv_default").location == location


def test_unknown_types_and_fields_are_shown_as_they_are() -> None:
    config = SQLITE.replace(
        "type: kv_sqlite\n      db_path: /srv/stack/kv.db",
        "type: kv_etcd\n      endpoints: [a, b]\n      options: {tries: 3}",
    )
    catalog = catalog_of(config, "1.5")
    found = backend(catalog, "kv_default")
    assert (found.type, found.family, found.location) == ("kv_etcd", Family.KV, "")
    assert setting(catalog, "kv_default", "endpoints").value == ["a", "b"]
    assert setting(catalog, "kv_default", "options").value == {"tries": 3}


def test_defaults_of_the_version_are_shown_as_such() -> None:
    pool = setting(catalog_of(POSTGRES, "1.5"), "sql_default", "pool_recycle")
    assert (pool.value, pool.is_default, pool.is_known) == (3600, True, True)
    assert setting(catalog_of(POSTGRES, "1.0.2"), "sql_default", "pool_recycle").value == -1


def test_a_v0_2_config_shows_each_inline_store_as_what_it_is() -> None:
    catalog = catalog_of(LEGACY, environ={"PW": "word"})
    assert catalog.is_legacy
    assert [(one.name, one.type, one.location) for one in catalog.backends] == [
        ("metadata_store", "sqlite", f"{HOME}/.llama/runtime/kvstore.db"),
        ("inference_store", "sqlite", "/old/inference.db"),
        ("server", "redis", "redis://cache:6379/0"),
        ("meta.persistence_store", "sqlite", "/old/agents.db"),
        ("meta.responses_store", "sqlite", "/old/responses.db"),
        ("local.metadata_store", "postgres", "postgresql://db:5432/files"),
        ("prompts", "sqlite", f"{HOME}/.llama/distributions/old/prompts.db"),
    ]
    physical = {one.path: one.physical for one in catalog.references}
    inference = physical["inference_store.sql_store_config"]
    responses = physical["providers.agents[0].config.responses_store"]
    assert inference is not None
    assert responses is not None
    assert (inference.tables, responses.tables) == (("chat_completions",), ("openai_responses",))
    assert catalog.verdict.loads


def test_a_v0_2_config_in_front_of_a_newer_server_is_judged_as_that_server_does() -> None:
    assert not catalog_of(LEGACY, "0.3.5", environ={"PW": "word"}).verdict.loads
    newer = catalog_of(LEGACY, "0.5.4", environ={"PW": "word"})
    assert {"ignored-legacy-store"} <= {finding.rule for finding in newer.findings}


@pytest.mark.parametrize(
    "snippet", ["{type: []}", "{type: sqlite, db_path: []}", "[]", "{type: sqlite, namespace: 1}"]
)
def test_odd_inline_stores_are_no_crash(snippet: str) -> None:
    text = LEGACY.replace("{type: sqlite}", snippet)
    assert catalog_of(text, environ={"PW": "word"}).config == "run.yaml"


def test_the_distribution_is_named_by_either_key() -> None:
    assert catalog_of(SQLITE).distribution == "demo"
    assert catalog_of(EARLIER).distribution == "demo"
    assert catalog_of("distro_name: {a: 1}\n").distribution is None


def test_the_files_that_a_server_fills_in_are_shown_where_they_are_read() -> None:
    text = "version: 2\ndistro_name: demo\nproviders: {}\n"
    environ = {"SQLITE_STORE_DIR": "/data"}
    found = catalog_of(text, "1.5.0", environ=environ, path_map=(("/data", "/mnt/copy"),))
    assert [each.location for each in found.backends] == ["/mnt/copy/kvstore.db", "/mnt/copy/sql_store.db"]
