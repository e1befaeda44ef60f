"""The environment variables that a workload gives a server, and those that come from outside the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import (
    ConfigDocument,
    DeployedVariable,
    Elsewhere,
    Path,
    get,
    list_at,
)
from llama_storage_tui.config.manifests.resources import (
    ManifestEntry,
    Resource,
    config_volumes,
    kind_of,
    mounted_names,
    readers_of,
    same_namespace,
)
from llama_storage_tui.config.manifests.rules import MISSING_CONFIG_KEY, OTHER_NAMESPACE, make_remark
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.finding import Finding

_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def deployed_variables(
    document: ConfigDocument,
    resources: list[Resource],
    entries: list[ManifestEntry],
    chosen: ManifestEntry,
    remarks: list[Finding],
) -> Iterator[DeployedVariable]:
    """Yield what the workload that reads the chosen entry sets; a later one of a name counts."""
    for resource in readers_of(resources, chosen):
        known: dict[str, str | None] = {}
        for path, container in _server_containers(resource, chosen):
            for found in _container_variables(document, resource, path, container, entries, remarks):
                value = found.value
                if value is not None:
                    value = _expanded(value, known)
                known[found.name] = value
                yield replace(found, value=value)


def _server_containers(resource: Resource, chosen: ManifestEntry) -> list[tuple[Path, Mapping[str, object]]]:
    """Return the containers of a resource that get variables: those that mount the config where one does."""
    containers = list(_containers(resource.data, resource.path))
    volumes = config_volumes(resource, chosen)
    return [found for found in containers if volumes & set(mounted_names(found[1]))] or containers


def find_elsewhere(
    document: ConfigDocument, resources: list[Resource], entries: list[ManifestEntry], chosen: ManifestEntry
) -> Iterator[Elsewhere]:
    """Yield the Secrets and ConfigMaps that a server takes all its variables from and that are not in the file."""
    for resource in readers_of(resources, chosen):
        for path, container in _server_containers(resource, chosen):
            for index, source in enumerate(list_at(container, "envFrom")):
                for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                    name = get(source, field, "name")
                    if isinstance(name, str) and not any(
                        entry.owner == name and kind_of(entry) == kind and same_namespace(entry, resource)
                        for entry in entries
                    ):
                        line = document.line((*path, "envFrom", index))
                        yield Elsewhere(
                            str(get(source, "prefix") or ""), f"the {kind} {name}", document.name, line
                        )


def _expanded(value: str, known: Mapping[str, str | None]) -> str:
    """Expand `$(NAME)` as Kubernetes does, for the variables before this one."""
    return _REFERENCE.sub(lambda match: known.get(match[1]) or match[0], value)


def _containers(data: object, path: Path) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Yield every mapping with `env` or `envFrom`, wherever a kind of resource has it; what runs before the server is left out."""
    if isinstance(data, dict):
        if isinstance(data.get("env"), list) or isinstance(data.get("envFrom"), list):
            yield path, data
        for key, value in data.items():
            if key not in ("initContainers", "env", "envFrom"):
                yield from _containers(value, (*path, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _containers(value, (*path, index))


def _container_variables(
    document: ConfigDocument,
    resource: Resource,
    path: Path,
    container: Mapping[str, object],
    entries: list[ManifestEntry],
    remarks: list[Finding],
) -> Iterator[DeployedVariable]:
    for index, source in enumerate(list_at(container, "envFrom")):
        prefix = str(get(source, "prefix") or "")
        line = document.line((*path, "envFrom", index))
        named = {
            kind: get(source, field, "name")
            for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef"))
        }
        for entry in entries:
            # A Secret and a ConfigMap of one name are usual.
            owner = named.get(kind_of(entry))
            if owner is not None and entry.owner == owner and same_namespace(entry, resource):
                yield DeployedVariable(prefix + entry.key, entry.text, document.name, line)
    for index, item in enumerate(list_at(container, "env")):
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            continue
        line = document.line((*path, "env", index, "value" if "value" in item else "valueFrom"))
        if "valueFrom" in item:
            place = (*path, "env", index, "valueFrom")
            value = _value_from(document, resource, item, entries, place, remarks)
            yield from (
                ()
                if value is _NOWHERE
                else (DeployedVariable(item["name"], _text(value), document.name, line),)
            )
        else:
            yield DeployedVariable(item["name"], _text(item.get("value", "")), document.name, line)


_NOWHERE: Final = object()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value_from(
    document: ConfigDocument,
    resource: Resource,
    item: Mapping[str, object],
    entries: list[ManifestEntry],
    place: Path,
    remarks: list[Finding],
) -> object:
    """Return the value that `valueFrom` refers to, None where it lies elsewhere, `_NOWHERE` where there is none."""
    for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
        reference = get(item, "valueFrom", field)
        if not isinstance(reference, dict):
            continue
        name, key = str(reference.get("name")), str(reference.get("key"))
        owned = [found for found in entries if found.owner == name and kind_of(found) == kind]
        held = [found for found in owned if same_namespace(found, resource)]
        for found in held:
            if found.key == key:
                return found.text
        if not owned or reference.get("optional"):
            return _NOWHERE if held else None
        where = place[len(resource.path) :]
        if held:
            problem, help_ = f"which has no key {key}", f"It has: {', '.join(found.key for found in held)}."
            rule = MISSING_CONFIG_KEY
        else:
            problem, help_ = (
                f"which is in the namespace {owned[0].namespace}",
                "A pod reads its own namespace only.",
            )
            rule = OTHER_NAMESPACE
        remarks.append(
            make_remark(
                document,
                resource,
                rule,
                where,
                f"{item['name']} comes from the {kind} {name}, {problem}: the pod does not start",
                help_,
            )
        )
        return None
    return None
