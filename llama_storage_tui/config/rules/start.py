"""What a server says when it starts its providers: static reasons only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config import schema
from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import UNKNOWN, resolve
from llama_storage_tui.config.rules.view import View, nearest, setting
from llama_storage_tui.model.catalog import Family, Reference, ReferenceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.consumers import CONSUMERS, find_consumer
from llama_storage_tui.upstream.providers import is_known_api, is_shipped_provider, provider_types


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
    """Provider references to a backend that does not exist or is of the other family: found when the provider starts."""
    names = sorted(backend.name for backend in view.backends)
    for reference in view.enabled:
        if reference.kind not in (ReferenceKind.PROVIDER, ReferenceKind.SERVER) or reference.backend is None:
            continue
        if view.is_legacy or not _is_read(view, reference):
            continue
        backend = view.backend(reference.backend)
        if backend is None:
            yield view.on(
                reference,
                "provider-unknown-backend",
                Severity.ERROR,
                Stage.START,
                f"{reference.name} refers to a backend {reference.backend!r} that does not exist; a start fails on it",
                help=_did_you_mean(reference.backend, names),
            )
        elif backend.family not in (reference.family, Family.UNKNOWN):
            yield view.on(
                reference,
                "provider-wrong-family",
                Severity.ERROR,
                Stage.START,
                f"{reference.name} needs a {reference.family}_* backend, and {backend.name} is {backend.type}",
                help="The server's own message calls the backend unknown: each family has a registry of its own.",
            )


def _did_you_mean(name: str, names: list[str]) -> str:
    meant = nearest(name, names)
    return f"Did you mean {meant}?" if meant else f"The file has: {', '.join(names) or 'none'}."


def _is_read(view: View, reference: Reference) -> bool:
    """Tell whether that version reads the reference: one that nobody reads cannot fail."""
    if reference.kind is ReferenceKind.SERVER:
        return reference.name == "quota" and view.version < Version(1, 0)
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
    served = _served_apis(view)
    for spec in schema.default_stores(view.version).values():
        needed = spec.is_required_at_start or (spec.required_by is not None and spec.required_by in served)
        if spec.name not in present and needed:
            yield view.finding(
                "missing-store",
                Severity.ERROR,
                Stage.START,
                ("storage", "stores", spec.name),
                f"storage.stores.{spec.name} is not configured, and the server does not start without it",
                help=f"Give it a {spec.family}_* backend.",
            )


def _served_apis(view: View) -> set[str]:
    apis, providers = view.context.data.get("apis"), view.context.data.get("providers")
    if isinstance(apis, list) and apis:
        return {str(api) for api in apis}
    return {str(api) for api in providers} if isinstance(providers, Mapping) else set()


def unknown_providers(view: View) -> Iterator[Finding]:
    """Provider types and APIs that no package of that time ships."""
    if view.is_legacy or view.version < Version(0, 3):
        return
    has_external = any(
        view.context.data.get(key) not in (None, "")
        for key in ("external_providers_dir", "external_apis_dir")
    )
    for api, path, entry in _enabled_providers(view):
        type_ = entry.get("provider_type")
        if (
            entry.get("module")
            or has_external
            or not isinstance(type_, str)
            or view.context.resolution.uses.get((*path, "provider_type"))
        ):
            continue
        if not is_known_api(api, view.version):
            yield view.finding(
                "unknown-api",
                Severity.ERROR,
                Stage.START,
                ("providers", api),
                f"There is no API {api!r} in {view.version.product} {view.version}",
                help="Remove it, or choose another version with --for.",
            )
        elif not is_shipped_provider(api, type_, view.version):
            known = provider_types(api)
            meant = nearest(type_, known)
            yield view.finding(
                "unknown-provider",
                Severity.ERROR,
                Stage.START,
                (*path, "provider_type"),
                f"{view.version.product} {view.version} ships no provider {type_!r} for {api}",
                help=f"Did you mean {meant}?" if meant and meant != type_ else None,
            )


def missing_references(view: View) -> Iterator[Finding]:
    """Providers without a reference that they cannot start without."""
    if view.is_legacy:
        return
    for api, path, entry in _enabled_providers(view):
        type_, config = str(entry.get("provider_type", "")), entry.get("config")
        if entry.get("module"):
            continue
        for consumer in CONSUMERS:
            if consumer.api != api or type_ not in consumer.types or not consumer.holds_for(view.version):
                continue
            if consumer.is_required and not isinstance(get(config or {}, *consumer.path), Mapping):
                yield view.finding(
                    "missing-reference",
                    Severity.ERROR,
                    Stage.START,
                    (*path, "config", *consumer.path),
                    f"The provider {entry.get('provider_id')} has no {'.'.join(consumer.path)}, and does not start without it",
                    help="Give it a backend and a "
                    + ("namespace." if consumer.family is Family.KV else "table_name."),
                )


def bad_port(view: View) -> Iterator[Finding]:
    """A port that is text and no number: the model takes any text."""
    for backend in view.backends_of("kv_postgres", "sql_postgres"):
        port = setting(backend, "port")
        if port is not None and isinstance(port.value, str) and port.is_resolved:
            try:
                int(port.value)
            except ValueError:
                yield view.on_setting(
                    backend,
                    "port",
                    "bad-port",
                    Severity.ERROR,
                    Stage.START,
                    f"The port of {backend.name} is no number",
                )


def tenancy_without_metadata(view: View) -> Iterator[Finding]:
    """Vector providers refuse to start under tenancy or an access policy without a SQL metadata store (1.2 and later)."""
    server = view.context.data.get("server")
    if view.version < Version(1, 2) or not isinstance(server, Mapping):
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
                "tenancy-without-metadata-store",
                Severity.ERROR,
                Stage.START,
                path,
                f"{entry.get('provider_id')} does not start under {'tenancy mode multi' if is_multi else 'an access policy'} "
                "without a SQL metadata store",
                help="Configure storage.stores.vector_stores.",
            )


def expanded_twice(view: View) -> Iterator[Finding]:
    """From 1.2 on the run command writes the expanded config to a file, and each worker expands that file again.

    A value that still holds an expression after the first pass (a nested default, or a variable whose value is one) changes
    once more, and a variable that is missing then stops the worker.
    """
    if view.version < Version(1, 2):
        return
    again = resolve(view.context.resolution.data, view.context.environment, view.version)
    for path, uses in again.uses.items():
        value = get(again.data, *path)
        where = view.context.resolution.file_path(path)
        if value is UNKNOWN or not isinstance(value, str):
            names = ", ".join(use.variable for use in uses)
            reason = f"{names} is not set" if value is UNKNOWN else "the result is no text any more"
            yield view.finding(
                "expanded-twice",
                Severity.ERROR,
                Stage.START,
                where,
                f"This value holds an expression after expansion; `ogx run` expands it a second time in each worker, and {reason}",
                help="Expressions do not nest; write one ${env.NAME:=default}.",
            )


RULES = (
    expanded_twice,
    provider_references,
    missing_stores,
    unknown_providers,
    missing_references,
    bad_port,
    tenancy_without_metadata,
)
