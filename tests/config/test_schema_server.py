"""The server's own section, as each version validates it."""

from typing import Any

import pytest

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config import validate

V035 = Version(0, 3, 5)
V073 = Version(0, 7, 3)
V150 = Version(1, 5, 0)


def problems_of(server: object, version: Version) -> dict[str, str]:
    document = {
        "image_name": "x",
        "providers": {},
        "storage": {"backends": {}, "stores": {}},
        "server": server,
    }
    return {".".join(map(str, problem.loc[1:])): problem.kind for problem in validate(document, version)}


def auth_problems(auth: object, version: Version) -> dict[str, str]:
    found = problems_of({"auth": auth}, version)
    return {place.removeprefix("auth").removeprefix("."): kind for place, kind in found.items()}


@pytest.mark.parametrize(
    ("port", "kind"), [(1023, "out-of-range"), (1024, None), (65536, "out-of-range"), ("http", "wrong-type")]
)
def test_a_port_is_a_whole_number_that_needs_no_privilege(port: object, kind: str | None) -> None:
    assert problems_of({"port": port}, V150) == ({} if kind is None else {"port": kind})


def test_null_is_no_server() -> None:
    assert problems_of(None, V035) == problems_of(None, V150) == {"": "wrong-type"}


def test_a_provider_of_authentication_is_known_by_its_type() -> None:
    header = {"provider_config": {"type": "upstream_header", "principal_header": "x"}}
    assert auth_problems(header, V073) == {"provider_config.type": "unknown-type"}
    assert auth_problems(header, Version(0, 8, 0)) == {}
    keys = {"provider_config": {"type": "local_api_key", "api_keys": ["k"]}}
    assert auth_problems(keys, Version(1, 3, 1)) == {"provider_config.type": "unknown-type"}
    assert auth_problems(keys, V150) == {}


def test_a_provider_of_authentication_may_be_absent_from_0_5_on() -> None:
    assert auth_problems({"access_policy": []}, V035) == {"provider_config": "missing"}
    assert auth_problems({"access_policy": []}, Version(0, 5, 0)) == {}


def test_oauth2_takes_keys_or_introspection_but_not_both() -> None:
    keys = {"jwks": {"uri": "https://keys"}}
    introspection = {"introspection": {"url": "u", "client_id": "c", "client_secret": "s"}}

    def problems(parts: dict[str, Any]) -> dict[str, str]:
        return auth_problems({"provider_config": {"type": "oauth2_token", **parts}}, V150)

    assert problems({}) == {"provider_config": "missing"}
    assert problems({**keys, **introspection}) == {"provider_config": "conflict"}
    assert problems(keys) == problems(introspection) == {}
    assert problems({**keys, "claims_mapping": {"sub": ""}}) == {}  # upstream's check never runs


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"api_server_url": "ftp://k"}, {"provider_config.api_server_url": "invalid"}),
        ({"api_server_url": "http://[::1"}, {"provider_config.api_server_url": "invalid"}),
        ({"claims_mapping": {"sub": ""}}, {"provider_config.claims_mapping": "invalid"}),
        ({"api_server_url": "https://k:6443"}, {}),
    ],
)
def test_kubernetes_needs_a_web_address_and_named_claims(
    parts: dict[str, Any], expected: dict[str, str]
) -> None:
    assert auth_problems({"provider_config": {"type": "kubernetes", **parts}}, V035) == expected


@pytest.mark.parametrize(
    ("networks", "is_good"),
    [(["10.0.0.1/8", "::/0"], True), (None, True), ([], False), (["10.0.0.0/33"], False)],
)
def test_trusted_proxies_are_networks(networks: object, is_good: bool) -> None:  # noqa: FBT001 - a case
    provider = {"type": "upstream_header", "principal_header": "x", "trusted_proxy_cidrs": networks}
    expected = {} if is_good else {"provider_config.trusted_proxy_cidrs": "invalid"}
    assert auth_problems({"provider_config": provider}, V150) == expected


SCOPE = {"actions": ["read"]}


@pytest.mark.parametrize(
    ("rule", "place", "kind"),
    [
        ({}, "", "missing"),
        ({"permit": SCOPE, "forbid": SCOPE}, "", "conflict"),
        ({"permit": SCOPE, "when": "user is owner", "unless": "user is owner"}, "", "conflict"),
        ({"permit": SCOPE, "when": "user in owner teams"}, ".when", "invalid"),
        ({"permit": SCOPE, "unless": ["user is owner", ""]}, ".unless", "invalid"),
        ({"permit": {"actions": ["look"]}}, ".permit.actions.0", "not-allowed"),
        ({"permit": {}}, ".permit.actions", "missing"),
    ],
)
def test_a_rule_permits_or_forbids_under_conditions_that_can_be_read(
    rule: dict[str, Any], place: str, kind: str
) -> None:
    auth = {"provider_config": {"type": "custom", "endpoint": "e"}, "access_policy": [rule]}
    found = auth_problems(auth, V150)
    assert found[f"access_policy.0{place}"] == kind


@pytest.mark.parametrize("condition", ["", [], None, "user  in owners teams", "user with a not in b"])
def test_an_empty_condition_is_none_and_spaces_do_not_matter(condition: object) -> None:
    rule = {"forbid": {"actions": "read"}, "when": condition}
    auth = {"provider_config": {"type": "custom", "endpoint": "e"}, "access_policy": [rule]}
    assert auth_problems(auth, V035) == {}


def test_unowned_resources_can_be_named_from_0_4_on() -> None:
    rule = {"permit": SCOPE, "when": "resource is unowned"}
    auth = {"provider_config": {"type": "custom", "endpoint": "e"}, "access_policy": [rule]}
    assert auth_problems(auth, V035) == {"access_policy.0.when": "invalid"}
    assert auth_problems(auth, Version(0, 4, 0)) == {}


def test_quota_and_cors_are_read_until_0_8() -> None:
    server = {"quota": {"kvstore": {"backend": "kv_default"}, "period": "week"}, "cors": {"max_age": -1}}
    expected = {
        "quota.kvstore.namespace": "missing",
        "quota.period": "not-allowed",
        "cors.max_age": "out-of-range",
    }
    assert problems_of(server, V035) == problems_of(server, Version(0, 8, 0)) == expected
    assert problems_of(server, Version(1, 0, 0)) == {}


def test_credentials_exclude_a_wildcard_origin() -> None:
    cors = {"allow_origins": ["*"], "allow_credentials": True}
    assert problems_of({"cors": cors}, V073) == {"cors.allow_credentials": "conflict"}
    assert problems_of({"cors": True}, V073) == {}
    assert problems_of({"cors": "perhaps"}, V073) == {"cors": "wrong-type"}


@pytest.mark.parametrize(
    ("tenancy", "kind"),
    [
        ({"mode": "single"}, "missing"),
        ({"mode": "single", "default_tenant_id": " Team-A "}, None),
        ({"mode": "multi", "default_tenant_id": "team a"}, "invalid"),
        ({"mode": "disabled", "default_tenant_id": "x" * 129}, "invalid"),
        ({"default_tenant_id": ""}, None),
    ],
)
def test_a_tenant_id_is_a_short_plain_word(tenancy: dict[str, Any], kind: str | None) -> None:
    expected = {} if kind is None else {"tenancy.default_tenant_id": kind}
    assert problems_of({"tenancy": tenancy}, V150) == expected
    assert problems_of({"tenancy": tenancy}, Version(1, 1, 3)) == {}


def test_ciphers_are_checked_only_where_there_is_a_certificate() -> None:
    certificate = {"tls_certfile": "c", "tls_keyfile": "k"}
    weak = {"tls_config": {"ciphers": ["RC4"]}}
    assert problems_of({**certificate, **weak}, V150) == {"tls_config": "not-allowed"}
    assert problems_of({**certificate, "tls_config": {"ciphers": []}}, V150) == {"tls_config": "not-allowed"}
    assert problems_of({**certificate, **weak, "insecure": True}, V150) == problems_of(weak, V150) == {}
