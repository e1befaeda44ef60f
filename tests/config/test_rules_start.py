"""What a server says when it starts: static reasons only."""

import pytest

from tests.configs import (
    OLDEST,
    SQLITE,
    with_provider,
)
from tests.rule_cases import (
    FAISS,
    Case,
    change,
    hold_against,
    name_of,
    postgres_with,
)

CASES = [
    Case(
        "provider-unknown-backend",
        "1.5",
        with_provider(
            SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: nowhere, namespace: x}}"
        ),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "nowhere",
    ),
    Case(
        "provider-wrong-family",
        "1.5",
        with_provider(
            SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: sql_default, namespace: x}}"
        ),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "persistence",
    ),
    Case(
        "missing-store",
        "0.3.5",
        OLDEST.replace("    metadata: {backend: kv_default, namespace: registry}\n", ""),
        OLDEST,
        "error",
        "start",
        "storage.stores.metadata",
        "  stores:",
    ),
    Case(
        "unknown-provider",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::fiass", FAISS),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].provider_type",
        "inline::fiass",
    ),
    Case(
        "missing-reference",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::faiss", "{}"),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "config: {}",
    ),
    Case(
        "tls-required",
        "1.5",
        SQLITE + "server: {port: 8321}\n",
        SQLITE + "server: {insecure: true}\n",
        "info",
        "start",
        "server",
        "server:",
    ),
    Case(
        "bad-port",
        "1.5",
        postgres_with("      password: x\n      port: five\n"),
        postgres_with("      password: x\n      port: '5'\n"),
        "error",
        "start",
        "storage.backends.sql_default.port",
        "port:",
    ),
    Case(
        "tenancy-without-metadata-store",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS) + "server: {tenancy: {mode: multi}}\n",
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0]",
        "provider_id: p1",
    ),
    Case(
        "expanded-twice",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "${env.A:=${env.B}}")),
        SQLITE,
        "error",
        "start",
        "storage.backends.kv_default.db_path",
        "env.A",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)
