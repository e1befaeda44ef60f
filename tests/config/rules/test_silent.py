"""What every server accepts without a word."""

import pytest

from tests.configs import (
    EARLIER,
    OLDEST,
    POSTGRES,
    SQLITE,
    catalog_of,
    found,
    only,
    with_provider,
)
from tests.rule_cases import (
    BATCHES,
    FILES,
    MORE,
    OLD_AND_NEW_BATCHES,
    RESPONSES,
    WORD,
    Case,
    change,
    hold_against,
    name_of,
    postgres_with,
)

CASES = [
    Case(
        "unused-backend",
        "1.5",
        change(SQLITE, ("  stores:\n", MORE)),
        SQLITE,
        "info",
        "never",
        "storage.backends.spare",
        "spare:",
    ),
    Case(
        "ignored-connection-field",
        "1.5",
        postgres_with("      password: x\n      sslmode: require\n"),
        SQLITE,
        "warning",
        "never",
        "storage.backends.sql_default.sslmode",
        "sslmode",
    ),
    Case(
        "ignored-field",
        "1.5",
        change(SQLITE, ("table_name: prompts", "table_name: prompts, tabel: x")),
        SQLITE,
        "info",
        "never",
        "storage.stores.prompts.tabel",
        "tabel",
    ),
    Case(
        "ignored-namespace",
        "1.5",
        change(SQLITE, ("db_path: /srv/stack/kv.db", "db_path: /srv/stack/kv.db\n      namespace: mine")),
        SQLITE,
        "info",
        "never",
        "storage.backends.kv_default.namespace",
        "namespace: mine",
    ),
    Case(
        "unknown-store",
        "1.5",
        SQLITE + "    metadat: {backend: kv_default, namespace: x}\n",
        SQLITE,
        "info",
        "never",
        "storage.stores.metadat",
        "metadat:",
    ),
    Case(
        "unread-store",
        "1.5",
        SQLITE + "    responses: {backend: sql_default, table_name: responses}\n",
        SQLITE,
        "info",
        "never",
        "storage.stores.responses",
        "responses:",
    ),
    Case(
        "unread-reference",
        "1.5",
        with_provider(SQLITE, "batches", "inline::reference", OLD_AND_NEW_BATCHES),
        with_provider(SQLITE, "batches", "inline::reference", BATCHES),
        "info",
        "never",
        "providers.batches[0].config.kvstore",
        "kvstore",
    ),
    Case(
        "decorative-table-name",
        "1.5",
        change(SQLITE, ("table_name: prompts", "table_name: my_prompts")),
        SQLITE,
        "warning",
        "never",
        "storage.stores.prompts",
        "my_prompts",
    ),
    Case(
        "decorative-table-name",
        "0.3.4",
        OLDEST,
        change(OLDEST, ("inference_store", "chat_completions")),
        "warning",
        "never",
        "storage.stores.inference",
        "inference_store",
    ),
    Case(
        "decorative-table-name",
        "0.4.7",
        with_provider(EARLIER, "agents", "inline::meta-reference", RESPONSES % "responses"),
        with_provider(EARLIER, "agents", "inline::meta-reference", RESPONSES % "openai_responses"),
        "warning",
        "never",
        "providers.agents[0].config.persistence.responses",
        "persistence",
    ),
    Case(
        "literal-tilde",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "~/kv.db")),
        change(SQLITE, ("/srv/stack/sql.db", "~/sql.db")),
        "warning",
        "never",
        "storage.backends.kv_default.db_path",
        "~/kv.db",
    ),
    Case(
        "memory-database",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "':memory:'")),
        SQLITE,
        "warning",
        "never",
        "storage.backends.kv_default.db_path",
        ":memory:",
    ),
    Case(
        "relative-path",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "kv.db")),
        SQLITE,
        "info",
        "never",
        "storage.backends.kv_default.db_path",
        "db_path: kv.db",
    ),
    Case(
        "duplicate-key",
        "1.5",
        change(SQLITE, ("      type: kv_sqlite\n", "      type: kv_sqlite\n      db_path: /old\n")),
        SQLITE,
        "warning",
        "never",
        "storage.backends.kv_default.db_path",
        "db_path: /srv/stack/kv.db",
    ),
    Case(
        "literal-secret",
        "1.5",
        postgres_with("      password: word\n"),
        POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default.password",
        "password: word",
        WORD,
    ),
    Case(
        "literal-secret",
        "1.5",
        with_provider(SQLITE, "files", "remote::s3", FILES.replace("}}", "}, aws_secret_access_key: word}")),
        SQLITE,
        "info",
        "never",
        "providers.files[0].config.aws_secret_access_key",
        "aws_secret",
    ),
    Case(
        "default-secret",
        "1.5",
        change(POSTGRES, ("env.PGPASS", "env.PGPASS:=word")),
        POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default.password",
        "PGPASS",
        {},
    ),
    Case(
        "rewritten-reference",
        "1.5",
        change(
            SQLITE,
            (
                "prompts: {backend: sql_default, table_name: prompts}",
                "prompts: {backend: kv_default, namespace: prompts}",
            ),
        ),
        SQLITE,
        "warning",
        "never",
        "storage.stores.prompts",
        "    prompts:",
    ),
    Case(
        "ignored-legacy-store",
        "0.5.4",
        EARLIER + "metadata_store: {type: sqlite, db_path: /old.db}\n",
        EARLIER,
        "warning",
        "never",
        "metadata_store",
        "metadata_store:",
    ),
    Case(
        "not-expanded",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "'${env.DIR:-/srv}/kv.db'")),
        SQLITE,
        "warning",
        "never",
        "storage.backends.kv_default.db_path",
        "env.DIR",
    ),
    Case(
        "unexpanded-default-path",
        "0.5.0",
        "version: 2\ndistro_name: x\nproviders: {}\nstorage: {}\n",
        EARLIER,
        "warning",
        "never",
        "storage",
        "storage:",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)


def test_an_inline_store_of_0_2_is_told_what_it_ignores_and_where_it_connects_instead() -> None:
    catalog = catalog_of(
        "version: 2\nimage_name: shop\napis: [inference]\nproviders: {inference: []}\n"
        "metadata_store: {type: redis, url: 'redis://cache.shop:6379'}\n"
        "inference_store: {type: postgres, host: db, database: shop, user: u, note: x}\n",
        "0.2.24",
    )
    said = {finding.where: (finding.rule, finding.message) for finding in catalog.findings}
    rule, message = said["metadata_store.url"]
    assert rule == "ignored-connection-field"
    assert "it connects to localhost:6379" in message
    rule, message = said["inference_store.database"]
    assert rule == "ignored-connection-field"
    assert "db llamastack" in message
    assert said["inference_store.note"][0] == "ignored-field"


@pytest.mark.parametrize(
    "field",
    ["token_file", "sslKeyPath", "private-key-file", "secret_name", "credentialsPath", "ssl_key_path"],
)
def test_where_a_secret_is_kept_is_not_told_as_a_secret_in_the_file(field: str) -> None:
    text = with_provider(SQLITE, "inference", "remote::vllm", f"{{{field}: /run/secrets/word}}")
    assert not found(catalog_of(text, "1.5"), "literal-secret")


@pytest.mark.parametrize("field", ["api_token", "apiToken", "private_key"])
def test_a_secret_itself_is_told(field: str) -> None:
    text = with_provider(SQLITE, "inference", "remote::vllm", f"{{{field}: hunter22}}")
    assert only(catalog_of(text, "1.5"), "literal-secret").where.endswith(field)
