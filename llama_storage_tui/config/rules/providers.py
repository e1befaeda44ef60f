"""The providers of a config, as a start resolves them: their types, their settings, and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get
from llama_storage_tui.config.environment import contains_unknown
from llama_storage_tui.config.rules.external import read_specifications
from llama_storage_tui.config.rules.load import MISSING_FIELD, conversion_help
from llama_storage_tui.config.rules.serving import (
    did_you_mean,
    enabled_providers,
    has_catalog,
    provider_name,
)
from llama_storage_tui.config.rules.view import View, nearest
from llama_storage_tui.model.catalog import Family, Reference, ReferenceKind
from llama_storage_tui.model.finding import Finding, Severity, Stage, stops_start
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream import run_config as schema
from llama_storage_tui.upstream.consumers import CONSUMERS, Consumer, find_consumer
from llama_storage_tui.upstream.providers import (
    is_shipped_provider,
    provider_types,
    takes_providers,
)
from llama_storage_tui.upstream.run_config.provider_settings import setting_problems

INVALID_SETTING: Final = stops_start(
    id="invalid-setting",
    title="A setting of a provider has the wrong type, or is out of range",
    advice="Write a value as the message says, or remove the setting to use its default.",
    since=changes.CATALOG,
)

PROVIDER_UNKNOWN_BACKEND: Final = stops_start(
    id="provider-unknown-backend",
    title="A provider refers to a backend that is not defined in storage.backends",
    advice="Define the backend in storage.backends, or name one that is there.",
    also=((Severity.WARNING, Stage.NEVER),),
    since=changes.CATALOG,
)

PROVIDER_WRONG_FAMILY: Final = stops_start(
    id="provider-wrong-family",
    title="A provider refers to a backend of the other family (key-value or SQL)",
    advice="Refer to a backend of the family that the message names. The server's own message calls this backend unknown.",
    also=((Severity.WARNING, Stage.NEVER),),
    since=changes.CATALOG,
)

UNKNOWN_PROVIDER: Final = stops_start(
    id="unknown-provider",
    title="The release ships no provider of that type",
    advice="Write a type that the release ships, or check the file for the release that it was written for.",
    since=changes.CATALOG,
)

MISSING_REFERENCE: Final = stops_start(
    id="missing-reference",
    title="A provider lacks a reference to a backend that it needs",
    advice="Give it a backend and a namespace or table_name.",
    since=changes.CATALOG,
)

INLINE_STORE: Final = stops_start(
    id="inline-store",
    title="A provider has a store of its own where a reference belongs",
    advice="Move the store to storage.backends, and refer to it by backend and namespace or table_name.",
    since=changes.CATALOG,
)

INVALID_REFERENCE: Final = stops_start(
    id="invalid-reference",
    title="A provider's reference to a backend is not valid",
    advice="Give it a backend and a namespace or table_name.",
    since=changes.CATALOG,
)


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
            yield PROVIDER_UNKNOWN_BACKEND.found_on(
                reference,
                f"The {reference.label} refers to a backend {reference.backend!r} that does not exist; {outcome}",
                help=did_you_mean(reference.backend, names),
                severity=severity,
                stage=stage,
            )
        elif backend.family not in (reference.family, Family.UNKNOWN):
            yield PROVIDER_WRONG_FAMILY.found_on(
                reference,
                f"The {reference.label} needs a {reference.family}_* backend, and {backend.name} is {backend.type}; {outcome}",
                severity=severity,
                stage=stage,
            )


def _fails_late(view: View, reference: Reference) -> bool:
    """Tell whether a bad backend is noticed after the load: a loader compares most stores with the backends by itself."""
    if reference.kind is ReferenceKind.STORE:
        spec = schema.default_stores(view.version).get(reference.name)
        return spec is not None and not spec.is_checked_at_load
    return reference.kind in (ReferenceKind.PROVIDER, ReferenceKind.SERVER) and _is_read(view, reference)


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


def unknown_providers(view: View) -> Iterator[Finding]:
    """Provider types that neither the release ships nor the config's own folder brings."""
    outside = read_specifications(view)
    if not has_catalog(view) or outside.unseen:
        return
    for api, path, entry in enabled_providers(view):
        type_ = entry.get("provider_type")
        if (
            entry.get("module")
            or not isinstance(type_, str)
            or not takes_providers(api, view.version)
            or view.context.resolution.uses.get((*path, "provider_type"))
        ):
            continue
        if not is_shipped_provider(api, type_, view.version) and (api, type_) not in outside.providers:
            meant = nearest(type_, provider_types(api))
            folder = view.context.data.get("external_providers_dir")
            yield view.finding(
                UNKNOWN_PROVIDER,
                (*path, "provider_type"),
                f"{view.version.product} {view.version} ships no provider {type_!r} for {api}"
                + (f", and {folder} has none here" if folder else ""),
                help=f"Did you mean {meant}?" if meant and meant != type_ else None,
            )


def provider_settings(view: View) -> Iterator[Finding]:
    """Providers whose config their own class refuses: fields of another type, and references that are missing or not valid."""
    if view.is_legacy:
        return
    outside = read_specifications(view)
    for api, path, entry in enabled_providers(view):
        type_, config = str(entry.get("provider_type", "")), entry.get("config") or {}
        if entry.get("module") or not isinstance(config, Mapping) or (api, type_) in outside.providers:
            continue
        if not contains_unknown(config):
            for consumer in CONSUMERS:
                if consumer.api == api and type_ in consumer.types and consumer.holds_for(view.version):
                    yield from _reference_problems(view, consumer, path, entry)
        for problem in setting_problems(api, type_, config, view.version):
            if contains_unknown(get(config, problem.loc[0])):
                continue
            name, where = provider_name(entry), (*path, "config", *problem.loc)
            if problem.kind is schema.ProblemKind.MISSING:
                message = f"The provider {name} has no {problem.loc[0]}, and does not start without it"
                yield view.finding(MISSING_FIELD, where, message, stage=Stage.START)
                continue
            yield view.finding(
                INVALID_SETTING,
                where,
                f"{'.'.join(map(str, problem.loc))} of the provider {name} is not valid, and the server does not start. "
                f"{problem.message}",
                help=conversion_help(view, where, problem),
            )


def _reference_problems(
    view: View, consumer: Consumer, path: Path, entry: Mapping[object, object]
) -> Iterator[Finding]:
    found = get(entry.get("config") or {}, *consumer.path)
    place = (*path, "config", *consumer.path)
    name, steps = provider_name(entry), ".".join(consumer.path)
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
            f"The provider {name} has a store of its own in {steps}; from 0.3 on a reference to a backend belongs there",
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


CHECKS = (provider_references, unknown_providers, provider_settings)
