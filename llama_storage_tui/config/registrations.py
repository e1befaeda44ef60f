"""What a server registers from the config at every start, as far as the config alone decides it.

Source: `register_resources` and the routing tables of llama-stack 0.3.0 to ogx 1.5.0. An identifier was made of provider and
provider's model until 0.7, and of provider and model_id from 0.8 on. An entry without a provider
is passed over by every release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import list_at, show_path
from llama_storage_tui.config.environment import DISABLED, contains_unknown
from llama_storage_tui.config.providers import read_providers
from llama_storage_tui.model.catalog import Registration
from llama_storage_tui.upstream import changes

RENAMES_MODELS: Final = frozenset({"remote::ollama"})
"""Providers that register a model under a name of their own: `llama3.2` as `llama3.2:latest`."""
ANY_PROVIDER: Final = "all"
RESOLVED_LATER: Final = "auto"


def read_registrations(context: Context) -> Iterator[Registration]:
    """Yield the models, vector stores and tool groups of the config with the fields that it decides."""
    for index, entry in registered_entries(context, "models"):
        found = registered_model(context, entry)
        if found is not None:
            yield _registration(context, "model", "models", index, *found)
    for index, entry in registered_entries(context, "vector_stores"):
        fields = {
            name: entry.get(name)
            for name in ("provider_id", "embedding_model", "embedding_dimension", "vector_store_name")
        }
        fields["provider_resource_id"] = entry.get("provider_vector_store_id")
        if isinstance(id_ := entry.get("vector_store_id"), str):
            yield _registration(context, "vector_store", "vector_stores", index, id_, fields)
    for index, entry in registered_entries(context, "tool_groups"):
        if (
            isinstance(id_ := entry.get("toolgroup_id"), str)
            and context.version < changes.TOOL_GROUPS_REMOVED
        ):
            fields = {"provider_id": entry.get("provider_id"), "mcp_endpoint": entry.get("mcp_endpoint")}
            yield _registration(context, "tool_group", "tool_groups", index, id_, fields)


def _registration(
    context: Context, type_: str, kind: str, index: int, identifier: str, fields: Mapping[str, object]
) -> Registration:
    path = context.resolution.file_path(("registered_resources", kind, index))
    known = tuple((name, value) for name, value in fields.items() if value is not None)
    return Registration(type_, identifier, known, show_path(path), context.line(path))


def registered_entries(context: Context, kind: str) -> Iterator[tuple[int, Mapping[object, object]]]:
    """Yield the entries of a kind that a start registers and that are known whole: without a provider it passes over them."""
    for index, entry in enumerate(list_at(context.data, "registered_resources", kind)):
        if (
            isinstance(entry, Mapping)
            and entry.get("provider_id") not in (None, "", DISABLED)
            and not contains_unknown(entry)
        ):
            yield index, entry


def registered_model(
    context: Context, entry: Mapping[object, object]
) -> tuple[str, Mapping[str, object]] | None:
    """Return a model's identifier and fields; None where the config does not decide them."""
    providers = {found.id: found.type for found in read_providers(context) if found.api == "inference"}
    model, provider, name = entry.get("model_id"), entry.get("provider_id"), entry.get("provider_model_id")
    if not isinstance(model, str) or not isinstance(provider, str) or provider == ANY_PROVIDER:
        return None
    fields: dict[str, object] = {
        "provider_id": provider,
        "model_type": entry.get("model_type") or "llm",
        "metadata": entry.get("metadata") or {},
        "source": "via_register_api",
    }
    if context.version < changes.MODELS_NAMED_BY_ID:
        return f"{provider}/{name or model}", fields
    if providers.get(provider) not in RENAMES_MODELS and name != RESOLVED_LATER:
        fields["provider_resource_id"] = name or model
    return (model if model.startswith(f"{provider}/") else f"{provider}/{model}"), fields
