"""What a server says when it loads the file."""

import pytest

from tests.configs import (
    POSTGRES,
    SQLITE,
)
from tests.rule_cases import (
    Case,
    change,
    hold_against,
    name_of,
    postgres_with,
)

CASES = [
    Case(
        "unset-variable",
        "1.5",
        POSTGRES,
        SQLITE,
        "error",
        "load",
        "storage.backends.sql_default.password",
        "PGPASS",
    ),
    Case(
        "unknown-backend",
        "1.5",
        change(SQLITE, ("kv_default, namespace: registry", "nowhere, namespace: registry")),
        SQLITE,
        "error",
        "load",
        "storage.stores.metadata",
        "metadata:",
    ),
    Case(
        "wrong-family",
        "1.5",
        change(SQLITE, ("kv_default, namespace: registry", "sql_default, namespace: registry")),
        SQLITE,
        "error",
        "load",
        "storage.stores.metadata",
        "metadata:",
    ),
    Case(
        "missing-field",
        "1.5",
        change(SQLITE, ("      db_path: /srv/stack/kv.db\n", "")),
        SQLITE,
        "error",
        "load",
        "storage.backends.kv_default.db_path",
        "kv_default:",
    ),
    Case(
        "wrong-type",
        "1.5",
        POSTGRES,
        POSTGRES,
        "error",
        "load",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "123456"},
    ),
    Case(
        "out-of-range",
        "1.5",
        postgres_with("      password: x\n      pool_size: 0\n"),
        SQLITE,
        "error",
        "load",
        "storage.backends.sql_default.pool_size",
        "pool_size",
    ),
    Case(
        "unknown-backend-type",
        "1.5",
        change(SQLITE, ("type: kv_sqlite", "type: kv_etcd")),
        SQLITE,
        "error",
        "load",
        "storage.backends.kv_default.type",
        "type: kv_etcd",
    ),
    Case(
        "value-not-allowed",
        "1.5",
        postgres_with("      password: x\n      ssl_mode: on-demand\n"),
        SQLITE,
        "error",
        "load",
        "storage.backends.sql_default.ssl_mode",
        "ssl_mode",
    ),
    Case(
        "conflicting-fields",
        "1.5",
        postgres_with("      connection_string: postgresql://u@h/d\n"),
        SQLITE,
        "error",
        "load",
        "storage.backends.sql_default.connection_string",
        "connection_string",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)
