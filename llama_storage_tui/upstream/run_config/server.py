"""`server`: port, TLS, authentication, quota (until 0.8), CORS (until 0.8), tenancy (from 1.2).

Source: `core/datatypes.py`, `core/server_tls.py`.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Final, Literal

from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.access import ACCESS_RULE, ROUTE_RULE
from llama_storage_tui.upstream.run_config.authentication import PROVIDER_CONFIG
from llama_storage_tui.upstream.run_config.facts import (
    Either,
    Fact,
    FieldCheck,
    ListOf,
    Maybe,
    Values,
    broken,
    shape,
)
from llama_storage_tui.upstream.run_config.problems import ProblemKind
from llama_storage_tui.upstream.run_config.stores import KV_REFERENCE

_WORKERS: Final = Version(0, 3, 1)
_ROUTES: Final = Version(0, 5, 0)
_REFRESH: Final = Version(0, 8, 0)
_WITHOUT_QUOTA: Final = Version(1, 0, 0)
_TENANCY: Final = Version(1, 2, 0)

_TENANT_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")

CIPHERS: Final = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384",
    }
)
"""The only cipher suites that a server with a certificate accepts."""


def _check_origins(values: Values, _given: AbstractSet[str]) -> None:
    if values["allow_credentials"] and "*" in values["allow_origins"]:
        message = "allow_credentials cannot be combined with the origin *."
        raise broken(ProblemKind.CONFLICT, message, field="allow_credentials")


def _check_tenant(values: Values, _given: AbstractSet[str]) -> None:
    tenant = values["default_tenant_id"]
    if not tenant:
        if values["mode"] == "single":
            message = "default_tenant_id is required for the mode single."
            raise broken(ProblemKind.MISSING, message, field="default_tenant_id")
    elif not _TENANT_ID.fullmatch(tenant.strip().lower()):
        message = "A tenant id is 1 to 128 letters, digits, - and _, and starts with a letter or a digit."
        raise broken(ProblemKind.INVALID, message, field="default_tenant_id")


def _check_ciphers(values: Values, _given: AbstractSet[str]) -> None:
    if values["insecure"] or not (values["tls_certfile"] and values["tls_keyfile"]):
        return
    ciphers = values["tls_config"].ciphers if values["tls_config"] else None
    if ciphers is None:
        return
    if not ciphers or not CIPHERS.issuperset(ciphers):
        message = (
            f"With a certificate, ciphers must name at least one of and only {', '.join(sorted(CIPHERS))}."
        )
        raise broken(ProblemKind.NOT_ALLOWED, message, field="tls_config")


_AUTHENTICATION: Final = shape(
    "Authentication",
    Fact("provider_config", PROVIDER_CONFIG, until=_ROUTES),
    Fact("provider_config", Maybe(PROVIDER_CONFIG), None, since=_ROUTES),
    Fact("route_policy", ListOf(ROUTE_RULE), (), since=_ROUTES),
    Fact("access_policy", ListOf(ACCESS_RULE), ()),
)

_QUOTA: Final = shape(
    "Quota",
    Fact("kvstore", KV_REFERENCE),
    Fact("anonymous_max_requests", int, 100),
    Fact("authenticated_max_requests", int, 1000),
    Fact("period", Literal["day"], "day"),
)

_CORS: Final = shape(
    "Cors",
    Fact("allow_origins", ListOf(str), ()),
    Fact("allow_origin_regex", Maybe(str), None),
    Fact("allow_methods", ListOf(str), ("OPTIONS",)),
    Fact("allow_headers", ListOf(str), ()),
    Fact("allow_credentials", bool, default=False),
    Fact("expose_headers", ListOf(str), ()),
    Fact("max_age", int, 600, at_least=0),
    checks=(FieldCheck(_check_origins),),
)

_TENANCY_SHAPE: Final = shape(
    "Tenancy",
    Fact("mode", Literal["disabled", "single", "multi"], "disabled"),
    Fact("default_tenant_id", Maybe(str), None),
    checks=(FieldCheck(_check_tenant),),
)

_TLS: Final = shape("Tls", Fact("ciphers", Maybe(ListOf(str)), None))

SERVER: Final = shape(
    "Server",
    Fact("port", int, 8321, at_least=1024, at_most=65535),
    Fact("tls_certfile", Maybe(str), None),
    Fact("tls_keyfile", Maybe(str), None),
    Fact("tls_cafile", Maybe(str), None),
    Fact("auth", Maybe(_AUTHENTICATION), None),
    Fact("host", Maybe(str), None),
    Fact("quota", Maybe(_QUOTA), None, until=_WITHOUT_QUOTA),
    Fact("cors", Maybe(Either(bool, _CORS)), None, until=_WITHOUT_QUOTA),
    Fact("workers", int, 1, since=_WORKERS),
    Fact("registry_refresh_interval_seconds", int, 300, since=_REFRESH, above=0),
    Fact("tenancy", _TENANCY_SHAPE, None, since=_TENANCY),
    Fact("insecure", bool, default=False, since=_TENANCY),
    Fact("tls_config", Maybe(_TLS), None, since=_TENANCY),
    Fact("hsts_max_age", int, 31536000, since=_TENANCY, at_least=0),
    checks=(FieldCheck(_check_ciphers, since=_TENANCY),),
)
