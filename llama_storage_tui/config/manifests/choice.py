"""Which text of a file of manifests is the run config; where there is none, what the file lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from llama_storage_tui.config.document import (
    ConfigDocument,
    get,
    mapping_at,
)
from llama_storage_tui.config.manifests.resources import (
    CUSTOM_RESOURCES,
    ManifestEntry,
    Resource,
    WantedConfig,
    decode_base64,
    kind_of,
    volumes_of,
)
from llama_storage_tui.config.manifests.rules import MISSING_CONFIG_KEY, find_other_namespace, make_remark
from llama_storage_tui.config.other_files import KUSTOMIZATION, looks_like_run_config, other_file, result_of
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.finding import Finding
from llama_storage_tui.next_steps import Advice, Help, Step


def choose_entry(
    document: ConfigDocument,
    resources: list[Resource],
    entries: list[ManifestEntry],
    wanted: list[WantedConfig],
    key: str | None,
    remarks: list[Finding],
) -> ManifestEntry:
    """Return the entry that is the run config, noting what is odd; raises ConfigError or UsageError where there is not one."""
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
            remarks += find_other_namespace(document, want, found[0])
            return found[0]
        if held and not asked:
            keys = ", ".join(entry.key for entry in held)
            remarks.append(
                make_remark(
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
        what = f"is a {kind_of(likely[0])} with" if len(owners) == 1 and len(resources) == 1 else "has"
        raise ConfigError(
            f"{document.name} {what} several entries that could be a run config",
            where=document.name,
            help=Advice(f"It has: {_listing(likely, resources)}.", Step.CHOOSE_ENTRY),
        )
    raise _without(document, resources, entries, wanted)


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
            return other_file(name, what, help_)
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


_SECRET: Final = Advice(
    "Read the Secret that it becomes:", Step.READ_OUTPUT, "kubectl get secret NAME -o yaml"
)
NOT_APPLIED: Final[tuple[tuple[str, str, Help], ...]] = (
    ("Kustomization", *KUSTOMIZATION),
    ("Template", "an OpenShift template", result_of("Process it", "oc process -f FILE -o yaml")),
    ("HelmRelease", "a HelmRelease", result_of("Render its chart", "helm template RELEASE CHART")),
    ("SealedSecret", "a sealed Secret", _SECRET),
    ("ExternalSecret", "an ExternalSecret", _SECRET),
)
"""Resources that other programs turn into those that a server reads."""


def _unreadable(resource: Resource) -> Iterator[str]:
    """Yield the keys of a ConfigMap's binaryData and a Secret's data that look like a config's and are no text."""
    for field in ("binaryData", "data") if resource.kind == "Secret" else ("binaryData",):
        for key, written in mapping_at(resource.data, field).items():
            if str(key).endswith((".yaml", ".yml", ".json")) and decode_base64(written) is None:
                yield f"{field}.{key}"


def _mounted_maps(data: object) -> Iterator[str]:
    """Yield the names of the ConfigMaps and Secrets that the volumes of a workload take their files from."""
    for volume in volumes_of(data):
        name = get(volume, "configMap", "name") or get(volume, "secret", "secretName")
        if isinstance(name, str):
            yield name
