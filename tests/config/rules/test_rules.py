"""How findings read, and what they add up to."""

import pytest

from llama_storage_tui.cli.next_steps import help_words
from tests.configs import (
    POSTGRES,
    SQLITE,
    base,
    catalog_of,
    found,
    only,
    with_provider,
)
from tests.rule_cases import (
    FILES,
    MORE,
    OLD_AND_NEW_BATCHES,
    change,
    postgres_with,
)

INSECURE = "server: {insecure: true}\n"


@pytest.mark.parametrize(
    "version", ["0.3.5", "0.4.7", "0.5.4", "0.6.1", "0.7.3", "0.8.0", "1.0.4", "1.2.5", "1.5.0"]
)
def test_a_config_without_fault_has_no_findings(version: str) -> None:
    catalog = catalog_of(base(version) + INSECURE, version)
    assert catalog.findings == ()
    assert (catalog.verdict.loads, catalog.verdict.starts) == (True, True)


def test_a_partial_storage_with_names_of_its_own_fails_on_the_stores_that_the_server_fills_in() -> None:
    text = change(SQLITE, ("kv_default", "kv"), ("sql_default", "sql")).replace(
        "    connectors: {backend: sql, table_name: connectors}\n", ""
    )
    finding = only(catalog_of(text, "1.5"), "unknown-backend")
    assert finding.where == "storage.stores.connectors"
    assert "filled in by the server" in finding.message
    assert "Write storage.stores.connectors out." in help_words(finding.help)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sslmode", "ssl_mode"),
        ("dbname", "db"),
        ("username", "user"),
        ("passwd", "password"),
        ("pool-size", "pool_size"),
        ("Host", "host"),
    ],
)
def test_an_ignored_field_comes_with_the_name_that_was_meant(written: str, meant: str) -> None:
    text = postgres_with(f"      password: x\n      {written}: x\n")
    rule = "ignored-connection-field" if written == "sslmode" else "ignored-field"
    assert only(catalog_of(text, "1.5"), rule).help == f"Did you mean {meant}?"


def test_an_ignored_field_of_a_later_version_says_from_when_on_it_is_read() -> None:
    text = postgres_with("      password: x\n      ssl_mode: require\n")
    assert only(catalog_of(text, "1.3"), "ignored-connection-field").help == "Servers read it from 1.4.0 on."


@pytest.mark.parametrize(
    ("type_", "written", "goes_to"),
    [
        ("sql_postgres", "hosst: db", "localhost:5432"),
        ("sql_postgres", "databse: shop", "db ogx"),
        ("sql_postgres", "pasword: x", "without a password"),
        ("kv_postgres", "tabel_name: x", "table_name ogx_kvstore"),
        ("kv_redis", "prot: 6380", "port 6379"),
    ],
)
def test_a_mistyped_field_that_decides_where_a_server_connects_says_where_it_goes_instead(
    type_: str, written: str, goes_to: str
) -> None:
    user = "" if type_ == "kv_redis" else "user: u, "
    text = SQLITE.replace("  stores:", f"    spare: {{type: {type_}, {user}{written}}}\n  stores:", 1)
    finding = only(catalog_of(text, "1.5"), "ignored-connection-field")
    assert goes_to in finding.message
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("entry", "goes_to"),
    [
        (
            "type: sql_postgres, user: u, connection_string: 'postgresql://u@elsewhere/shop'",
            "localhost:5432/ogx",
        ),
        ("type: sql_postgres, user: u, host: db, url: 'postgresql://u@elsewhere/shop'", "db:5432/ogx"),
        ("type: kv_postgres, user: u, db: shop, dsn: 'postgresql://u@elsewhere/shop'", "localhost:5432/shop"),
        ("type: kv_mongodb, user: u, host: m, uri: 'mongodb://elsewhere/shop'", "m:27017/ogx"),
        ("type: kv_mongodb, host: m, db: shop, username: u", "without a user name"),
    ],
)
def test_a_url_that_is_not_read_leaves_each_field_that_is_not_written_at_its_default(
    entry: str, goes_to: str
) -> None:
    text = SQLITE.replace("  stores:", f"    spare: {{{entry}}}\n  stores:", 1)
    assert goes_to in only(catalog_of(text, "1.4.0"), "ignored-connection-field").message


@pytest.mark.parametrize("written", ["hostname: db", "dbname: shop", "passwd: x", "sslmode: require"])
def test_beside_a_connection_string_that_is_read_no_other_field_decides_where_the_server_goes(
    written: str,
) -> None:
    entry = f"type: sql_postgres, connection_string: 'postgresql://u:p@db/shop', {written}"
    text = SQLITE.replace("  stores:", f"    spare: {{{entry}}}\n  stores:", 1)
    assert not found(catalog_of(text, "1.5"), "ignored-connection-field")
    assert only(catalog_of(text, "1.5"), "ignored-field").where.endswith(written.partition(":")[0])


def test_redis_says_that_it_never_had_a_password() -> None:
    text = change(
        SQLITE,
        (
            "type: kv_sqlite\n      db_path: /srv/stack/kv.db",
            "type: kv_redis\n      host: r\n      password: x",
        ),
    )
    assert "host and port only" in help_words(only(catalog_of(text, "1.5"), "ignored-connection-field").help)


def test_a_literal_number_as_password_is_told_to_be_quoted() -> None:
    finding = only(catalog_of(postgres_with("      password: 123456\n")), "wrong-type")
    assert finding.help == "Put the value in quotes: YAML reads digits as a number."
    assert "123456" not in finding.message


def test_a_backend_of_disabled_providers_alone_is_unused_and_says_so() -> None:
    text = with_provider(
        change(SQLITE, ("  stores:\n", MORE)),
        "vector_io",
        "inline::faiss",
        "{persistence: {backend: spare, namespace: x}}",
        provider_id="${env.ON:+faiss}",
    )
    assert only(catalog_of(text), "unused-backend").message.startswith("Only disabled providers refer")


def test_many_references_to_one_place_are_each_named_once() -> None:
    text = SQLITE
    for store in ("inference", "conversations", "prompts"):
        text = text.replace(
            f"    {store}: {{backend: sql_default, table_name: ",
            f"    {store}: {{backend: sql_default, table_name: ",
        )
    providers = "".join(
        f"  - {{provider_id: f{n}, provider_type: inline::localfs, config: {FILES}}}\n" for n in range(4)
    )
    text = SQLITE.replace("storage:\n", f"  files:\n{providers}storage:\n", 1)
    assert [one.where for one in found(catalog_of(text), "shared-table")] == [
        f"providers.files[{n}].config.metadata_store" for n in (1, 2, 3)
    ]


def test_a_reference_that_no_code_reads_cannot_fail_a_start() -> None:
    text = with_provider(
        SQLITE,
        "batches",
        "inline::reference",
        OLD_AND_NEW_BATCHES.replace("kv_default", "nowhere"),
    ).replace("apis: [inference]", "apis: [inference, files]")
    text = with_provider(
        text,
        "files",
        "inline::localfs",
        "{storage_dir: /srv/files, metadata_store: {backend: sql_default, table_name: f}}",
    )
    assert catalog_of(text, "1.5").verdict.starts is True


def test_an_external_provider_is_not_called_unknown() -> None:
    text = with_provider(
        SQLITE, "vector_io", "remote::mine", "{store: {backend: kv_default, namespace: mine}}"
    ).replace("provider_type: remote::mine", "provider_type: remote::mine\n    module: my_package")
    (note,) = catalog_of(text + INSECURE).findings
    assert (note.rule, note.severity, note.stage) == ("start-not-checked", "info", "start")
    assert "my_package" in note.message


def test_findings_come_worst_first_and_then_in_the_order_of_the_file() -> None:
    text = change(
        SQLITE,
        ("table_name: prompts", "table_name: my_prompts"),
        ("kv_default, namespace: registry", "nowhere, namespace: registry"),
        ("  stores:\n", MORE),
    )
    severities = [finding.severity for finding in catalog_of(text + INSECURE).findings]
    assert severities == ["error", "warning", "info", "info"]


def test_a_config_that_does_not_load_has_no_verdict_on_its_start() -> None:
    verdict = catalog_of(POSTGRES, "1.5").verdict
    assert (verdict.loads, verdict.starts) == (False, None)


def test_a_provider_that_refers_to_nothing_is_named_with_its_api() -> None:
    text = with_provider(
        SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: nowhere, namespace: x}}"
    )
    messages = [finding.message for finding in catalog_of(text, "1.5").findings]
    assert any(message.startswith("The provider vector_io/p1 refers to") for message in messages), messages
