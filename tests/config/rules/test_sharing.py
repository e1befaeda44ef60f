"""References and backends that meet in one place."""

import pytest

from tests.configs import (
    EARLIER,
    SQLITE,
    catalog_of,
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


def test_of_many_that_share_each_is_named_once_and_findings_go_to_the_backend_that_they_stand_on() -> None:
    entries = "\n".join(
        f"  - {{provider_id: p{number}, provider_type: inline::faiss, config:"
        f" {{persistence: {{backend: {'kv_default' if number % 2 else 'kv'}, namespace: same}}}}}}"
        for number in range(40)
    )
    text = (
        SQLITE.replace("  inference: []", f"  vector_io:\n{entries}")
        .replace("[inference]", "[vector_io]")
        .replace("  backends:\n", "  backends:\n    kv: {type: kv_sqlite, db_path: /srv/stack/kv2.db}\n")
    )
    catalog = catalog_of(text)
    shared = [finding for finding in catalog.findings if finding.rule == "shared-namespace"]
    assert len(shared) == 38
    by_backend = catalog.findings_by_backend()
    for name in ("kv", "kv_default"):
        on_it = [finding for finding in by_backend[name] if finding.rule == "shared-namespace"]
        first = "vector_io[0]" if name == "kv" else "vector_io[1]"
        assert len(on_it) == 19
        assert all(f" and providers.{first}.config.persistence use" in finding.message for finding in on_it)
