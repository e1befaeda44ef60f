"""`test` connects as a server of the config's version does, and fails where a server could not work."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.errors import FailureKind
from llama_storage_tui.services.probe import ProbeResult, probe_all, probe_one
from llama_storage_tui.upstream.versions import newest
from tests.configs import catalog_of
from tests.deployments import Deployment, backend_of, config_of
from tests.stores import PostgresStore

STORES = {
    "metadata": {"backend": "kv_default", "namespace": "registry"},
    "inference": {"backend": "sql_default", "table_name": "inference_store"},
}


def deployed(
    store: PostgresStore,
    version: str,
    *,
    server: Mapping[str, object] | None = None,
    providers: Mapping[str, object] | None = None,
    kv: Mapping[str, object] | None = None,
    **changes: object,
) -> Deployment:
    sql = {name: value for name, value in backend_of(store, "sql", **changes).items() if value is not None}
    backends = {"kv_default": backend_of(store, "kv", **(kv or {})), "sql_default": sql}
    config = json.loads(config_of(backends, STORES, providers))
    return Deployment(catalog_of(json.dumps(config | {"server": dict(server or {})}), version))


async def result_of(found: Deployment, name: str = "sql_default") -> ProbeResult:
    async with found.session() as session:
        return await probe_one(session, name)


_NUMBERS = count(1)


@pytest.fixture
def role(postgres_store: PostgresStore) -> str:
    """Make a role of this test alone, whose password is `aa%41bb`, as owner of the database's schema."""
    name = f"role_{next(_NUMBERS)}"
    postgres_store.ask(f"CREATE ROLE {name} LOGIN PASSWORD 'aa%41bb'")
    postgres_store.ask(f"GRANT ALL ON SCHEMA public TO {name}")
    return name


@pytest.mark.parametrize(
    ("version", "password", "is_let_in"),
    [
        ("0.3.5", "aa%41bb", False),
        ("0.3.5", "aa%2541bb", True),
        ("1.0.2", "aa%41bb", False),
        ("1.0.3", "aa%41bb", True),
        ("1.0.3", "aa%2541bb", False),
        ("1.5.0", "aa%41bb", True),
    ],
)
async def test_a_password_is_decoded_where_a_server_of_the_version_decodes_it(
    postgres_store: PostgresStore, role: str, *, version: str, password: str, is_let_in: bool
) -> None:
    result = await result_of(deployed(postgres_store, version, user=role, password=password))
    assert result.is_ok is is_let_in
    assert (result.error is None) or result.error.failure is FailureKind.AUTHENTICATION
    assert any("decoded" in note for note in result.notes) is (version < "1.0.3")


@pytest.mark.parametrize("version", ["0.3.5", "1.5.0"])
async def test_a_password_that_ends_in_a_line_break_is_refused_and_the_test_says_why(
    postgres_store: PostgresStore, role: str, *, version: str
) -> None:
    postgres_store.ask(f"ALTER ROLE {role} PASSWORD 'word'")
    result = await result_of(deployed(postgres_store, version, user=role, password="word\n"))
    assert result.error is not None
    assert result.error.failure is FailureKind.AUTHENTICATION
    assert result.notes == ("The password ends in a line break, and is sent with it.",)


@pytest.mark.parametrize(
    ("version", "is_let_in"), [("0.3.5", True), ("1.0.2", True), ("1.0.3", False), ("1.5.0", False)]
)
async def test_a_missing_password_is_the_word_none_before_1_0_3(
    postgres_store: PostgresStore, role: str, *, version: str, is_let_in: bool
) -> None:
    postgres_store.ask(f"ALTER ROLE {role} PASSWORD 'None'")
    found = deployed(postgres_store, version, user=role, password=None)
    result = await result_of(found)
    assert result.is_ok is is_let_in
    assert "has no password" in result.notes[0]
    assert ("None" in result.notes[0]) is is_let_in
    assert not any(secret.reveal() == "None" for secret in found.catalog.secrets)


async def test_a_password_that_breaks_the_url_fails_the_test_though_this_program_gets_in(
    postgres_store: PostgresStore,
) -> None:
    for version, is_ok in (("0.3.5", False), ("1.0.2", False), ("1.0.3", True)):
        result = await result_of(deployed(postgres_store, version))  # the tests' own password has an @
        assert result.is_ok is is_ok
        if result.error is not None:
            assert "a server does not" in result.error.message


@pytest.mark.parametrize("host", ["/var/run/postgresql", "::1"])
def test_a_host_that_means_something_in_a_url_is_found_before_1_0_3(host: str) -> None:
    backends = {"sql_default": {"type": "sql_postgres", "host": host, "user": "u", "password": "abc"}}
    for version, is_told in (("0.3.5", True), ("1.0.3", False)):
        catalog = catalog_of(config_of(backends, {}), version)
        assert ("host-breaks-url" in {finding.rule for finding in catalog.findings}) is is_told
        assert (catalog.backends[0].cannot_connect is not None) is is_told


@pytest.mark.parametrize(
    ("family", "version", "mode", "is_ok", "word"),
    [
        ("sql", "0.3.5", "require", True, "ignored"),
        ("sql", "1.3.1", "verify-full", True, "ignored"),
        ("sql", "1.4.0", "require", False, None),
        ("sql", "1.5.0", "disable", True, "does not switch TLS off"),
        ("kv", "0.3.5", "require", False, None),
        ("kv", "0.3.5", "disable", True, None),
        ("kv", "1.5.0", "disable", True, "does not switch TLS off"),
    ],
)
async def test_ssl_mode_counts_where_a_server_of_the_version_reads_it(
    postgres_store: PostgresStore,
    role: str,
    family: str,
    version: str,
    mode: str,
    *,
    is_ok: bool,
    word: str | None,
) -> None:
    settings = {"user": role, "ssl_mode": mode, "password": "abc"}
    postgres_store.ask(f"ALTER ROLE {role} PASSWORD 'abc'")
    found = (
        deployed(postgres_store, version, user=role, ssl_mode=mode, password="abc")
        if family == "sql"
        else deployed(postgres_store, version, kv=settings)
    )
    result = await result_of(found, f"{family}_default")
    assert result.is_ok is is_ok
    assert is_ok or (result.error is not None and result.error.failure is FailureKind.TLS)
    assert [note for note in result.notes if "ssl_mode" in note] == [
        note for note in result.notes if word and word in note
    ]
    assert (word is not None) == any(word and word in note for note in result.notes)


async def test_a_role_that_may_not_create_tables_in_an_empty_database_fails(
    postgres_store: PostgresStore, role: str
) -> None:
    postgres_store.ask(f"REVOKE CREATE ON SCHEMA public FROM {role}")
    found = deployed(
        postgres_store, "1.5.0", user=role, password="aa%41bb", kv={"user": role, "password": "aa%41bb"}
    )
    for name in ("sql_default", "kv_default"):
        result = await result_of(found, name)
        assert result.probe is not None
        assert result.error is not None
        assert result.error.failure is FailureKind.PERMISSION
        assert "may not create tables" in result.error.message
        assert "GRANT CREATE ON SCHEMA public" in help_words(result.error.help)


async def test_a_key_value_table_that_is_there_does_not_spare_the_right_to_create(
    postgres_store: PostgresStore, role: str
) -> None:
    postgres_store.execute(
        f"CREATE TABLE kvstore (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMPTZ); GRANT ALL ON kvstore TO {role}"
    )
    kv = {"user": role, "password": "aa%41bb"}
    before = await result_of(deployed(postgres_store, "1.5.0", kv=kv), "kv_default")
    assert before.error is not None
    assert "belongs to another role" in before.error.message
    assert (await result_of(deployed(postgres_store, "1.0.2", kv=kv), "kv_default")).is_ok
    postgres_store.ask(f"REVOKE CREATE ON SCHEMA public FROM {role}")
    result = await result_of(deployed(postgres_store, "1.0.2", kv=kv), "kv_default")
    assert result.error is not None
    assert "CREATE TABLE IF NOT EXISTS" in result.error.message


async def test_tables_that_are_all_there_need_no_right_to_create_on_a_sql_backend(
    postgres_store: PostgresStore, role: str
) -> None:
    found = deployed(postgres_store, "1.5.0", user=role, password="aa%41bb")
    tables = found.catalog.tables_on("sql_default")
    postgres_store.execute("; ".join(f"CREATE TABLE {name} (id TEXT)" for name in tables))
    postgres_store.ask(f"REVOKE CREATE ON SCHEMA public FROM {role}")
    refused = await result_of(found)
    assert refused.error is not None
    assert "may not read and change the rows" in refused.error.message
    postgres_store.ask("; ".join(f"GRANT ALL ON {name} TO {role}" for name in tables))
    assert (await result_of(found)).is_ok


async def test_sessions_that_are_read_only_by_default_fail(postgres_store: PostgresStore, role: str) -> None:
    postgres_store.ask(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    result = await result_of(deployed(postgres_store, "1.5.0", user=role, password="aa%41bb"))
    assert result.error is not None
    assert result.error.failure is FailureKind.READ_ONLY


@pytest.mark.parametrize(
    ("limit", "workers", "is_ok"), [(30, 1, True), (29, 1, False), (59, 2, False), (60, 2, True)]
)
async def test_a_connection_limit_below_the_pools_of_all_workers_fails(
    postgres_store: PostgresStore, role: str, limit: int, workers: int, *, is_ok: bool
) -> None:
    found = deployed(postgres_store, "1.5.0", server={"workers": workers}, user=role, password="aa%41bb")
    postgres_store.ask(f"ALTER ROLE {role} CONNECTION LIMIT {limit}")
    result = await result_of(found)
    assert result.is_ok is is_ok
    if result.error is not None:
        assert result.error.failure is FailureKind.TOO_MANY_CONNECTIONS
        assert f"may have {limit} connections" in result.error.message
        assert f"may open {30 * workers}" in result.error.message


async def test_the_limit_of_a_database_is_held_against_every_backend_in_it(
    postgres_store: PostgresStore,
) -> None:
    found = deployed(postgres_store, "1.5.0")
    postgres_store.ask(f"ALTER DATABASE {postgres_store.database} CONNECTION LIMIT 44")
    for name in ("kv_default", "sql_default"):
        result = await result_of(found, name)
        assert result.error is not None
        assert "may open 45 to it" in result.error.message


async def test_replicas_and_workers_of_a_manifest_count(postgres_store: PostgresStore, role: str) -> None:
    config = config_of(
        {"sql_default": backend_of(postgres_store, "sql", user=role, password="aa%41bb")},
        {"inference": STORES["inference"]},
    )
    map_ = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "cfg"},
        "data": {"config.yaml": config},
    }
    workload = {
        "apiVersion": "ogx.io/v1beta1",
        "kind": "OGXServer",
        "metadata": {"name": "s"},
        "spec": {"overrideConfig": {"name": "cfg"}, "workload": {"replicas": 3, "workers": 2}},
    }
    text = f"{json.dumps(map_)}\n---\n{json.dumps(workload)}".encode()
    catalog = load_catalog(read_document(text, "all.yaml"), merge([], {}), version=newest("1.5.0"))
    postgres_store.ask(f"ALTER ROLE {role} CONNECTION LIMIT 179")
    result = await result_of(Deployment(catalog))
    assert result.error is not None
    assert "3 replicas with 2 workers each of this config may open 180" in result.error.message


def pgvector(store: PostgresStore, **changes: object) -> dict[str, object]:
    settings = {
        name: value
        for name, value in backend_of(store, "sql", **changes).items()
        if name != "type" and value is not None
    }
    return {"vector_io": [{"provider_id": "pg", "provider_type": "remote::pgvector", "config": settings}]}


async def test_what_a_provider_logs_in_to_by_itself_is_tested_too(
    postgres_store: PostgresStore, role: str
) -> None:
    found = deployed(postgres_store, "1.5.0", providers=pgvector(postgres_store, user=role, password="wrong"))
    async with found.session() as session:
        results = {result.backend: result async for result in probe_all(session)}
    assert set(results) == {"kv_default", "sql_default", "vector_io/pg"}
    error = results["vector_io/pg"].error
    assert error is not None
    assert error.failure is FailureKind.AUTHENTICATION


@pytest.mark.parametrize(
    ("version", "is_installed", "may_create", "word"),
    [
        ("0.3.5", False, True, "do not create it"),
        ("0.4.2", False, True, "do not create it"),
        ("0.4.3", False, True, None),
        ("1.5.0", False, True, None),
        ("1.5.0", False, False, "may not create it"),
        ("0.3.5", True, False, None),
        ("1.5.0", True, False, None),
    ],
)
async def test_pgvector_needs_its_extension_or_the_right_to_create_it(
    postgres_store: PostgresStore,
    role: str,
    version: str,
    *,
    is_installed: bool,
    may_create: bool,
    word: str | None,
) -> None:
    if is_installed:
        postgres_store.ask("CREATE EXTENSION vector")
    if may_create:
        postgres_store.ask(f"ALTER ROLE {role} SUPERUSER")  # this server's vector is not a trusted extension
    found = deployed(
        postgres_store, version, providers=pgvector(postgres_store, user=role, password="aa%41bb")
    )
    result = await result_of(found, "vector_io/pg")
    assert result.is_ok is (word is None)
    if word is not None:
        assert result.error is not None
        assert word in result.error.message
    assert result.probe is not None
    assert "extension vector" in result.probe.details


async def test_an_administrator_of_a_managed_server_may_create_the_extension(
    postgres_store: PostgresStore, role: str
) -> None:
    name = f"rds_superuser_of_{postgres_store.database}"
    postgres_store.ask(f"CREATE ROLE {name}; GRANT {name} TO {role}")
    found = deployed(
        postgres_store, "1.5.0", providers=pgvector(postgres_store, user=role, password="aa%41bb")
    )
    assert not (await result_of(found, "vector_io/pg")).is_ok
    postgres_store.ask(f"ALTER ROLE {name} RENAME TO rds_superuser")
    try:
        assert (await result_of(found, "vector_io/pg")).is_ok
    finally:
        postgres_store.ask("DROP ROLE rds_superuser")


async def test_pgvector_without_a_password_sends_what_its_version_ships(
    postgres_store: PostgresStore, role: str
) -> None:
    postgres_store.ask("CREATE EXTENSION vector")
    postgres_store.ask(f"ALTER ROLE {role} PASSWORD 'mysecretpassword'")
    for version, is_ok in (("1.0.2", True), ("1.0.3", False)):
        providers = pgvector(postgres_store, user=role, password=None)
        result = await result_of(deployed(postgres_store, version, providers=providers), "vector_io/pg")
        assert result.is_ok is is_ok
        assert "no password" in result.notes[0]


async def test_a_missing_file_of_sql_sqlite_in_a_missing_folder_is_not_promised(tmp_path: Path) -> None:
    backends = {
        "kv_default": {"type": "kv_sqlite", "db_path": str(tmp_path / "gone" / "kv.db")},
        "beside": {"type": "sql_sqlite", "db_path": str(tmp_path / "gone" / "sql.db")},
        "alone": {"type": "sql_sqlite", "db_path": str(tmp_path / "other" / "sql.db")},
    }
    async with Deployment(catalog_of(config_of(backends, {}), "1.5.0")).session() as session:
        results = {result.backend: result.error async for result in probe_all(session)}
    said = {name: help_words(error.help) for name, error in results.items() if error is not None}
    assert "creates it on first use" in said["kv_default"]
    assert "creates it on first use" in said["beside"]
    assert "sql_sqlite makes none" in said["alone"]
