"""What a server says when it starts its providers: static reasons only."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import UNKNOWN, contains_unknown, resolve
from llama_storage_tui.config.rules.load import MISSING_FIELD
from llama_storage_tui.config.rules.view import View, nearest, setting
from llama_storage_tui.model.catalog import Backend, Family, Reference, ReferenceKind
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.consumers import CONSUMERS, REQUIRED_PATHS, Consumer, find_consumer
from llama_storage_tui.upstream.providers import (
    MODEL_SETTINGS,
    RESOURCE_KINDS,
    built_in_apis,
    is_known_api,
    is_shipped_provider,
    needed_apis,
    needs_every_listed_api,
    provider_types,
    routing_tables,
    stands_for_any_provider,
    takes_providers,
)
from llama_storage_tui.upstream.versions import OLDEST_WITH_CATALOG

PROVIDER_UNKNOWN_BACKEND: Final = Rule(
    id="provider-unknown-backend",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider refers to a backend that is not defined in storage.backends",
    advice="Define the backend in storage.backends, or name one that is there.",
    also=((Severity.WARNING, Stage.NEVER),),
    since=changes.CATALOG,
)
PROVIDER_WRONG_FAMILY: Final = Rule(
    id="provider-wrong-family",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider refers to a backend of the other family (key-value or SQL)",
    advice="The server's own message calls the backend unknown: each family has a registry of its own.",
    also=((Severity.WARNING, Stage.NEVER),),
    since=changes.CATALOG,
)
MISSING_STORE: Final = Rule(
    id="missing-store",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A store that the start needs is not configured",
    advice="Give the store a backend.",
    since=changes.CATALOG,
)
UNKNOWN_PROVIDER: Final = Rule(
    id="unknown-provider",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="The release ships no provider of that type",
    advice="Write a type that the release ships, or judge the file for the release that it was written for.",
    since=changes.CATALOG,
)
API_TAKES_NO_PROVIDERS: Final = Rule(
    id="api-takes-no-providers",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider is configured for an API that the server provides by itself",
    advice="Remove it from providers.",
    since=changes.CATALOG,
)
UNKNOWN_API: Final = Rule(
    id="unknown-api",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="The release has no API of that name",
    advice="Remove it from apis and providers, or judge the file for the release that it was written for.",
    since=changes.CATALOG,
)
API_WITHOUT_PROVIDER: Final = Rule(
    id="api-without-provider",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="apis lists an API that no enabled provider serves",
    advice="Add a provider for it, or remove it from apis.",
    since=changes.CATALOG,
)
MISSING_API: Final = Rule(
    id="missing-api",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider or a setting needs an API that the config does not serve",
    advice="Add the API to apis and to providers.",
    since=changes.CATALOG,
)
MISSING_REFERENCE: Final = Rule(
    id="missing-reference",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider lacks a reference to a backend that it needs",
    advice="Give it a backend and a namespace or table_name.",
    since=changes.CATALOG,
)
INLINE_STORE: Final = Rule(
    id="inline-store",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider has a store of its own where a reference belongs",
    advice="Move the store to storage.backends, and refer to it by backend and namespace or table_name.",
    since=changes.CATALOG,
)
INVALID_REFERENCE: Final = Rule(
    id="invalid-reference",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A provider's reference to a backend is not valid",
    advice="Give it a backend and a namespace or table_name.",
    since=changes.CATALOG,
)
BAD_PORT: Final = Rule(
    id="bad-port",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A port is text that is not a number",
    advice="Write a number.",
    also=((Severity.WARNING, Stage.NEVER), (Severity.ERROR, Stage.LOAD)),
)
NO_FILE_NAME: Final = Rule(
    id="no-file-name",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A SQLite path names no file",
    advice="Write the path of a file.",
    also=((Severity.WARNING, Stage.NEVER),),
)
EXTERNAL_PROVIDERS_MISSING: Final = Rule(
    id="external-providers-missing",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="external_providers_dir begins with ~ and does not exist",
    advice="Create the folder, or write the path out.",
    since=changes.CATALOG,
)
RESOURCE_UNKNOWN_PROVIDER: Final = Rule(
    id="resource-unknown-provider",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A registered resource names a provider that the config does not have",
    advice="Add the provider, or name one that is there.",
    since=changes.CATALOG,
)
MODEL_UNKNOWN_PROVIDER: Final = Rule(
    id="model-unknown-provider",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A setting of vector_stores names a model whose provider the config does not have",
    advice="Enable the provider under providers.inference, name the model of another one, or remove the setting.",
    since=changes.CATALOG,
)
EMBEDDING_WITHOUT_DIMENSION: Final = Rule(
    id="embedding-without-dimension",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A registered embedding model has no embedding_dimension in its metadata",
    advice="Write the length of its vectors: metadata: {embedding_dimension: 768}.",
    since=changes.CATALOG,
)
TENANCY_WITHOUT_METADATA_STORE: Final = Rule(
    id="tenancy-without-metadata-store",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="Vector providers need a SQL metadata store under tenancy or an access policy",
    advice="Configure storage.stores.vector_stores.",
    since=changes.TENANCY,
)
TLS_REQUIRED: Final = Rule(
    id="tls-required",
    severity=Severity.INFO,
    stage=Stage.START,
    title="The run command starts only with a certificate or with leave to go without",
    advice="Set server.tls_certfile and server.tls_keyfile, or server.insecure: true behind a proxy that "
    "ends TLS.",
    since=changes.TLS_REQUIRED,
)
EXPANDED_TWICE: Final = Rule(
    id="expanded-twice",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A value holds an expression after expansion, and workers expand it again",
    advice="Expressions do not nest; write one ${env.NAME:=default}.",
    since=changes.EXPANDED_TWICE,
)
TENANCY_WITHOUT_TENANTS: Final = Rule(
    id="tenancy-without-tenants",
    severity=Severity.WARNING,
    stage=Stage.NEVER,
    title="Tenancy is multi, and no request has a tenant",
    advice="Use tenancy mode single or disabled, or an authentication that names the tenant.",
    also=((Severity.ERROR, Stage.START),),
    since=changes.TENANCY,
)
UNVERIFIED_AUTHENTICATION: Final = Rule(
    id="unverified-authentication",
    severity=Severity.INFO,
    stage=Stage.START,
    title="The certificate of the authentication is not verified",
    advice="Give the certificate authority (tls_cafile) and leave verify_tls on, or set server.insecure: true.",
    since=changes.TLS_REQUIRED,
)
TABLE: Final = (
    TENANCY_WITHOUT_TENANTS,
    UNVERIFIED_AUTHENTICATION,
    PROVIDER_UNKNOWN_BACKEND,
    PROVIDER_WRONG_FAMILY,
    MISSING_STORE,
    UNKNOWN_PROVIDER,
    API_TAKES_NO_PROVIDERS,
    UNKNOWN_API,
    API_WITHOUT_PROVIDER,
    MISSING_API,
    MISSING_REFERENCE,
    INLINE_STORE,
    INVALID_REFERENCE,
    BAD_PORT,
    NO_FILE_NAME,
    EXTERNAL_PROVIDERS_MISSING,
    RESOURCE_UNKNOWN_PROVIDER,
    MODEL_UNKNOWN_PROVIDER,
    EMBEDDING_WITHOUT_DIMENSION,
    TENANCY_WITHOUT_METADATA_STORE,
    TLS_REQUIRED,
    EXPANDED_TWICE,
)


def _enabled_providers(view: View) -> Iterator[tuple[str, Path, Mapping[object, object]]]:
    providers = view.context.data.get("providers")
    if not isinstance(providers, Mapping):
        return
    for api, entries in providers.items():
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, Mapping) and entry.get("provider_id") not in (None, ""):
                path = view.context.resolution.file_path(("providers", str(api), index))
                yield str(api), path, entry


def provider_references(view: View) -> Iterator[Finding]:
    """References to a backend that does not exist or is of the other family, where the loader does not look."""
    names = sorted(backend.name for backend in view.backends)
    for reference in view.enabled:
        if reference.backend is None or view.is_legacy or not _fails_late(view, reference):
            continue
        is_quota = reference.kind is ReferenceKind.SERVER
        # The quota's store is opened by the first request, and the server answers none.
        severity = Severity.WARNING if is_quota else Severity.ERROR
        stage = Stage.NEVER if is_quota else Stage.START
        outcome = "every request fails" if is_quota else "a start fails on it"
        backend = view.backend(reference.backend)
        if backend is None:
            yield view.on(
                reference,
                PROVIDER_UNKNOWN_BACKEND,
                f"{reference.name} refers to a backend {reference.backend!r} that does not exist; {outcome}",
                help=_did_you_mean(reference.backend, names),
                severity=severity,
                stage=stage,
            )
        elif backend.family not in (reference.family, Family.UNKNOWN):
            yield view.on(
                reference,
                PROVIDER_WRONG_FAMILY,
                f"{reference.name} needs a {reference.family}_* backend, and {backend.name} is {backend.type}; {outcome}",
                severity=severity,
                stage=stage,
            )


def _fails_late(view: View, reference: Reference) -> bool:
    """Tell whether a bad backend is noticed after the load: a loader compares most stores with the backends by itself."""
    if reference.kind is ReferenceKind.STORE:
        spec = schema.default_stores(view.version).get(reference.name)
        return spec is not None and not spec.is_checked_at_load
    return reference.kind in (ReferenceKind.PROVIDER, ReferenceKind.SERVER) and _is_read(view, reference)


def _did_you_mean(name: str, names: list[str]) -> str:
    meant = nearest(name, names)
    return f"Did you mean {meant}?" if meant else f"The file has: {', '.join(names) or 'none'}."


def _is_read(view: View, reference: Reference) -> bool:
    """Tell whether that version reads the reference: one that nobody reads cannot fail."""
    if reference.kind is ReferenceKind.SERVER:
        return reference.name == "quota" and view.version < changes.QUOTA_REMOVED
    path = _split(reference.path)
    if path is None:
        return True
    api, index, steps = path
    entry = get(view.context.document.data, "providers", api, index)
    if not isinstance(entry, Mapping):
        return True
    type_ = str(entry.get("provider_type", ""))
    if entry.get("module") or not is_shipped_provider(api, type_, view.version):
        return True
    return find_consumer(api, type_, steps, view.version) is not None


def _split(path: str) -> tuple[str, int, tuple[str, ...]] | None:
    """Split `providers.API[I].config.A.B` into its parts."""
    head, _, tail = path.partition("].config.")
    api, _, index = head.removeprefix("providers.").partition("[")
    return (api, int(index), tuple(tail.split("."))) if index.isdecimal() and tail else None


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


def unknown_providers(view: View) -> Iterator[Finding]:
    """Provider types that the release does not ship."""
    if not _has_catalog(view) or _is_given(view, "external_providers_dir", "external_apis_dir"):
        return
    for api, path, entry in _enabled_providers(view):
        type_ = entry.get("provider_type")
        if (
            entry.get("module")
            or not isinstance(type_, str)
            or not takes_providers(api, view.version)
            or view.context.resolution.uses.get((*path, "provider_type"))
        ):
            continue
        if not is_shipped_provider(api, type_, view.version):
            meant = nearest(type_, provider_types(api))
            yield view.finding(
                UNKNOWN_PROVIDER,
                (*path, "provider_type"),
                f"{view.version.product} {view.version} ships no provider {type_!r} for {api}",
                help=f"Did you mean {meant}?" if meant and meant != type_ else None,
            )


def unknown_apis(view: View) -> Iterator[Finding]:
    """Names of APIs that the release does not have, or for which a config cannot bring providers."""
    if not _has_catalog(view) or _is_given(view, "external_apis_dir"):
        return
    providers, apis = view.context.data.get("providers"), view.context.data.get("apis")
    named: dict[str, Path] = {}
    for index, api in enumerate(apis if isinstance(apis, list) else ()):
        if isinstance(api, str):
            named.setdefault(api, view.context.resolution.file_path(("apis", index)))
    used = {api for api, _, _ in _enabled_providers(view)}
    for api in map(str, providers if isinstance(providers, Mapping) else ()):
        named[api] = ("providers", api)
        is_table = api in routing_tables(view.version).values()
        if (
            is_known_api(api, view.version)
            and not takes_providers(api, view.version)
            and (is_table or api in used)
        ):
            yield view.finding(
                API_TAKES_NO_PROVIDERS,
                ("providers", api),
                f"The server provides the API {api!r} by itself and starts with no provider for it in the config",
            )
    for api, path in named.items():
        if not is_known_api(api, view.version):
            yield view.finding(
                UNKNOWN_API,
                path,
                f"There is no API {api!r} in {view.version.product} {view.version}",
                help=Advice(
                    "Remove it, or check the config for a version that has it.", Step.READ_AS_VERSION
                ),
            )


def missing_apis(view: View) -> Iterator[Finding]:
    """APIs that are listed without anything behind them, and those that a provider or a setting needs and nothing serves."""
    if not _has_catalog(view):
        return
    apis, available = view.context.data.get("apis"), available_apis(view)
    for index, api in enumerate(
        apis if isinstance(apis, list) and needs_every_listed_api(view.version) else ()
    ):
        if isinstance(api, str) and is_known_api(api, view.version) and api not in available:
            yield view.finding(
                API_WITHOUT_PROVIDER,
                view.context.resolution.file_path(("apis", index)),
                f"apis lists {api}, and no enabled provider serves it",
                help=f"Add a provider under providers.{api}, or remove it from apis.",
            )
    for api, path, entry in _enabled_providers(view):
        needs = needed_apis(api, str(entry.get("provider_type", "")), view.version)
        missing = [need for need in needs if need not in available]
        if missing and not entry.get("module"):
            yield view.finding(
                MISSING_API,
                path,
                f"The provider {entry.get('provider_id')} needs the {_apis(missing)}, which this config does not serve",
                help=_how_to_serve(view, missing),
            )
    yield from _missing_apis_of_settings(view, available)


def _apis(names: list[str]) -> str:
    return f"API {names[0]}" if len(names) == 1 else f"APIs {', '.join(names)}"


def _how_to_serve(view: View, names: list[str]) -> str:
    routers = {table: api for api, table in routing_tables(view.version).items()}
    return (
        f"Add {', '.join(dict.fromkeys(routers.get(name, name) for name in names))} to apis and to providers."
    )


def _missing_apis_of_settings(view: View, available: AbstractSet[str]) -> Iterator[Finding]:
    shield = get(view.context.data, "safety", "default_shield_id")
    embedding = get(view.context.data, "vector_stores", "default_embedding_model")
    needs = (
        (
            ("safety", "default_shield_id"),
            shield,
            ["shields", "safety"],
            takes_providers("safety", view.version),
        ),
        (("vector_stores", "default_embedding_model"), embedding, ["models"], True),
    )
    for path, value, apis, is_read in needs:
        missing = [api for api in apis if api not in available]
        # 0.3 has no `safety` at the top level.
        if (
            value is not None
            and missing
            and is_read
            and (path[0] != "safety" or view.version >= changes.SAFETY_SETTINGS)
        ):
            yield view.finding(
                MISSING_API,
                path,
                f"{'.'.join(path)} needs the {_apis(missing)}, which this config does not serve",
                help=_how_to_serve(view, missing),
            )


def available_apis(view: View) -> AbstractSet[str]:
    """Return the APIs that something serves: the built-in ones, those with a provider, and the routers that `apis` asks for."""
    apis = view.context.data.get("apis")
    listed = set(map(str, apis)) if isinstance(apis, list) and apis else None
    routed = routing_tables(view.version)
    available = {api for api, _, _ in _enabled_providers(view) if api not in routed}
    for router, table in routed.items():
        # A router is made without a provider, too; a provider without its router is of no use to the others.
        if listed is None or router in listed:
            available |= {router, table}
    if get(view.context.data, "telemetry", "enabled") and is_known_api("telemetry", view.version):
        available.add("telemetry")
    return available | built_in_apis(view.version)


def _has_catalog(view: View) -> bool:
    return not view.is_legacy and view.version >= OLDEST_WITH_CATALOG


def _is_given(view: View, *keys: str) -> bool:
    return any(view.context.data.get(key) not in (None, "") for key in keys)


def provider_settings(view: View) -> Iterator[Finding]:
    """Providers without a reference that they need, or with something else in its place."""
    if view.is_legacy:
        return
    for api, path, entry in _enabled_providers(view):
        type_, config = str(entry.get("provider_type", "")), entry.get("config") or {}
        if entry.get("module") or contains_unknown(config):
            continue
        for consumer in CONSUMERS:
            if consumer.api == api and type_ in consumer.types and consumer.holds_for(view.version):
                yield from _reference_problems(view, consumer, path, entry)
        field = REQUIRED_PATHS.get((api, type_))
        if field is not None and get(config, field) is None and is_shipped_provider(api, type_, view.version):
            yield view.finding(
                MISSING_FIELD,
                (*path, "config", field),
                f"The provider {entry.get('provider_id')} has no {field}, and does not start without it",
                stage=Stage.START,
            )


def _reference_problems(
    view: View, consumer: Consumer, path: Path, entry: Mapping[object, object]
) -> Iterator[Finding]:
    found = get(entry.get("config") or {}, *consumer.path)
    place = (*path, "config", *consumer.path)
    name, steps = entry.get("provider_id"), ".".join(consumer.path)
    if found is None:
        if consumer.is_required:
            yield view.finding(
                MISSING_REFERENCE,
                place,
                f"The provider {name} has no {steps}, and does not start without it",
                help=_reference_help(consumer),
            )
        return
    if isinstance(found, Mapping) and "type" in found and "backend" not in found:
        yield view.finding(
            INLINE_STORE,
            place,
            f"The provider {name} has a store of its own in {steps}; from 0.3 on a reference to a backend stands there",
            help=f"Move the store to storage.backends. {_reference_help(consumer)}",
        )
        return
    problems = schema.reference_problems(
        found, consumer.family, view.version, is_responses=consumer.path[-1] == "responses"
    )
    for problem in problems:
        yield view.finding(
            INVALID_REFERENCE,
            (*place, *problem.loc),
            f"The {steps} of the provider {name} is not valid: {problem.message}",
            help=_reference_help(consumer),
        )


def _reference_help(consumer: Consumer) -> str:
    return "Give it a backend and a " + ("namespace." if consumer.family is Family.KV else "table_name.")


def opened_at_start(view: View) -> AbstractSet[str]:
    """Return the names of the backends that a start opens: of the others nothing is noticed before a request.

    Key-value stores are opened when their reader starts. So are SQL stores before 0.6.1; since then the first query opens them, and
    from 1.0 on a start asks for the connectors and the stores of vectors, from 1.3 on for the jobs.
    """
    is_lazy, asks = view.version >= changes.SQL_OPENED_LATE, view.version >= changes.CONNECTORS_READ_AT_START
    opened = set()
    for reference in view.enabled:
        if reference.backend is None or reference.physical is None or reference.kind is ReferenceKind.SERVER:
            continue
        is_asked = asks and (
            reference.path == "storage.stores.connectors"
            or reference.kind is ReferenceKind.IMPLICIT
            or (
                reference.path.startswith("providers.vector_io") and reference.path.endswith("metadata_store")
            )
        )
        if reference.family is Family.KV or not is_lazy or is_asked:
            opened.add(reference.backend)
    return opened


def _used_texts(view: View, name: str, *types: str) -> Iterator[tuple[Backend, str, bool]]:
    """Yield the backends in use whose field is a known text, with that text and whether a start opens them."""
    opened, used = opened_at_start(view), {reference.backend for reference in view.enabled}
    for backend in view.backends_of(*types):
        found = setting(backend, name)
        if found is not None and isinstance(found.value, str) and found.is_resolved and backend.name in used:
            yield backend, found.value, backend.name in opened


LATER: Final = ": the server starts, and every request that needs the backend fails"
"""What a fault comes to in a backend that no start opens."""


def bad_port(view: View) -> Iterator[Finding]:
    """A port that is text and no number: the model takes any text."""
    for backend, port, is_opened in _used_texts(view, "port", "kv_postgres", "sql_postgres"):
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


def no_file_name(view: View) -> Iterator[Finding]:
    """A path of SQLite that names no file."""
    for backend, path, is_opened in _used_texts(view, "db_path", "kv_sqlite", "sql_sqlite"):
        # A SQL path goes through pathlib, which takes the slash off.
        if path == "" or (backend.type == "kv_sqlite" and path.endswith("/")):
            yield view.on_setting(
                backend,
                "db_path",
                NO_FILE_NAME,
                f"The db_path of {backend.name} names no file{'' if is_opened else LATER}",
                severity=Severity.ERROR if is_opened else Severity.WARNING,
                stage=Stage.START if is_opened else Stage.NEVER,
            )


def external_directory(view: View) -> Iterator[Finding]:
    """A literal `~` in `external_providers_dir`: the run command makes a folder of that name, the server looks at home."""
    folder = view.context.data.get("external_providers_dir")
    if not _has_catalog(view) or not isinstance(folder, str) or not folder.startswith("~"):
        return
    expanded = view.context.environment.expand_user(folder)
    if not os.path.isdir(expanded):  # noqa: PTH112 - as the server asks
        yield view.finding(
            EXTERNAL_PROVIDERS_MISSING,
            ("external_providers_dir",),
            f"{expanded} does not exist: the run command creates a folder named ~ instead, and the server then does not start",
        )


def resources_of_nobody(view: View) -> Iterator[Finding]:
    """Resources that a start registers with a provider that the config does not have."""
    resources = view.context.data.get("registered_resources")
    if not _has_catalog(view) or not isinstance(resources, Mapping):
        return
    available = available_apis(view)
    enabled: dict[str, set[str]] = {}
    for api, _, entry in _enabled_providers(view):
        if isinstance(id_ := entry.get("provider_id"), str):
            enabled.setdefault(api, set()).add(id_)
    for kind in RESOURCE_KINDS:
        entries = resources.get(kind.name)
        is_registered = kind.holds_for(view.version) and kind.api in available
        for index, entry in enumerate(entries if isinstance(entries, list) and is_registered else ()):
            name = entry.get("provider_id") if isinstance(entry, Mapping) else None
            if not isinstance(name, str) or not name or name in enabled.get(kind.api, ()):
                continue
            if stands_for_any_provider(name, view.version):
                continue
            yield view.finding(
                RESOURCE_UNKNOWN_PROVIDER,
                (
                    *view.context.resolution.file_path(("registered_resources", kind.name, index)),
                    "provider_id",
                ),
                f"{kind.api} has no enabled provider {name!r}, with which this entry of {kind.name} is registered at the start",
                help=_did_you_mean(name, sorted(enabled.get(kind.api, ()))),
            )


def models_of_nobody(view: View) -> Iterator[Finding]:
    """Settings that name a model of a provider that is not enabled: a start looks for it among the models, and stops."""
    if not _has_catalog(view) or "inference" not in available_apis(view):
        return
    ids = [entry.get("provider_id") for api, _, entry in _enabled_providers(view) if api == "inference"]
    if any(id_ is UNKNOWN for id_ in ids):
        return
    enabled = {id_ for id_ in ids if isinstance(id_, str)}
    for setting_ in MODEL_SETTINGS:
        name = get(view.context.data, *setting_.path, "provider_id")
        if setting_.holds_for(view.version) and isinstance(name, str) and name and name not in enabled:
            yield view.finding(
                MODEL_UNKNOWN_PROVIDER,
                (*setting_.path, "provider_id"),
                f"{'.'.join(setting_.path)} names a model of {name!r}, and no enabled provider of inference has that name",
                help=_did_you_mean(name, sorted(enabled)),
            )


def embedding_without_dimension(view: View) -> Iterator[Finding]:
    """Embedding models that a start registers, and refuses for want of their dimension."""
    entries = get(view.context.data, "registered_resources", "models")
    if not _has_catalog(view) or not isinstance(entries, list) or "inference" not in available_apis(view):
        return
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or entry.get("model_type") != "embedding":
            continue
        metadata = entry.get("metadata") or {}
        if (
            entry.get("provider_id")
            and isinstance(metadata, Mapping)
            and "embedding_dimension" not in metadata
        ):
            yield view.finding(
                EMBEDDING_WITHOUT_DIMENSION,
                view.context.resolution.file_path(("registered_resources", "models", index)),
                f"The embedding model {entry.get('model_id')} has no metadata.embedding_dimension, and the server does not "
                "start without it",
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
    for api, path, entry in _enabled_providers(view):
        type_ = str(entry.get("provider_type", ""))
        takes = find_consumer(api, type_, ("metadata_store",), view.version) is not None
        if api == "vector_io" and takes and not get(entry, "config", "metadata_store"):
            yield view.finding(
                TENANCY_WITHOUT_METADATA_STORE,
                path,
                f"{entry.get('provider_id')} does not start under {'tenancy mode multi' if is_multi else 'an access policy'} "
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
            reason = f"{names} is not set" if value is UNKNOWN else "the result is no text any more"
            yield view.finding(
                EXPANDED_TWICE,
                where,
                f"This value holds an expression after expansion; `ogx run` expands it a second time in each worker, and {reason}",
            )


CHECKS = (
    expanded_twice,
    provider_references,
    missing_stores,
    unknown_apis,
    unknown_providers,
    missing_apis,
    provider_settings,
    bad_port,
    no_file_name,
    external_directory,
    resources_of_nobody,
    models_of_nobody,
    embedding_without_dimension,
    tenancy_without_metadata,
    tenancy_without_tenants,
    unverified_authentication,
    tls_required,
)
