"""The storage catalog, as each version validates it."""

import copy
from typing import Any

import pytest

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.run_config import (
    Problem,
    ProblemKind,
    backend_fields,
    default_stores,
    store_fields,
    validate,
)
from llama_storage_tui.upstream.versions import RELEASES

V035 = Version(0, 3, 5)
V073 = Version(0, 7, 3)
V141 = Version(1, 4, 1)
V150 = Version(1, 5, 0)
CATALOG_RELEASES = [release for release in RELEASES if release >= changes.CATALOG]

GOOD: dict[str, Any] = {
    "image_name": "starter",
    "providers": {"inference": [{"provider_id": "ollama", "provider_type": "remote::ollama"}]},
    "storage": {
        "backends": {
            "kv_default": {"type": "kv_sqlite", "db_path": "/data/kv.db"},
            "sql_default": {"type": "sql_sqlite", "db_path": "/data/sql.db"},
        },
        "stores": {
            "metadata": {"backend": "kv_default", "namespace": "registry"},
            "inference": {"backend": "sql_default", "table_name": "inference_store"},
            "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
        },
    },
}


def problems_of(backend: object, version: Version) -> dict[str, ProblemKind]:
    document = copy.deepcopy(GOOD)
    document["storage"]["backends"]["pg"] = backend
    found = validate(document, version)
    assert all(problem.loc[:3] == ("storage", "backends", "pg") for problem in found)
    return {".".join(map(str, problem.loc[3:])): problem.kind for problem in found}


def stores_problems(stores: dict[str, Any], version: Version) -> dict[str, ProblemKind]:
    document = copy.deepcopy(GOOD)
    document["storage"]["stores"] |= stores
    return {".".join(map(str, problem.loc[2:])): problem.kind for problem in validate(document, version)}


@pytest.mark.parametrize("version", CATALOG_RELEASES, ids=str)
def test_a_plain_config_is_accepted_by_every_release(version: Version) -> None:
    assert validate(GOOD, version) == ()


def test_a_version_before_the_catalog_is_refused() -> None:
    with pytest.raises(UsageError):
        validate(GOOD, Version(0, 2, 24))


def test_the_document_is_left_as_it_was() -> None:
    document = copy.deepcopy(GOOD)
    document["storage"]["stores"]["connectors"] = {"backend": "kv_default", "namespace": "c"}
    before = copy.deepcopy(document)
    assert validate(document, V150) == ()
    assert document == before


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ({"type": "kv_sqlite"}, {"db_path": "missing"}),
        ({"type": "sql_mysql"}, {"type": "unknown-type"}),
        ({"type": "SQL_SQLITE", "db_path": "x"}, {"type": "unknown-type"}),
        ({"db_path": "x"}, {"type": "missing"}),
        ({"type": None}, {"type": "unknown-type"}),
        ("kv_sqlite", {"": "wrong-type"}),
        ({"type": "sql_postgres", "user": "u", "password": 123456}, {"password": "wrong-type"}),
        ({"type": "sql_postgres", "user": "u", "port": 5.5}, {"port": "wrong-type"}),
        ({"type": "sql_postgres", "user": "u", "port": "5432"}, {}),
        ({"type": "kv_redis", "port": "six"}, {"port": "wrong-type"}),
        ({"type": "kv_redis", "sslmode": "typo"}, {}),
        ({"type": "kv_postgres", "user": "u", "table_name": "not an identifier"}, {}),
    ],
)
@pytest.mark.parametrize("version", [V035, V073, V150], ids=str)
def test_a_backend_is_read_as_the_server_reads_it(
    backend: object, expected: dict[str, str], version: Version
) -> None:
    assert problems_of(backend, version) == expected


def test_pool_fields_are_checked_from_the_version_that_has_them() -> None:
    sql = {"type": "sql_postgres", "user": "u", "pool_size": 0, "pool_recycle": -2}
    kv = {"type": "kv_postgres", "user": "u", "pool_size": 0, "command_timeout": 0}
    assert problems_of(sql, V035) == problems_of(kv, V073) == {}
    assert problems_of(sql, V073) == {"pool_size": "out-of-range", "pool_recycle": "out-of-range"}
    assert problems_of(kv, Version(1, 0, 2)) == {"pool_size": "out-of-range"}
    assert problems_of(kv, V150) == {"pool_size": "out-of-range", "command_timeout": "out-of-range"}


def test_a_mode_of_tls_is_a_free_text_for_kv_and_a_fixed_word_for_sql() -> None:
    assert problems_of({"type": "kv_postgres", "user": "u", "ssl_mode": "any"}, V150) == {}
    assert problems_of({"type": "sql_postgres", "user": "u", "ssl_mode": "any"}, V073) == {}
    assert problems_of({"type": "sql_postgres", "user": "u", "ssl_mode": "any"}, V150) == {
        "ssl_mode": "not-allowed"
    }


def test_a_user_is_required_until_a_connection_string_can_replace_it() -> None:
    assert problems_of({"type": "sql_postgres"}, Version(1, 4, 0)) == {"user": "missing"}
    assert problems_of({"type": "sql_postgres"}, V141) == {"user": "missing"}
    assert problems_of({"type": "sql_postgres", "user": ""}, Version(1, 4, 0)) == {}
    assert problems_of({"type": "sql_postgres", "user": ""}, V141) == {"user": "missing"}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://u:p@h:5432/db", None),
        ("postgres://h/db", None),
        ("${env.LATER}", None),
        ("mysql://h/db", "invalid"),
        ("postgresql+asyncpg://h/db", "invalid"),
        ("postgresql://h", "invalid"),
        ("postgresql:///db", "invalid"),
        ("postgresql://[::1/db", "invalid"),
        ("", "invalid"),
    ],
)
@pytest.mark.parametrize("type_", ["kv_postgres", "sql_postgres"])
def test_a_connection_string_names_a_scheme_a_host_and_a_database(
    url: str, kind: str | None, type_: str
) -> None:
    expected = {} if kind is None else {"connection_string": kind}
    assert problems_of({"type": type_, "connection_string": url}, V141) == expected


def test_a_connection_string_excludes_what_it_already_says() -> None:
    url = "postgresql://h/db?sslmode=require"
    conflict = {"connection_string": "conflict"}
    assert problems_of({"type": "sql_postgres", "connection_string": url, "password": None}, V150) == conflict
    assert (
        problems_of({"type": "sql_postgres", "connection_string": url, "ca_cert_path": "/ca"}, V150)
        == conflict
    )
    assert (
        problems_of(
            {"type": "sql_postgres", "connection_string": "postgres://h/d", "ssl_mode": "require"}, V150
        )
        == {}
    )


SECRET = "hunter2-s3cret"


@pytest.mark.parametrize(
    "backend",
    [
        {"type": "sql_postgres", "user": "u", "password": [SECRET]},
        {"type": "sql_postgres", "user": "u", "ssl_mode": SECRET, "port": {SECRET: 1}},
        {"type": "sql_postgres", "connection_string": f"mysql://u:{SECRET}@h/d"},
        {"type": "kv_postgres", "connection_string": f"postgres://u:{SECRET}@h/d?ssl=1", "ssl_mode": "x"},
        {"type": "kv_postgres", "connection_string": f"postgres://u:{SECRET}@[h/d"},
        {"type": SECRET},
        {"type": "kv_redis", "port": SECRET},
        SECRET,
    ],
)
def test_a_message_never_repeats_a_value(backend: object) -> None:
    document = copy.deepcopy(GOOD)
    document["storage"]["backends"]["pg"] = backend
    found = validate(document, V150)
    assert found
    assert not any(SECRET in str(problem) for problem in found)


def test_a_message_says_what_is_expected_and_what_kind_of_thing_is_there() -> None:
    document = copy.deepcopy(GOOD)
    document["storage"]["backends"]["pg"] = {"type": "sql_postgres", "user": "u", "password": 123456}
    place = ("storage", "backends", "pg", "password")
    message = "Must be text, but is a whole number."
    assert validate(document, V150) == (Problem(place, ProblemKind.WRONG_TYPE, message),)


def test_storage_is_required_only_by_0_3() -> None:
    document = {name: value for name, value in GOOD.items() if name != "storage"}
    assert [problem.loc for problem in validate(document, V035)] == [("storage",)]
    assert validate(document, Version(0, 4, 0)) == ()
    assert [problem.kind for problem in validate({**document, "storage": None}, V150)] == ["wrong-type"]


def test_a_reference_needs_its_own_words() -> None:
    assert stores_problems({"metadata": {"backend": "kv_default"}}, V073) == {"metadata.namespace": "missing"}
    assert stores_problems({"inference": {"backend": 5, "table_name": "t"}}, V150) == {
        "inference.backend": "wrong-type"
    }
    assert stores_problems({"responses": {"backend": "sql_default"}}, V035) == {
        "responses.table_name": "missing"
    }
    assert stores_problems({"responses": {"backend": "sql_default"}}, V150) == {}
    assert stores_problems({"inference": None, "no_such_store": 5}, V150) == {}


def test_the_server_s_stores_are_those_of_the_version() -> None:
    assert list(default_stores(V035)) == ["metadata", "inference", "conversations", "responses"]
    assert default_stores(V035)["metadata"].default is None
    old, new = default_stores(V073), default_stores(V150)
    assert (old["prompts"].family, new["prompts"].family) == (Family.KV, Family.SQL)
    assert not old["connectors"].is_checked_at_load
    assert new["connectors"].is_checked_at_load
    assert new["inference"].has_queue
    assert new["inference"].required_by == "inference"
    assert new["vector_stores"].default is None
    assert not new["vector_stores"].is_required_at_start
    assert new["metadata"].default == {"backend": "kv_default", "namespace": "registry"}


def test_fields_of_a_backend_carry_their_default_of_that_version() -> None:
    def field(version: Version, name: str) -> object:
        return {known.name: known.default for known in backend_fields("kv_postgres", version) or ()}.get(name)

    assert [field(V035, name) for name in ("table_name", "db", "pool_size")] == [
        "llamastack_kvstore",
        "llamastack",
        None,
    ]
    assert [field(V150, name) for name in ("table_name", "db", "pool_size")] == ["ogx_kvstore", "ogx", 5]
    assert field(Version(0, 8, 0), "db") == "ogx"
    assert backend_fields("sql_mysql", V150) is None
    secrets = {known.name for known in backend_fields("sql_postgres", V150) or () if known.is_secret}
    assert secrets == {"password", "connection_string"}
    required = {known.name for known in backend_fields("sql_postgres", V035) or () if known.is_required}
    assert required == {"user"}


def test_fields_of_a_store_are_those_of_the_version() -> None:
    names = [known.name for known in store_fields("inference", V150) or ()]
    assert names == ["backend", "table_name", "max_write_queue_size", "num_writers", "enabled"]
    assert store_fields("prompts", V035) is None
