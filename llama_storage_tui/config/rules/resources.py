"""What a start registers, and the models and shields that its settings name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import get
from llama_storage_tui.config.rules.serving import available_apis, did_you_mean, enabled_ids, has_catalog
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.providers import MODEL_SETTINGS, RESOURCE_KINDS, stands_for_any_provider

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


def resources_of_nobody(view: View) -> Iterator[Finding]:
    """Resources that a start registers with a provider that the config does not have."""
    resources = view.context.data.get("registered_resources")
    if not has_catalog(view) or not isinstance(resources, Mapping):
        return
    available = available_apis(view)
    for kind in RESOURCE_KINDS:
        entries = resources.get(kind.name)
        enabled = enabled_ids(view, kind.api)
        if enabled is None or not kind.holds_for(view.version) or kind.api not in available:
            continue
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name = entry.get("provider_id") if isinstance(entry, Mapping) else None
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


TABLE: Final = (RESOURCE_UNKNOWN_PROVIDER, MODEL_UNKNOWN_PROVIDER, EMBEDDING_WITHOUT_DIMENSION)

CHECKS = (resources_of_nobody, models_of_nobody, embedding_without_dimension)
