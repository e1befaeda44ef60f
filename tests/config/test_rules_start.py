"""What a server says when it starts: static reasons only."""

import pytest
import yaml

from llama_storage_tui.model.finding import Severity, Stage
from tests.configs import (
    OLDEST,
    SQLITE,
    catalog_of,
    found,
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


@pytest.mark.parametrize(
    ("version", "provider", "severity"),
    [
        ("1.5.0", {"type": "local_api_key", "api_keys": ["k"]}, Severity.ERROR),
        ("1.4.0", {"type": "local_api_key", "api_keys": ["k"]}, Severity.ERROR),
        ("1.5.0", {"type": "github_token"}, Severity.WARNING),
        ("1.5.0", {"type": "custom", "endpoint": "http://auth"}, Severity.WARNING),
        ("1.5.0", {"type": "custom", "endpoint": "http://auth", "tenant_field": "org"}, None),
        ("1.2.0", {"type": "upstream_header", "principal_header": "x-user"}, Severity.WARNING),
        ("1.2.0", {"type": "upstream_header", "principal_header": "x-user", "tenant_header": "x-org"}, None),
        ("1.2.0", None, Severity.WARNING),
        ("1.1.0", None, None),
    ],
)
def test_tenancy_multi_needs_an_authentication_that_names_the_tenant(
    version: str, provider: dict[str, object] | None, severity: Severity | None
) -> None:
    server: dict[str, object] = {"tenancy": {"mode": "multi"}}
    if provider is not None:
        server["auth"] = {"provider_config": provider}
    catalog = catalog_of(SQLITE + yaml.safe_dump({"server": server}), version)
    told = found(catalog, "tenancy-without-tenants")
    assert [finding.severity for finding in told] == ([] if severity is None else [severity])
    assert all((finding.stage is Stage.START) == (severity is Severity.ERROR) for finding in told)


@pytest.mark.parametrize(
    ("version", "is_insecure", "is_told"),
    [("1.5.0", False, True), ("1.5.0", True, False), ("1.1.1", False, False)],
)
def test_an_authentication_whose_certificate_is_not_verified_stops_a_server(
    *, version: str, is_insecure: bool, is_told: bool
) -> None:
    provider = {"type": "kubernetes", "verify_tls": False}
    server = {"insecure": is_insecure, "auth": {"provider_config": provider}}
    catalog = catalog_of(SQLITE + yaml.safe_dump({"server": server}), version)
    assert bool(found(catalog, "unverified-authentication")) is is_told
