"""What a server says when it starts: stores that it needs, tenancy, certificates; static reasons only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import UNKNOWN, resolve
from llama_storage_tui.config.rules.serving import (
    LATER,
    available_apis,
    enabled_providers,
    provider_name,
    used_texts,
)
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.catalog import ReferenceKind
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage, stops_start, warns
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.consumers import find_consumer

TENANCY_WITHOUT_TENANTS: Final = warns(
    id="tenancy-without-tenants",
    title="Tenancy is multi, and no request has a tenant",
    advice="Use tenancy mode single or disabled, or an authentication that names the tenant.",
    also=((Severity.ERROR, Stage.START),),
    since=changes.TENANCY,
)
UNVERIFIED_AUTHENTICATION: Final = Rule(
    id="unverified-authentication",
    severity=Severity.INFO,
    stage=Stage.START,
    title="The server does not verify the certificate of its authentication provider",
    advice="Give the certificate authority (tls_cafile) and leave verify_tls on. server.insecure: true would also let the server "
    "run without TLS.",
    since=changes.TLS_REQUIRED,
)
MISSING_STORE: Final = stops_start(
    id="missing-store",
    title="A store that the start needs is not configured",
    advice="Give the store a backend.",
    since=changes.CATALOG,
)
BAD_PORT: Final = stops_start(
    id="bad-port",
    title="A port is text that is not a number",
    advice="Write a number.",
    also=((Severity.WARNING, Stage.NEVER), (Severity.ERROR, Stage.LOAD)),
)
TENANCY_WITHOUT_METADATA_STORE: Final = stops_start(
    id="tenancy-without-metadata-store",
    title="Vector providers need a SQL metadata store under tenancy or an access policy",
    advice="Configure storage.stores.vector_stores.",
    since=changes.TENANCY,
)
TLS_REQUIRED: Final = Rule(
    id="tls-required",
    severity=Severity.INFO,
    stage=Stage.START,
    title="The run command starts only with a TLS certificate, or with server.insecure",
    advice="Set server.tls_certfile and server.tls_keyfile, or server.insecure: true behind a proxy that "
    "terminates TLS.",
    since=changes.TLS_REQUIRED,
)
EXPANDED_TWICE: Final = stops_start(
    id="expanded-twice",
    title="A value holds an expression after expansion, and workers expand it again",
    advice="Expressions do not nest; write one ${env.NAME:=default}.",
    since=changes.EXPANDED_TWICE,
)


def missing_stores(view: View) -> Iterator[Finding]:
    """Stores that are null though a start needs them."""
    storage = view.context.data.get("storage")
    if view.is_legacy or not isinstance(storage, Mapping):
        return
    present = {reference.name for reference in view.references if reference.kind is ReferenceKind.STORE}
    served = available_apis(view)
    for spec in schema.default_stores(view.version).values():
        needed = spec.is_required_at_start or (spec.required_by is not None and spec.required_by in served)
        if spec.name not in present and needed:
            yield view.finding(
                MISSING_STORE,
                ("storage", "stores", spec.name),
                f"storage.stores.{spec.name} is not configured, and the server does not start without it",
                help=f"Give it a {spec.family}_* backend.",
            )


def bad_port(view: View) -> Iterator[Finding]:
    """A port that is text and no number: the model takes any text."""
    for backend, port, is_opened in used_texts(view, "port", "kv_postgres", "sql_postgres"):
        try:
            int(port)
        except ValueError:
            # The stores of the top level belong to the model of the file in 0.2.
            is_read_at_load = backend.is_inline and "." not in backend.path
            yield view.on_setting(
                backend,
                "port",
                BAD_PORT,
                f"The port of {backend.name} is not a number{'' if is_opened else LATER}",
                severity=Severity.ERROR if is_opened else Severity.WARNING,
                stage=(Stage.LOAD if is_read_at_load else Stage.START) if is_opened else Stage.NEVER,
            )


def tenancy_without_metadata(view: View) -> Iterator[Finding]:
    """Vector providers refuse to start under tenancy or an access policy without a SQL metadata store (1.2 and later)."""
    server = view.context.data.get("server")
    if view.version < changes.TENANCY or not isinstance(server, Mapping):
        return
    is_multi = get(server, "tenancy", "mode") == "multi"
    if not is_multi and not get(server, "auth", "access_policy"):
        return
    if any(reference.path == "storage.stores.vector_stores" for reference in view.references):
        return
    for api, path, entry in enabled_providers(view):
        type_ = str(entry.get("provider_type", ""))
        takes = find_consumer(api, type_, ("metadata_store",), view.version) is not None
        if api == "vector_io" and takes and not get(entry, "config", "metadata_store"):
            yield view.finding(
                TENANCY_WITHOUT_METADATA_STORE,
                path,
                f"{provider_name(entry)} does not start under {'tenancy mode multi' if is_multi else 'an access policy'} "
                "without a SQL metadata store",
            )


TENANT_FIELDS: Final = {
    "oauth2_token": "tenant_claim",
    "kubernetes": "tenant_claim",
    "custom": "tenant_field",
    "upstream_header": "tenant_header",
}
"""What names a request's tenant for each authentication; local_api_key and github_token have nothing of the kind."""


def tenancy_without_tenants(view: View) -> Iterator[Finding]:
    """Tenancy `multi` with an authentication that names no tenant: every request is refused, or the server exits."""
    server = view.context.data.get("server")
    if view.version < changes.TENANCY or get(server, "tenancy", "mode") != "multi":
        return
    where: Path = ("server", "tenancy", "mode")
    type_ = get(server, "auth", "provider_config", "type")
    refused = "server.tenancy.mode is multi, and {}: the server refuses every request that needs one (401)"
    change = "Use tenancy mode single or disabled, or an authentication that names the tenant (" + ", ".join(
        f"{name} with {field}" for name, field in TENANT_FIELDS.items()
    )
    field = TENANT_FIELDS.get(str(type_))
    if not type_:
        problem = "no authentication is configured, so no request has a tenant"
    elif type_ == "local_api_key" and view.version >= changes.TENANTS_DEMANDED:
        yield view.finding(
            TENANCY_WITHOUT_TENANTS,
            where,
            "server.tenancy.mode is multi, and local_api_key names no tenant: the server exits at the start",
            help=f"{change}).",
            severity=Severity.ERROR,
            stage=Stage.START,
        )
        return
    elif field is None:
        problem = f"{type_} names no tenant"
    elif not get(server, "auth", "provider_config", field):
        problem = f"{type_} has no {field} to take the tenant from"
        change = f"Set server.auth.provider_config.{field} to what names the tenant (or use tenancy mode single or disabled"
    else:
        return
    yield view.finding(
        TENANCY_WITHOUT_TENANTS,
        where,
        refused.format(problem),
        help=f"{change}).",
    )


def unverified_authentication(view: View) -> Iterator[Finding]:
    """From 1.2 on a server exits where the certificate of its authentication is not verified, unless it is told to go on."""
    server = view.context.data.get("server")
    if view.version < changes.TLS_REQUIRED or not isinstance(server, Mapping) or server.get("insecure"):
        return
    if get(server, "auth", "provider_config", "verify_tls") is False:
        yield view.finding(
            UNVERIFIED_AUTHENTICATION,
            ("server", "auth", "provider_config", "verify_tls"),
            f"{view.version.product} {view.version} starts this config only with --insecure: verify_tls is false",
        )


def tls_required(view: View) -> Iterator[Finding]:
    """From 1.2 on the run command stops without a certificate, unless it is allowed to go on: by the file, or by an option."""
    server = view.context.data.get("server")
    if view.is_legacy or view.version < changes.TLS_REQUIRED or not isinstance(server, Mapping | None):
        return
    settings = server or {}
    has_certificate = settings.get("tls_certfile") and settings.get("tls_keyfile")
    if not has_certificate and not settings.get("insecure"):
        yield view.finding(
            TLS_REQUIRED,
            ("server",),
            f"`ogx stack run` of {view.version} starts this config only with --insecure: it names no TLS certificate",
        )


def expanded_twice(view: View) -> Iterator[Finding]:
    """From 1.2 on the run command writes the expanded config to a file, and each worker expands that file again.

    A value that still holds an expression after the first pass (a nested default, or a variable whose value is one) changes
    once more, and a variable that is missing then stops the worker.
    """
    if view.version < changes.EXPANDED_TWICE:
        return
    again = resolve(view.context.resolution.data, view.context.environment, view.version)
    for path, uses in again.uses.items():
        value = get(again.data, *path)
        where = view.context.resolution.file_path(path)
        if value is UNKNOWN or not isinstance(value, str):
            names = ", ".join(use.variable for use in uses)
            reason = f"{names} is not set" if value is UNKNOWN else "the result is no longer text"
            yield view.finding(
                EXPANDED_TWICE,
                where,
                f"This value holds an expression after expansion; `ogx run` expands it a second time in each worker, and {reason}",
            )


CHECKS = (
    expanded_twice,
    missing_stores,
    bad_port,
    tenancy_without_metadata,
    tenancy_without_tenants,
    unverified_authentication,
    tls_required,
)
