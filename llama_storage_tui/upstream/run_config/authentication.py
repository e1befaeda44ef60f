"""`server.auth.provider_config`: who may call the server, by the provider's `type`.

Source: `core/datatypes.py`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlparse

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.facts import (
    ByType,
    CheckedMapping,
    Fact,
    FieldCheck,
    ListOf,
    Maybe,
    Values,
    broken,
    shape,
)
from llama_storage_tui.upstream.run_config.problems import ProblemKind

_HEADERS: Final = Version(0, 8, 0)
_TENANTS: Final = Version(1, 2, 0)
_API_KEYS: Final = Version(1, 4, 0)


def _check_one_source(values: Values, _given: AbstractSet[str]) -> None:
    given = [name for name in ("jwks", "introspection") if values[name]]
    if not given:
        raise broken(ProblemKind.MISSING, "Either jwks or introspection must be given.")
    if len(given) > 1:
        raise broken(ProblemKind.CONFLICT, "jwks cannot be combined with introspection.")


def _check_url(url: str) -> str:
    try:
        parts = urlparse(url)
    except ValueError:
        raise broken(ProblemKind.INVALID, "Cannot be read as a URL.") from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise broken(ProblemKind.INVALID, "Must be an http or https URL with a host.")
    return url


def _check_claims(claims: dict[str, str]) -> dict[str, str]:
    if not all(claims.values()):
        raise broken(ProblemKind.INVALID, "A claim cannot be mapped to an empty name.")
    return claims


def _check_networks(networks: list[str] | None) -> list[str] | None:
    if networks is None:
        return networks
    if not networks:
        raise broken(ProblemKind.INVALID, "At least one network must be given.")
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise broken(ProblemKind.INVALID, "Every entry must be a network such as 10.0.0.0/8.") from None
    return networks


_JWKS: Final = shape(
    "Jwks",
    Fact("uri", str),
    Fact("token", Maybe(str), None, is_secret=True),
    Fact("key_recheck_period", int, 3600),
)

_INTROSPECTION: Final = shape(
    "Introspection",
    Fact("url", str),
    Fact("client_id", str),
    Fact("client_secret", str, is_secret=True),
    Fact("send_secret_in_body", bool, default=False),
)

_TLS: Final = (Fact("verify_tls", bool, default=True), Fact("tls_cafile", Maybe(Path), None))

_OAUTH2: Final = shape(
    "OAuth2Token",
    Fact("type", Literal["oauth2_token"]),
    Fact("audience", str, "llama-stack", until=_HEADERS),
    Fact("audience", str, "ogx", since=_HEADERS),
    *_TLS,
    Fact("issuer", Maybe(str), None),
    Fact("claims_mapping", dict[str, str], {}),  # empty names pass: upstream declares their check in vain
    Fact("tenant_claim", Maybe(str), None, since=_TENANTS),
    Fact("jwks", Maybe(_JWKS), None),
    Fact("introspection", Maybe(_INTROSPECTION), None),
    checks=(FieldCheck(_check_one_source),),
)

_GITHUB: Final = shape(
    "GithubToken",
    Fact("type", Literal["github_token"]),
    Fact("github_api_base_url", str, "https://api.github.com"),
    Fact("claims_mapping", dict[str, str], {}),
)

_CUSTOM: Final = shape(
    "Custom",
    Fact("type", Literal["custom"]),
    Fact("endpoint", str),
    Fact("tenant_field", Maybe(str), None, since=_TENANTS),
)

_KUBERNETES: Final = shape(
    "Kubernetes",
    Fact("type", Literal["kubernetes"]),
    Fact("api_server_url", CheckedMapping(str, _check_url), "https://kubernetes.default.svc"),
    *_TLS,
    Fact("claims_mapping", CheckedMapping(dict[str, str], _check_claims), {}),
    Fact("tenant_claim", Maybe(str), None, since=_TENANTS),
)

_UPSTREAM_HEADER: Final = shape(
    "UpstreamHeader",
    Fact("type", Literal["upstream_header"]),
    Fact("principal_header", str),
    Fact("tenant_header", Maybe(str), None, since=_TENANTS),
    Fact("attributes_header", Maybe(str), None),
    Fact("attribute_headers", Maybe(dict[str, str]), None, since=Version(1, 0, 0)),
    Fact("trusted_proxy_cidrs", CheckedMapping(list[str] | None, _check_networks), None, since=_API_KEYS),
    since=_HEADERS,
)

_LOCAL_API_KEY: Final = shape(
    "LocalApiKey",
    Fact("type", Literal["local_api_key"]),
    Fact("api_keys", ListOf(str), is_secret=True),
    since=_API_KEYS,
)

PROVIDER_CONFIG: Final = ByType(
    (_OAUTH2, _LOCAL_API_KEY, _GITHUB, _CUSTOM, _KUBERNETES, _UPSTREAM_HEADER),
)
