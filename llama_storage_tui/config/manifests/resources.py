"""The resources of a file of manifests, the texts that they hold, and the workloads that use them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import (
    ConfigDocument,
    Path,
    get,
    list_at,
    mapping_at,
    strings,
    walk,
)
from llama_storage_tui.config.other_files import is_manifest
from llama_storage_tui.deferred import dataclass

CUSTOM_RESOURCES: Final = frozenset({"LlamaStackDistribution", "OGXServer"})


@dataclass(frozen=True, slots=True)
class Resource:
    """One Kubernetes resource of a file."""

    path: Path
    data: Mapping[str, object]
    kind: str

    @property
    def name(self) -> str:
        """Its `metadata.name`."""
        return str(get(self.data, "metadata", "name") or "")

    @property
    def namespace(self) -> str | None:
        """Its `metadata.namespace`, None where the file leaves that to the command that applies it."""
        found = get(self.data, "metadata", "namespace")
        return str(found) if found else None


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One text of a ConfigMap, a Secret or a compose file's `configs`."""

    owner: str
    namespace: str | None
    key: str
    path: Path
    text: str
    is_base64: bool = False
    resource: Resource | None = None

    @property
    def label(self) -> str:
        """What the entry is called where several files have one of its key."""
        return f"{self.owner}/{self.key}" if self.owner else self.key

    @property
    def names(self) -> tuple[str, ...]:
        """What an operator may call the entry by, the shortest first."""
        return self.key, self.label, f"{self.namespace}/{self.label}"


@dataclass(frozen=True, slots=True)
class WantedConfig:
    """A run config that a custom resource names."""

    resource: Resource
    field: Path
    namespace: str | None
    name: str
    key: str | None


def config_volumes(resource: Resource, chosen: ManifestEntry) -> set[str]:
    """Return the names of the volumes that hold the config."""
    return {
        str(volume.get("name"))
        for volume in volumes_of(resource.data)
        if chosen.owner in (get(volume, "configMap", "name"), get(volume, "secret", "secretName"))
    }


def read_resources(document: ConfigDocument) -> Iterator[Resource]:
    """Yield the resources of a file, those of lists one by one."""
    documents = document.data if document.is_stream and isinstance(document.data, list) else [document.data]
    for index, data in enumerate(documents):
        if isinstance(data, dict) and is_manifest(data):
            yield from _flat((index,) if document.is_stream else (), data, str(data["kind"]))


def _flat(path: Path, data: Mapping[str, object], kind: str) -> Iterator[Resource]:
    items = data.get("items")
    if kind.endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, dict):
                # kubectl leaves the kind out of the items of a list of one kind.
                yield from _flat((*path, "items", index), item, str(item.get("kind") or kind[:-4]))
        return
    yield Resource(path, data, kind)


def entries_of(resource: Resource) -> Iterator[ManifestEntry]:
    """Yield the texts of a ConfigMap or Secret; of two of a key the one that Kubernetes keeps."""
    if resource.kind not in ("ConfigMap", "Secret"):
        return
    is_secret = resource.kind == "Secret"
    fields = (("data", is_secret), ("stringData", False), ("binaryData", True))
    found: dict[str, ManifestEntry] = {}
    for field, is_base64 in fields:
        for key, written in mapping_at(resource.data, field).items():
            text = decode_base64(written) if is_base64 else written
            if isinstance(text, str):
                path = (*resource.path, field, str(key))
                found[str(key)] = ManifestEntry(
                    resource.name, resource.namespace, str(key), path, text, is_base64, resource
                )
    yield from found.values()


def decode_base64(written: object) -> str | None:
    """Return the text of a base64 value, None where it is not text."""
    try:
        return base64.b64decode(written, validate=False).decode() if isinstance(written, str) else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def wanted_configs(resource: Resource) -> Iterator[WantedConfig]:
    """Yield the run configs that a custom resource names."""
    if resource.kind not in CUSTOM_RESOURCES:
        return
    user = get(resource.data, "spec", "server", "userConfig")
    if isinstance(user, dict) and user.get("configMapName"):
        namespace = user.get("configMapNamespace") or resource.namespace
        key = user.get("configMapKey") or user.get("key")
        yield WantedConfig(
            resource,
            ("spec", "server", "userConfig"),
            str(namespace) if namespace else None,
            str(user["configMapName"]),
            str(key) if key else None,
        )
    # An override replaces what the operator would write; a base is what it starts from.
    for field in ("overrideConfig", "baseConfig"):
        found = get(resource.data, "spec", field)
        if isinstance(found, dict) and found.get("name"):
            key = found.get("key")
            yield WantedConfig(
                resource, ("spec", field), resource.namespace, str(found["name"]), str(key) if key else None
            )


def kind_of(entry: ManifestEntry) -> str:
    """Return the kind of the resource that an entry is of."""
    return entry.resource.kind if entry.resource is not None else "file"


def names_entry(resource: Resource, entry: ManifestEntry) -> bool:
    """Tell whether a resource names the ConfigMap or Secret of an entry anywhere."""
    return any(text == entry.owner for _, text in strings(resource.data))


def readers_of(resources: list[Resource], chosen: ManifestEntry) -> list[Resource]:
    """Return the workloads that name the chosen entry's ConfigMap or Secret; all of them where none does."""
    workloads = [found for found in resources if found.kind not in ("ConfigMap", "Secret")]
    return [found for found in workloads if names_entry(found, chosen)] or workloads


def volumes_of(data: object) -> Iterator[Mapping[str, object]]:
    """Yield every volume that a resource declares."""
    for path, found in walk(data):
        if path[-1:] == ("volumes",) and isinstance(found, list):
            yield from (volume for volume in found if isinstance(volume, dict))


def mounted_names(container: Mapping[str, object]) -> Iterator[str]:
    """Yield the names of the volumes that a container mounts."""
    for mount in list_at(container, "volumeMounts"):
        if isinstance(mount, dict):
            yield str(mount.get("name"))


def same_namespace(entry: ManifestEntry, resource: Resource) -> bool:
    """Tell whether a resource can read an entry; without a namespace, it is taken for its own."""
    return not (entry.namespace and resource.namespace) or entry.namespace == resource.namespace
