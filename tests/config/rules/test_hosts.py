"""Hosts that a driver refuses, or reads as another address."""

import pytest

from tests.configs import SQLITE, catalog_of, rules
from tests.rule_cases import Case, change, hold_against, name_of


def at_host(type_: str, host: str) -> str:
    """Return a config whose key-value backend is of a type and has a host."""
    entry = f"      type: {type_}\n      host: {host}\n"
    return change(SQLITE, ("      type: kv_sqlite\n      db_path: /srv/stack/kv.db\n", entry))


WHERE = "storage.backends.kv_default.host"
CASES = [
    Case(
        "unusable-host",
        "1.5.0",
        at_host(type_, host),
        at_host(type_, good),
        "error",
        "start",
        WHERE,
        "host: ",
    )
    for type_, host, good in (
        ("kv_redis", "::1", "'[::1]'"),
        ("kv_redis", "cache:6380", "cache"),
        ("kv_redis", "':p/w@cache'", "':p%2Fw@cache'"),
        ("kv_mongodb", "::1", "'[::1]'"),
        ("kv_postgres", "'[::1]'", "'::1'"),
        ("kv_postgres", "db:6432", "db"),
        ("kv_postgres", "stack@db", "db"),
        ("kv_postgres", "'[::1]:6432'", "/run/postgresql"),
        ("kv_postgres", "postgresql://db/stack", "db"),
        ("kv_mongodb", "'mongodb://h:x'", "'mongodb://h:1'"),
    )
] + [
    Case(
        "url-as-host",
        "1.5.0",
        at_host("kv_redis", "rediss://cache"),
        at_host("kv_redis", "'cache:6379/2#'"),
        "warning",
        "never",
        WHERE,
        "host: ",
    )
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_host_with_a_fault_is_found(case: Case) -> None:
    hold_against(case)


def test_a_port_of_the_wrong_kind_is_no_fault_of_the_host() -> None:
    text = at_host("kv_redis", "cache\n      port: no number")
    assert "unusable-host" not in rules(catalog_of(text, "1.5.0"))
