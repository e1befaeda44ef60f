"""What a start registers, and the models and shields that its settings name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get, list_at, show_path
from llama_storage_tui.config.environment import contains_unknown
from llama_storage_tui.config.providers import read_providers
from llama_storage_tui.config.registrations import RENAMES_MODELS, registered_entries, registered_model
from llama_storage_tui.config.rules import serving
from llama_storage_tui.config.rules.serving import (
    available_apis,
    did_you_mean,
    enabled_ids,
    has_catalog,
)
from llama_storage_tui.config.rules.view import View, nearest
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.finding import Finding, stops_start
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.providers import (
    MODEL_SETTINGS,
    RESOURCE_KINDS,
    ResourceKind,
    offered_models,
    stands_for_any_provider,
)

RESOURCE_UNKNOWN_PROVIDER: Final = stops_start(
    id="resource-unknown-provider",
    title="A registered resource names a provider that the config does not have",
    advice="Add the provider, or name one that is there.",
    since=changes.CATALOG,
)
MODEL_UNKNOWN_PROVIDER: Final = stops_start(
    id="model-unknown-provider",
    title="A setting of vector_stores names a model whose provider the config does not have",
    advice="Enable the provider under providers.inference, name the model of another one, or remove the setting.",
    since=changes.CATALOG,
)
MODEL_NOT_OFFERED: Final = stops_start(
    id="model-not-offered",
    title="A setting of vector_stores names a model that its provider does not offer",
    advice="Register the model in registered_resources.models, name one that the provider offers, or remove the setting.",
    since=changes.CATALOG,
)


BAD_DIMENSION: Final = stops_start(
    id="bad-dimension",
    title="The embedding_dimension of the default embedding model is not a number",
    advice="Write the length of its vectors: metadata: {embedding_dimension: 768}.",
    since=changes.CATALOG,
)
EMBEDDING_WITHOUT_DIMENSION: Final = stops_start(
    id="embedding-without-dimension",
    title="A registered embedding model has no embedding_dimension in its metadata",
    advice="Write the length of its vectors: metadata: {embedding_dimension: 768}.",
    since=changes.CATALOG,
)
REGISTERED_TWICE: Final = stops_start(
    id="registered-twice",
    title="Two entries register one object with different fields",
    advice="Keep the entry that is right, and remove the other from the config.",
    since=changes.CATALOG,
)
DEFAULT_SHIELD_UNKNOWN: Final = stops_start(
    id="default-shield-unknown",
    title="safety.default_shield_id names a shield that is not registered",
    advice="Register it in registered_resources.shields, or name one that is registered.",
    since=changes.SAFETY_SETTINGS,
    until=changes.SAFETY_REMOVED,
)
STORE_OF_UNKNOWN_MODEL: Final = stops_start(
    id="store-of-unknown-model",
    title="A vector store is registered with an embedding model that is not registered",
    advice="Register the model in registered_resources.models with model_type embedding, and name it as PROVIDER/MODEL.",
    since=changes.CATALOG,
)


def resources_of_nobody(view: View) -> Iterator[Finding]:
    """Resources that a start registers with a provider that the config does not have."""
    resources = view.context.data.get("registered_resources")
    if not has_catalog(view) or not isinstance(resources, Mapping):
        return
    available = available_apis(view)
    for kind in RESOURCE_KINDS:
        enabled = enabled_ids(view, kind.api)
        if enabled is None or not kind.holds_for(view.version) or kind.api not in available:
            continue
        for index, entry in enumerate(list_at(resources, kind.name)):
            name = get(entry, "provider_id")
            if not isinstance(name, str) or not name or name in enabled:
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
                help=did_you_mean(name, sorted(enabled)),
            )


def models_of_nobody(view: View) -> Iterator[Finding]:
    """Settings that name a model of a provider that is not enabled: a start looks for it among the models, and stops."""
    if not has_catalog(view) or "inference" not in available_apis(view):
        return
    enabled = enabled_ids(view, "inference")
    if enabled is None:
        return
    for setting_ in MODEL_SETTINGS:
        name = get(view.context.data, *setting_.path, "provider_id")
        if setting_.holds_for(view.version) and isinstance(name, str) and name and name not in enabled:
            yield view.finding(
                MODEL_UNKNOWN_PROVIDER,
                (*setting_.path, "provider_id"),
                f"{'.'.join(setting_.path)} names a model of {name!r}, and no enabled provider of inference has that name",
                help=did_you_mean(name, sorted(enabled)),
            )


def embedding_without_dimension(view: View) -> Iterator[Finding]:
    """Embedding models that a start registers, and refuses for want of their dimension."""
    entries = get(view.context.data, "registered_resources", "models")
    if not has_catalog(view) or not isinstance(entries, list) or "inference" not in available_apis(view):
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


@dataclass(frozen=True, slots=True)
class _Models:
    """The models that a start knows from the config: identifier to type and embedding dimension."""

    registered: Mapping[str, tuple[str, object]]
    is_complete: bool
    """Whether nothing is registered under a name that the config does not decide."""


def _registered_models(view: View) -> _Models:
    types = {found.id: found.type for found in read_providers(view.context) if found.api == "inference"}
    models: dict[str, tuple[str, object]] = {}
    entries = get(view.context.data, "registered_resources", "models")
    is_complete = not contains_unknown(entries)
    for _, entry in registered_entries(view.context, "models"):
        metadata = entry.get("metadata")
        dimension = metadata.get("embedding_dimension") if isinstance(metadata, Mapping) else None
        kind = str(entry.get("model_type") or "llm")
        if stands_for_any_provider(str(entry.get("provider_id")), view.version):
            models.setdefault(str(entry.get("model_id")), (kind, dimension))
            continue
        found = registered_model(view.context, entry)
        if found is not None:
            models.setdefault(found[0], (kind, dimension))
        is_complete = is_complete and types.get(str(entry.get("provider_id"))) not in RENAMES_MODELS
    return _Models(models, is_complete)


def models_not_offered(view: View) -> Iterator[Finding]:
    """Settings that name a model which is neither registered nor offered by its provider: a start looks for it, and stops."""
    if not has_catalog(view) or "inference" not in available_apis(view):
        return
    types = {found.id: found.type for found in read_providers(view.context) if found.api == "inference"}
    models = _registered_models(view)
    for setting_ in MODEL_SETTINGS:
        chosen = get(view.context.data, *setting_.path)
        if (
            not setting_.holds_for(view.version)
            or not isinstance(chosen, Mapping)
            or contains_unknown(chosen)
        ):
            continue
        provider, model = chosen.get("provider_id"), chosen.get("model_id")
        if provider not in types or not isinstance(model, str):
            continue
        what, identifier = ".".join(setting_.path), f"{provider}/{model}"
        where: Path = (*setting_.path, "model_id")
        if identifier in models.registered:
            kind, dimension = models.registered[identifier]
            if kind != setting_.model_type:
                yield view.finding(
                    MODEL_NOT_OFFERED,
                    where,
                    f"{what} needs a model of type {setting_.model_type}, and {identifier} is registered as {kind}",
                )
            elif kind == "embedding" and not _is_dimension(dimension, view):
                yield view.finding(
                    BAD_DIMENSION,
                    where,
                    f"The embedding_dimension of {identifier} is not a number, and {what} names it",
                )
            continue
        offered = offered_models(types[str(provider)], view.version)
        if offered is None or not models.is_complete:
            yield view.finding(
                serving.NOT_CHECKED,
                where,
                f"{what} names {identifier}, which the config does not register: the server starts only if {provider} offers it",
                help="Ask the provider for its models, or register the model in registered_resources.models.",
            )
        elif offered.get(model) != setting_.model_type:
            known = [f"{provider}/{name}" for name, kind in offered.items() if kind == setting_.model_type]
            known += [name for name, (kind, _) in models.registered.items() if kind == setting_.model_type]
            yield view.finding(
                MODEL_NOT_OFFERED,
                where,
                f"{what} names {identifier}, which is neither registered nor offered by {provider}: the server does "
                "not start, unless the model was registered through its API before",
                help=f"The server has: {', '.join(known)}." if known else None,
            )


def _is_dimension(value: object, view: View) -> bool:
    if value is None:
        return view.version >= changes.DIMENSION_PROBED
    try:
        int(value)  # type: ignore[call-overload]  # as the server does, whatever it is
    except (TypeError, ValueError):
        return False
    return True


def registered_twice(view: View) -> Iterator[Finding]:
    """Two entries under one name that differ: the second is refused, and the server stops."""
    if not has_catalog(view):
        return
    available = available_apis(view)
    for kind in RESOURCE_KINDS:
        if not kind.holds_for(view.version) or kind.api not in available:
            continue
        first: dict[str, tuple[int, Mapping[str, object]]] = {}
        for index, entry in registered_entries(view.context, kind.name):
            if stands_for_any_provider(str(entry.get("provider_id")), view.version):
                continue
            found = _object(view, kind, entry)
            if found is None:
                continue
            identifier, fields = found
            at, earlier = first.setdefault(identifier, (index, fields))
            differing = sorted(name for name in {*fields, *earlier} if fields.get(name) != earlier.get(name))
            if differing:
                path = view.context.resolution.file_path(("registered_resources", kind.name, index))
                before = view.context.resolution.file_path(("registered_resources", kind.name, at))
                line = view.context.line(before)
                yield view.finding(
                    REGISTERED_TWICE,
                    path,
                    f"{identifier} is registered twice, and {' and '.join(differing)} "
                    f"{'differs' if len(differing) == 1 else 'differ'} from {show_path(before)}"
                    + (f" (line {line})" if line else "")
                    + ": the server does not start",
                )


def _object(
    view: View, kind: ResourceKind, entry: Mapping[object, object]
) -> tuple[str, Mapping[str, object]] | None:
    """Return the name and the fields under which an entry is registered; None where the config does not decide them."""
    if kind.name == "models":
        return registered_model(view.context, entry)
    identifier = entry.get(kind.id_field)
    if not isinstance(identifier, str):
        return None
    fields = {str(name): value for name, value in entry.items() if value not in (None, {}, [])}
    if kind.name in ("shields", "benchmarks", "scoring_fns"):
        own = f"provider_{kind.id_field}"
        fields[own] = fields.get(own, identifier)
    return identifier, fields


def unknown_default_shield(view: View) -> Iterator[Finding]:
    """A default shield that is not among the registered ones; where none is registered, no server looks."""
    chosen = get(view.context.data, "safety", "default_shield_id")
    if (
        not has_catalog(view)
        or not DEFAULT_SHIELD_UNKNOWN.holds_for(view.version)
        or not isinstance(chosen, str)
    ):
        return
    if contains_unknown(get(view.context.data, "registered_resources", "shields")):
        return
    known = [str(entry.get("shield_id")) for _, entry in registered_entries(view.context, "shields")]
    if "safety" in available_apis(view) and known and chosen not in known:
        yield view.finding(
            DEFAULT_SHIELD_UNKNOWN,
            ("safety", "default_shield_id"),
            f"safety.default_shield_id names {chosen!r}, which is not registered: the server does not start",
            help=f"Registered: {', '.join(known)}.",
        )


def stores_of_unknown_models(view: View) -> Iterator[Finding]:
    """Vector stores whose embedding model is not registered before them: models that a provider offers are known only later."""
    kind = next(kind for kind in RESOURCE_KINDS if kind.name == "vector_stores")
    available = available_apis(view)
    if (
        not has_catalog(view)
        or not kind.holds_for(view.version)
        or not {"vector_io", "inference"} <= available
    ):
        return
    models = _registered_models(view)
    for index, entry in registered_entries(view.context, kind.name):
        model = entry.get("embedding_model")
        if stands_for_any_provider(str(entry.get("provider_id")), view.version) or not isinstance(model, str):
            continue
        found = models.registered.get(model)
        if (found is None and not models.is_complete) or (found is not None and found[0] == "embedding"):
            continue
        path = (
            *view.context.resolution.file_path(("registered_resources", kind.name, index)),
            "embedding_model",
        )
        name = entry.get("vector_store_id")
        known = [identifier for identifier, (type_, _) in models.registered.items() if type_ == "embedding"]
        meant = next((each for each in known if each.endswith(f"/{model}")), nearest(model, known))
        yield view.finding(
            STORE_OF_UNKNOWN_MODEL,
            path,
            f"The vector store {name} needs the embedding model {model}, which the config registers as {found[0]}: "
            "the server does not start"
            if found is not None
            else f"The vector store {name} needs the embedding model {model}, which the config does not register: the server "
            "does not start, unless an earlier start stored the model",
            help=f"Did you mean {meant}?" if meant else None,
        )


CHECKS = (
    resources_of_nobody,
    models_of_nobody,
    models_not_offered,
    embedding_without_dimension,
    registered_twice,
    unknown_default_shield,
    stores_of_unknown_models,
)
