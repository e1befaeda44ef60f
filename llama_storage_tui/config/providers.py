"""The providers of a config that a server would start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import Path, mapping_at, provider_entries, show_path
from llama_storage_tui.model.catalog import Provider


def read_providers(context: Context) -> Iterator[Provider]:
    """Yield each provider whose id and type are known, in the order of the file; those switched off are left out."""
    for provider, _, _ in provider_configs(context):
        yield provider


def provider_configs(context: Context) -> Iterator[tuple[Provider, Path, Mapping[object, object]]]:
    """Yield each such provider with its path in the file and its `config`, empty where it has none."""
    for api, index, entry in provider_entries(context.data):
        id_, type_, config = entry.get("provider_id"), entry.get("provider_type"), mapping_at(entry, "config")
        if isinstance(id_, str) and id_ and isinstance(type_, str):
            folder = config.get("storage_dir")
            path = context.resolution.file_path(("providers", api, index))
            found = Provider(show_path(path), api, id_, type_, folder if isinstance(folder, str) else None)
            yield found, path, config
