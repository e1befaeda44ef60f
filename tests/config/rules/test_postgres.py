"""PostgreSQL settings that servers get wrong."""

import pytest

from llama_storage_tui.config.document import parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_context
from llama_storage_tui.config.logins import find_holders
from llama_storage_tui.model.version import Version
from tests.configs import (
    POSTGRES,
)
from tests.rule_cases import (
    KV_POSTGRES,
    WORD,
    Case,
    change,
    earlier_postgres,
    hold_against,
    name_of,
    postgres_with,
)

CASES = [
    Case(
        "password-breaks-url",
        "0.3.5",
        change(earlier_postgres(), ("image_name", "image_name")),
        earlier_postgres(),
        "error",
        "start",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "p@ss"},
    ),
    Case(
        "password-breaks-url",
        "1.0.2",
        POSTGRES,
        POSTGRES,
        "warning",
        "never",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "p@ss"},
    ),
    Case(
        "password-breaks-url",
        "1.0.2",
        POSTGRES,
        POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "a/b#c"},
    ),
    Case(
        "percent-encoded-password",
        "1.0.2",
        POSTGRES,
        POSTGRES,
        "warning",
        "never",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "a%40b"},
    ),
    Case(
        "percent-encoded-password",
        "1.0.3",
        POSTGRES,
        POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default.password",
        "PGPASS",
        {"PGPASS": "a%40b"},
    ),
    Case(
        "user-breaks-url",
        "1.0.2",
        change(POSTGRES, ("user: stack", "user: a@b")),
        POSTGRES,
        "warning",
        "never",
        "storage.backends.sql_default.user",
        "a@b",
        WORD,
    ),
    Case(
        "missing-password",
        "1.0.2",
        postgres_with(""),
        POSTGRES,
        "warning",
        "never",
        "storage.backends.sql_default.password",
        "sql_default:",
        WORD,
    ),
    Case(
        "environment-fallback",
        "1.5",
        postgres_with(""),
        POSTGRES,
        "info",
        "never",
        "storage.backends.sql_default.password",
        "sql_default:",
        WORD,
    ),
    Case(
        "driver-variables",
        "1.5",
        POSTGRES,
        postgres_with("      password: x\n      ssl_mode: require\n"),
        "info",
        "never",
        "storage.backends.sql_default",
        "sql_default:",
        WORD | {"PGSSLMODE": "require"},
    ),
    Case(
        "ssl-disable-ignored",
        "1.5",
        postgres_with("      password: x\n      ssl_mode: disable\n"),
        postgres_with("      password: x\n      ssl_mode: require\n"),
        "info",
        "never",
        "storage.backends.sql_default.ssl_mode",
        "ssl_mode",
    ),
    Case(
        "ca-cert-ignored",
        "1.5",
        change(
            KV_POSTGRES,
            ("password: one\n", "password: one\n      ssl_mode: verify-ca\n      ca_cert_path: /ca.crt\n"),
        ),
        KV_POSTGRES,
        "info",
        "never",
        "storage.backends.kv_default.ca_cert_path",
        "ca_cert_path",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)


def test_a_password_is_decoded_once_for_a_login_before_1_0_3() -> None:
    text = POSTGRES.replace("${env.PGPASS}", "aa%2541bb")
    document = parse(text, "run.yaml")
    for version, expected in (("1.0.2", "aa%41bb"), ("1.0.3", "aa%2541bb")):
        context = load_context(document, merge([], {}), version=Version.parse(version))
        passwords = {
            holder.name: holder.target.password.reveal()
            for holder in find_holders(context)
            if holder.target is not None and holder.target.password is not None
        }
        assert passwords["sql_default"] == expected
