"""Kubernetes manifests around a run config.

The run config is found as the server would find it: a custom resource names the ConfigMap that it wants, and the workload that
mounts it says which variables the server gets.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import yaml

from llama_storage_tui.config.document import (
    ConfigDocument,
    Manifest,
    get,
    parse,
)
from llama_storage_tui.config.manifests.choice import choose_entry
from llama_storage_tui.config.manifests.resources import (
    ManifestEntry,
    entries_of,
    read_resources,
    readers_of,
    wanted_configs,
)
from llama_storage_tui.config.manifests.rules import find_unwatched
from llama_storage_tui.config.manifests.variables import deployed_variables, find_elsewhere
from llama_storage_tui.config.manifests.volumes import mounts_of_servers
from llama_storage_tui.config.other_files import looks_like_run_config, unreadable_error
from llama_storage_tui.deferred import replace
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.finding import Finding

_REPLICAS: Final = (("replicas",), ("workload", "replicas"), ("workload", "autoscaling", "maxReplicas"))
"""Where a Deployment, a LlamaStackDistribution and an OGXServer say below `spec` how many servers there are."""

_WORKERS: Final = (("server", "workers"), ("workload", "workers"))


def find_run_config(document: ConfigDocument, key: str | None) -> ConfigDocument:
    """Return the run config that a file of manifests holds; raises ConfigError or UsageError where there is not one."""
    resources = list(read_resources(document))
    entries = [entry for resource in resources for entry in entries_of(resource)]
    wanted = [found for resource in resources for found in wanted_configs(resource)]
    remarks: list[Finding] = []
    chosen = choose_entry(document, resources, entries, wanted, key, remarks)
    variables = tuple(deployed_variables(document, resources, entries, chosen, remarks))
    remarks += find_unwatched(document, resources, chosen)
    readers = [found for found in readers_of(resources, chosen) if found.kind != "HorizontalPodAutoscaler"]
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
        elsewhere=tuple(find_elsewhere(document, resources, entries, chosen)),
        replicas=max(filter(None, map(_number, replicas)), default=1),
        workers=max(filter(None, map(_number, workers)), default=None),
        mounts=mounts_of_servers(document, readers, chosen),
    )


def run_config_keys(document: ConfigDocument) -> tuple[str, ...]:
    """Return the key of each run config that a file of manifests holds, as `find_run_config` takes it."""
    entries = [entry for resource in read_resources(document) for entry in entries_of(resource)]
    names = Counter(name for entry in entries for name in {*entry.names})
    likely = [entry for entry in entries if looks_like_run_config(entry.text)]
    return tuple(next((n for n in entry.names if names[n] == 1), entry.names[-1]) for entry in likely)


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
