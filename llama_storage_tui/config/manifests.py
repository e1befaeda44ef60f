"""Kubernetes manifests around a run config.

The run config is found as the server would find it: a custom resource names the ConfigMap that it wants, and the workload that
mounts it says which variables the server gets.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import yaml

from llama_storage_tui.config.document import (
    ConfigDocument,
    DeployedVariable,
    Elsewhere,
    Keeps,
    Manifest,
    Mount,
    Path,
    get,
    parse,
    show_path,
    texts,
)
from llama_storage_tui.config.other_files import KUSTOMIZATION, looks_like_run_config, unreadable_error
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.finding import Finding, Rule, Severity, Stage
from llama_storage_tui.next_steps import Advice, Help, Step

MISSING_CONFIG_KEY: Final = Rule(
    id="missing-config-key",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A manifest names a key that a ConfigMap or Secret does not have",
    advice="Name a key that is there, or add it.",
)
OTHER_NAMESPACE: Final = Rule(
    id="other-namespace",
    severity=Severity.ERROR,
    stage=Stage.START,
    title="A manifest names a ConfigMap or Secret of another namespace",
    advice="A pod reads its own namespace only: put both into one.",
)
UNWATCHED_RESOURCE: Final = Rule(
    id="unwatched-resource",
    severity=Severity.WARNING,
    stage=Stage.NEVER,
    title="The operator does not watch a ConfigMap or Secret that the server uses",
    advice="Label it, so that the operator restarts the server when it changes.",
)
TABLE: Final = (
    MISSING_CONFIG_KEY,
    OTHER_NAMESPACE,
    UNWATCHED_RESOURCE,
)


CUSTOM_RESOURCES: Final = frozenset({"LlamaStackDistribution", "OGXServer"})
WATCH_LABEL: Final = "ogx.io/watch"
_REPLICAS: Final = (("replicas",), ("workload", "replicas"), ("workload", "autoscaling", "maxReplicas"))
"""Where a Deployment, a LlamaStackDistribution and an OGXServer say below `spec` how many servers there are."""
_WORKERS: Final = (("server", "workers"), ("workload", "workers"))
_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def is_manifest(data: object) -> bool:
    """Tell whether a document is a Kubernetes resource, or a list of them."""
    return isinstance(data, dict) and isinstance(data.get("kind"), str) and "apiVersion" in data


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


def find_run_config(document: ConfigDocument, key: str | None) -> ConfigDocument:
    """Return the run config that a file of manifests holds; raises ConfigError or UsageError where there is not one."""
    resources = list(_resources(document))
    entries = [entry for resource in resources for entry in _entries(resource)]
    wanted = [found for resource in resources for found in _wanted(resource)]
    remarks: list[Finding] = []
    chosen = _choose(document, resources, entries, wanted, key, remarks)
    variables = tuple(_variables(document, resources, entries, chosen, remarks))
    remarks += _unwatched(document, resources, chosen)
    readers = [found for found in _readers(resources, chosen) if found.kind != "HorizontalPodAutoscaler"]
    replicas = [
        *(get(found.data, "spec", *path) for found in readers for path in _REPLICAS),
        *(
            get(found.data, "spec", "maxReplicas")
            for found in resources
            if found.kind == "HorizontalPodAutoscaler"
        ),
    ]
    workers = [get(found.data, "spec", *path) for found in readers for path in _WORKERS]
    return replace(
        embed(document, chosen, is_only=len(resources) == 1),
        variables=variables,
        remarks=tuple(remarks),
        elsewhere=tuple(_unseen(document, resources, entries, chosen)),
        replicas=max(filter(None, map(_number, replicas)), default=1),
        workers=max(filter(None, map(_number, workers)), default=None),
        mounts=_mounts_of_servers(document, readers, chosen),
    )


def run_config_keys(document: ConfigDocument) -> tuple[str, ...]:
    """Return the key of each run config that a file of manifests holds, as `find_run_config` takes it."""
    entries = [entry for resource in _resources(document) for entry in _entries(resource)]
    names = Counter(name for entry in entries for name in {*entry.names})
    likely = [entry for entry in entries if looks_like_run_config(entry.text)]
    return tuple(next((n for n in entry.names if names[n] == 1), entry.names[-1]) for entry in likely)


_OPERATOR_STORAGE: Final = {
    "LlamaStackDistribution": (("server", "storage"), "/.llama"),
    "OGXServer": (("workload", "storage"), "/.ogx"),
}
"""Where a custom resource asks its operator for a volume, and where that is mounted unless it says otherwise."""


def _mounts_of_servers(
    document: ConfigDocument, readers: list[Resource], chosen: ManifestEntry
) -> tuple[Mount, ...] | None:
    """Return the volumes of the containers that run a server; None where no resource runs one with this config."""
    found: list[Mount] = []
    runs_server = False
    for resource in readers:
        if chosen.owner not in set(texts(resource.data)):
            continue
        storage = _OPERATOR_STORAGE.get(resource.kind)
        containers = _with_config(list(_running(resource.data)), _config_volumes(resource, chosen))
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
        volumes = {str(volume.get("name")): volume for volume in _volumes(resource.data)}
        for container in containers:
            mounts = container.get("volumeMounts")
            found += [
                _mount(document, resource, mount, volumes.get(str(mount.get("name")), {}))
                for mount in (mounts if isinstance(mounts, list) else ())
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


def _config_volumes(resource: Resource, chosen: ManifestEntry) -> set[str]:
    """Return the names of the volumes that hold the config."""
    return {
        str(volume.get("name"))
        for volume in _volumes(resource.data)
        if chosen.owner in (get(volume, "configMap", "name"), get(volume, "secret", "secretName"))
    }


def _with_config(containers: list[Mapping[str, object]], volumes: set[str]) -> list[Mapping[str, object]]:
    """Return the containers that mount the config, all of them where none does: the others are no servers."""
    return [container for container in containers if volumes & set(_mounts(container))] or containers


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


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def embed(document: ConfigDocument, entry: ManifestEntry, *, is_only: bool) -> ConfigDocument:
    """Parse an entry's text as a document of its own; raises ConfigError with the line of the file where lines correspond."""
    node = document.node(entry.path)
    offset: int | None = None
    if isinstance(node, yaml.ScalarNode) and node.style == "|" and not entry.is_base64:
        # The text of a literal block begins on the line below its indicator.
        offset = node.start_mark.line + 1
    name = f"{document.name}#{entry.key if is_only else entry.label}"
    try:
        embedded = parse(entry.text, name, line_offset=offset)
    except ConfigError as error:
        raise unreadable_error(entry.text, error) or error from None
    manifest = Manifest(document, entry.path, entry.is_base64)
    return replace(embedded, line_offset=offset, manifest=manifest)


def _resources(document: ConfigDocument) -> Iterator[Resource]:
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


def _entries(resource: Resource) -> Iterator[ManifestEntry]:
    if resource.kind not in ("ConfigMap", "Secret"):
        return
    is_secret = resource.kind == "Secret"
    fields = (("data", is_secret), ("stringData", False), ("binaryData", True))
    found: dict[str, ManifestEntry] = {}
    for field, is_base64 in fields:
        entries = resource.data.get(field)
        for key, written in entries.items() if isinstance(entries, dict) else ():
            text = _decode(written) if is_base64 else written
            if isinstance(text, str):
                path = (*resource.path, field, str(key))
                found[str(key)] = ManifestEntry(
                    resource.name, resource.namespace, str(key), path, text, is_base64, resource
                )
    yield from found.values()


def _decode(written: object) -> str | None:
    try:
        return base64.b64decode(written, validate=False).decode() if isinstance(written, str) else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _wanted(resource: Resource) -> Iterator[WantedConfig]:
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


def _choose(
    document: ConfigDocument,
    resources: list[Resource],
    entries: list[ManifestEntry],
    wanted: list[WantedConfig],
    key: str | None,
    remarks: list[Finding],
) -> ManifestEntry:
    if key is not None:
        named = [entry for entry in entries if key in entry.names]
        if len(named) == 1:
            return named[0]
        if not named:
            raise UsageError(
                f"{document.name} has no entry {key!r}",
                help=f"It has: {_listing(entries, resources) or 'none'}.",
            )
        entries = named
    likely = [entry for entry in entries if looks_like_run_config(entry.text)]
    for want in wanted:
        held = [entry for entry in entries if entry.owner == want.name]
        asked = [entry for entry in held if want.key is None or entry.key == want.key]
        found = [entry for entry in asked if entry in likely] or (asked if want.key else [])
        if len(found) == 1:
            remarks += _elsewhere(document, want, found[0])
            return found[0]
        if held and not asked:
            keys = ", ".join(entry.key for entry in held)
            remarks.append(
                _remark(
                    document,
                    want.resource,
                    MISSING_CONFIG_KEY,
                    want.field,
                    f"{want.resource.kind} {want.resource.name} wants the key {want.key} of the ConfigMap {want.name}, which has "
                    f"no such key: the server gets no config",
                    f"It has: {keys}.",
                )
            )
    if len(likely) == 1:
        return likely[0]
    if likely:
        owners = {entry.owner for entry in likely}
        what = f"is a {_kind_of(likely[0])} with" if len(owners) == 1 and len(resources) == 1 else "has"
        raise ConfigError(
            f"{document.name} {what} several entries that could be a run config",
            where=document.name,
            help=Advice(f"It has: {_listing(likely, resources)}.", Step.CHOOSE_ENTRY),
        )
    raise _without(document, resources, entries, wanted)


def _kind_of(entry: ManifestEntry) -> str:
    return entry.resource.kind if entry.resource is not None else "file"


def _listing(entries: list[ManifestEntry], resources: list[Resource]) -> str:
    return ", ".join(entry.key if len(resources) == 1 else entry.label for entry in entries)


def _without(
    document: ConfigDocument,
    resources: list[Resource],
    entries: list[ManifestEntry],
    wanted: list[WantedConfig],
) -> ConfigError:
    """Say what the file lacks, and where the run config is."""
    name = document.name
    if wanted:
        want = wanted[0]
        where = f" -n {want.namespace}" if want.namespace else ""
        key = f" (key {want.key})" if want.key else ""
        return ConfigError(
            f"{name} is a Kubernetes {want.resource.kind} whose run config is in the ConfigMap {want.name}{key}",
            where=name,
            help=f"Give both in one file, with --- between them: kubectl get configmap {want.name}{where} -o yaml prints it.",
        )
    generated = next((found for found in resources if found.kind in CUSTOM_RESOURCES), None)
    if generated is not None and isinstance(generated.data.get("spec"), dict):
        folder = "/etc/ogx" if generated.kind == "OGXServer" else "/etc/llama-stack"
        return ConfigError(
            f"{name} is a Kubernetes {generated.kind} that names no ConfigMap: its operator writes the run config",
            where=name,
            help=f"Read it from the server: kubectl exec deploy/{generated.name or 'NAME'} -- cat {folder}/config.yaml",
        )
    unreadable = [key for found in resources for key in _unreadable(found)]
    if unreadable and not entries:
        return ConfigError(
            f"{name}: {', '.join(unreadable)} is not UTF-8 text, and a server cannot read it either",
            where=name,
            help="Save the file as UTF-8 and make the ConfigMap again.",
        )
    for kind, what, help_ in NOT_APPLIED:
        if any(found.kind == kind for found in resources):
            return ConfigError(f"{name} is {what}, not a run config", where=name, help=help_)
    if len(resources) == 1 and resources[0].kind == "ConfigMap":
        return ConfigError(
            f"{name} is a ConfigMap with no entry that is a run config",
            where=name,
            help=Advice(f"It has: {_listing(entries, resources) or 'no text entries'}.", Step.CHOOSE_ENTRY),
        )
    mounted = next((maps[0] for found in resources if (maps := list(_mounted_maps(found.data)))), None)
    if mounted is not None:
        help_ = (
            f"It mounts the ConfigMap {mounted}. Give both in one file, with --- between them: "
            f"kubectl get configmap {mounted} -o yaml prints it."
        )
    else:
        help_ = "Name the ConfigMap that holds it, or extract the file."
    data = document.data
    kinds = (
        str(data["kind"])
        if isinstance(data, dict)
        else " and ".join(dict.fromkeys(found.kind for found in resources))
    )
    return ConfigError(f"{name} is a Kubernetes {kinds} that holds no run config", where=name, help=help_)


NOT_APPLIED: Final[tuple[tuple[str, str, Help], ...]] = (
    ("Kustomization", *KUSTOMIZATION),
    (
        "Template",
        "an OpenShift template",
        Advice("Process it and read the result:", Step.READ_OUTPUT, "oc process -f FILE -o yaml"),
    ),
    (
        "HelmRelease",
        "a HelmRelease",
        Advice("Render its chart and read the result:", Step.READ_OUTPUT, "helm template RELEASE CHART"),
    ),
    (
        "SealedSecret",
        "a sealed Secret",
        Advice("Read the Secret that it becomes:", Step.READ_OUTPUT, "kubectl get secret NAME -o yaml"),
    ),
    (
        "ExternalSecret",
        "an ExternalSecret",
        Advice("Read the Secret that it becomes:", Step.READ_OUTPUT, "kubectl get secret NAME -o yaml"),
    ),
)
"""Resources that other programs turn into those that a server reads."""


def _unreadable(resource: Resource) -> Iterator[str]:
    """Yield the keys of a ConfigMap's binaryData and a Secret's data that look like a config's and are no text."""
    for field in ("binaryData", "data") if resource.kind == "Secret" else ("binaryData",):
        entries = resource.data.get(field)
        for key, written in entries.items() if isinstance(entries, dict) else ():
            if str(key).endswith((".yaml", ".yml", ".json")) and _decode(written) is None:
                yield f"{field}.{key}"


def _mounted_maps(data: object) -> Iterator[str]:
    """Yield the names of the ConfigMaps and Secrets that the volumes of a workload take their files from."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "volumes" and isinstance(value, list):
                for volume in value:
                    name = get(volume, "configMap", "name") or get(volume, "secret", "secretName")
                    if isinstance(name, str):
                        yield name
            else:
                yield from _mounted_maps(value)
    elif isinstance(data, list):
        for value in data:
            yield from _mounted_maps(value)


def _elsewhere(document: ConfigDocument, want: WantedConfig, entry: ManifestEntry) -> Iterator[Finding]:
    if want.namespace and entry.namespace and want.namespace != entry.namespace:
        yield _remark(
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


def _unwatched(
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
            yield _remark(
                document,
                resource,
                UNWATCHED_RESOURCE,
                ("metadata",),
                f"The {resource.kind} {resource.name} has no label {WATCH_LABEL}=true: the operator does not see its changes and "
                "the server keeps the old ones",
                f"kubectl label {resource.kind.lower()} {resource.name} {WATCH_LABEL}=true",
            )


def _named_secrets(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key in ("secretKeyRef", "configMapKeyRef", "secretRef", "configMapRef") and isinstance(
                value, dict
            ):
                yield str(value.get("name"))
            else:
                yield from _named_secrets(value)
    elif isinstance(data, list):
        for value in data:
            yield from _named_secrets(value)


def _remark(
    document: ConfigDocument,
    resource: Resource,
    rule: Rule,
    field: Path,
    message: str,
    help_: str | None = None,
) -> Finding:
    name = f"{resource.kind}/{resource.name}"
    return rule.found(
        f"{name}.{show_path(field)}", message, help=help_, line=document.line((*resource.path, *field))
    )


def _variables(
    document: ConfigDocument,
    resources: list[Resource],
    entries: list[ManifestEntry],
    chosen: ManifestEntry,
    remarks: list[Finding],
) -> Iterator[DeployedVariable]:
    """Yield what the workload that reads the chosen entry sets; a later one of a name counts."""
    for resource in _readers(resources, chosen):
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
    volumes = _config_volumes(resource, chosen)
    return [found for found in containers if volumes & set(_mounts(found[1]))] or containers


def _unseen(
    document: ConfigDocument, resources: list[Resource], entries: list[ManifestEntry], chosen: ManifestEntry
) -> Iterator[Elsewhere]:
    """Yield the Secrets and ConfigMaps that a server takes all its variables from and that are not in the file."""
    for resource in _readers(resources, chosen):
        for path, container in _server_containers(resource, chosen):
            sources = container.get("envFrom")
            for index, source in enumerate(sources if isinstance(sources, list) else ()):
                for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                    name = get(source, field, "name")
                    if isinstance(name, str) and not any(
                        entry.owner == name and _kind_of(entry) == kind and _same_namespace(entry, resource)
                        for entry in entries
                    ):
                        line = document.line((*path, "envFrom", index))
                        yield Elsewhere(
                            str(get(source, "prefix") or ""), f"the {kind} {name}", document.name, line
                        )


def _readers(resources: list[Resource], chosen: ManifestEntry) -> list[Resource]:
    """Return the workloads that name the chosen entry's ConfigMap or Secret; all of them where none does."""
    workloads = [found for found in resources if found.kind not in ("ConfigMap", "Secret")]
    return [found for found in workloads if chosen.owner in set(texts(found.data))] or workloads


def _expanded(value: str, known: Mapping[str, str | None]) -> str:
    """Expand `$(NAME)` as Kubernetes does, for the variables before this one."""
    return _REFERENCE.sub(lambda match: known.get(match[1]) or match[0], value)


def _volumes(data: object) -> Iterator[Mapping[str, object]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "volumes" and isinstance(value, list):
                yield from (volume for volume in value if isinstance(volume, dict))
            else:
                yield from _volumes(value)
    elif isinstance(data, list):
        for value in data:
            yield from _volumes(value)


def _mounts(container: Mapping[str, object]) -> Iterator[str]:
    mounts = container.get("volumeMounts")
    for mount in mounts if isinstance(mounts, list) else ():
        if isinstance(mount, dict):
            yield str(mount.get("name"))


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
    sources, variables = container.get("envFrom"), container.get("env")
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        name = get(source, "secretRef", "name") or get(source, "configMapRef", "name")
        prefix = str(get(source, "prefix") or "")
        line = document.line((*path, "envFrom", index))
        for entry in entries:
            if entry.owner == name and _same_namespace(entry, resource):
                yield DeployedVariable(prefix + entry.key, entry.text, document.name, line)
    for index, item in enumerate(variables if isinstance(variables, list) else ()):
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


def _same_namespace(entry: ManifestEntry, resource: Resource) -> bool:
    return not (entry.namespace and resource.namespace) or entry.namespace == resource.namespace


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
        owned = [found for found in entries if found.owner == name and _kind_of(found) == kind]
        held = [found for found in owned if _same_namespace(found, resource)]
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
            _remark(
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
