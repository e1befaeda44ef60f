"""What is found in manifests themselves: a key that is missing, a namespace that differs, a resource that is not watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import (
    ConfigDocument,
    Path,
    get,
    show_path,
    walk,
)
from llama_storage_tui.config.manifests.resources import ManifestEntry, Resource, WantedConfig
from llama_storage_tui.model.finding import Finding, Rule, stops_start, warns

MISSING_CONFIG_KEY: Final = stops_start(
    id="missing-config-key",
    title="A manifest names a key that a ConfigMap or Secret does not have",
    advice="Name a key that is there, or add it.",
)

OTHER_NAMESPACE: Final = stops_start(
    id="other-namespace",
    title="A manifest names a ConfigMap or Secret of another namespace",
    advice="A pod reads its own namespace only: put both into one.",
)

UNWATCHED_RESOURCE: Final = warns(
    id="unwatched-resource",
    title="The operator does not watch a ConfigMap or Secret that the server uses",
    advice="Label it, so that the operator restarts the server when it changes.",
)


WATCH_LABEL: Final = "ogx.io/watch"
_SOURCES: Final = frozenset({"secretKeyRef", "configMapKeyRef", "secretRef", "configMapRef"})
"""Fields by which a container takes variables from a Secret or a ConfigMap."""


def find_other_namespace(
    document: ConfigDocument, want: WantedConfig, entry: ManifestEntry
) -> Iterator[Finding]:
    """Find that a custom resource wants a ConfigMap of another namespace."""
    if want.namespace and entry.namespace and want.namespace != entry.namespace:
        yield make_remark(
            document,
            want.resource,
            OTHER_NAMESPACE,
            want.field,
            f"{want.resource.kind} {want.resource.name} wants the ConfigMap {want.name} of the namespace {want.namespace}, and "
            f"this one is in {entry.namespace}",
            "Put both into one namespace"
            + (
                ", or name it with configMapNamespace."
                if want.resource.kind == "LlamaStackDistribution"
                else "."
            ),
        )


def find_unwatched(
    document: ConfigDocument, resources: list[Resource], chosen: ManifestEntry
) -> Iterator[Finding]:
    """Find what the OGX operator does not watch: it restarts a server only for ConfigMaps and Secrets with its label."""
    servers = [found for found in resources if found.kind == "OGXServer"]
    if not servers or chosen.resource is None:
        return
    used = {chosen.owner, *(name for server in servers for name in _named_secrets(server.data))}
    for resource in resources:
        is_used = resource.kind in ("ConfigMap", "Secret") and resource.name in used
        if is_used and str(get(resource.data, "metadata", "labels", WATCH_LABEL)).lower() != "true":
            yield make_remark(
                document,
                resource,
                UNWATCHED_RESOURCE,
                ("metadata",),
                f"The {resource.kind} {resource.name} has no label {WATCH_LABEL}=true: the operator does not see its changes and "
                "the server keeps the old ones",
                f"kubectl label {resource.kind.lower()} {resource.name} {WATCH_LABEL}=true",
            )


def _named_secrets(data: object) -> Iterator[str]:
    for path, found in walk(data):
        if path and path[-1] in _SOURCES and isinstance(found, dict):
            yield str(found.get("name"))


def make_remark(
    document: ConfigDocument,
    resource: Resource,
    rule: Rule,
    field: Path,
    message: str,
    help_: str | None = None,
) -> Finding:
    """Return a finding about a field of a resource."""
    name = f"{resource.kind}/{resource.name}"
    return rule.found(
        f"{name}.{show_path(field)}", message, help=help_, line=document.line((*resource.path, *field))
    )
