"""References and backends that meet in one place."""

import pytest

from tests.configs import (
    EARLIER,
    SQLITE,
    with_provider,
)
from tests.rule_cases import (
    BOTH_POSTGRES,
    FAISS,
    TWO_VECTOR_STORES,
    Case,
    change,
    hold_against,
    name_of,
)

CASES = [
    Case(
        "shared-table",
        "1.5",
        change(SQLITE, ("table_name: inference_store", "table_name: prompts")),
        SQLITE,
        "warning",
        "never",
        "storage.stores.prompts",
        "    prompts:",
    ),
    Case(
        "shared-namespace",
        "1.5",
        with_provider(
            SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: kv_default, namespace: registry}}"
        ),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "info",
        "never",
        "providers.vector_io[0].config.persistence",
        "namespace: registry",
    ),
    Case(
        "shared-keys",
        "0.7.3",
        TWO_VECTOR_STORES,
        EARLIER,
        "warning",
        "never",
        "providers.vector_io[1].config.persistence",
        "namespace: other",
    ),
    Case(
        "password-differs",
        "1.5",
        BOTH_POSTGRES,
        BOTH_POSTGRES.replace("two", "one"),
        "warning",
        "never",
        "storage.backends.sql_default",
        "sql_default:",
    ),
    Case(
        "password-differs",
        "1.5",
        with_provider(
            BOTH_POSTGRES.replace("two", "one"),
            "vector_io",
            "remote::pgvector",
            "{host: DB.example.org, port: '5432', user: stack, password: three}",
        ),
        with_provider(
            BOTH_POSTGRES.replace("two", "one"),
            "vector_io",
            "remote::pgvector",
            "{host: db.example.org, port: 5432, user: stack, password: one}",
        ),
        "warning",
        "never",
        "providers.vector_io[0].config.password",
        "three",
    ),
    Case(
        "host-spelled-differently",
        "1.5",
        BOTH_POSTGRES.replace("two", "one")
        .replace("db.example.org", "localhost", 1)
        .replace("db.example.org", "127.0.0.1"),
        BOTH_POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default",
        "sql_default:",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)
