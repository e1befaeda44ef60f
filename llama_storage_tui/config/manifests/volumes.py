"""What a server's containers mount, and what of it outlives the pod."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import (
    ConfigDocument,
    Keeps,
    Mount,
    get,
    list_at,
)
from llama_storage_tui.config.manifests.resources import (
    ManifestEntry,
    Resource,
    config_volumes,
    mounted_names,
    names_entry,
    volumes_of,
)

_OPERATOR_STORAGE: Final = {
    "LlamaStackDistribution": (("server", "storage"), "/.llama"),
    "OGXServer": (("workload", "storage"), "/.ogx"),
}
"""Where a custom resource asks its operator for a volume, and where that is mounted unless it says otherwise."""


def mounts_of_servers(
    document: ConfigDocument, readers: list[Resource], chosen: ManifestEntry
) -> tuple[Mount, ...] | None:
    """Return the volumes of the containers that run a server; None where no resource runs one with this config."""
    found: list[Mount] = []
    runs_server = False
    for resource in readers:
        if not names_entry(resource, chosen):
            continue
        storage = _OPERATOR_STORAGE.get(resource.kind)
        containers = _with_config(list(_running(resource.data)), config_volumes(resource, chosen))
        runs_server = runs_server or storage is not None or bool(containers)
        if storage is not None:
            path, default = storage
            asked = get(resource.data, "spec", *path)
            where = get(asked, "mountPath")
            line = document.line((*resource.path, "spec", *path))
            keeps, what = (
                (Keeps.FOR_GOOD, "the operator's volume")
                if isinstance(asked, dict)
                else (
                    Keeps.WITH_THE_POD,
                    f"an emptyDir, since {resource.kind} {resource.name} asks for no storage",
                )
            )
            found.append(Mount(str(where or default), what, keeps, line))
        volumes = {str(volume.get("name")): volume for volume in volumes_of(resource.data)}
        for container in containers:
            found += [
                _mount(document, resource, mount, volumes.get(str(mount.get("name")), {}))
                for mount in list_at(container, "volumeMounts")
                if isinstance(mount, dict) and isinstance(mount.get("mountPath"), str)
            ]
    return tuple(found) if runs_server else None


def _mount(
    document: ConfigDocument, resource: Resource, mount: Mapping[str, object], volume: Mapping[str, object]
) -> Mount:
    kind = next((str(key) for key in volume if key != "name"), "persistentVolumeClaim")
    if kind in ("emptyDir", "ephemeral"):
        keeps = Keeps.WITH_THE_POD
    elif kind in ("configMap", "secret", "downwardAPI", "projected") or mount.get("readOnly") is True:
        keeps = Keeps.NOTHING
    else:
        keeps = Keeps.FOR_GOOD
    named = f"the {kind} volume {mount.get('name')} of {resource.kind} {resource.name}"
    claim = get(volume, "persistentVolumeClaim", "claimName")
    place = (
        None if claim is None else f"{resource.namespace}/{claim}/{mount.get('subPath') or ''}".rstrip("/")
    )
    return Mount(str(mount["mountPath"]), named, keeps, document.line(resource.path), place)


def _with_config(containers: list[Mapping[str, object]], volumes: set[str]) -> list[Mapping[str, object]]:
    """Return the containers that mount the config, all of them where none does: the others are no servers."""
    return [container for container in containers if volumes & set(mounted_names(container))] or containers


def _running(data: object) -> Iterator[Mapping[str, object]]:
    """Yield the containers of a workload; what runs before the server is left out."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "containers" and isinstance(value, list):
                yield from (container for container in value if isinstance(container, dict))
            elif key == "podOverrides" and isinstance(value, dict):
                yield value
            elif key != "initContainers":
                yield from _running(value)
    elif isinstance(data, list):
        for value in data:
            yield from _running(value)
