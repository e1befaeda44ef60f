"""Names that changed: expressions, keys of the top level, folders, APIs, providers, registered resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import Path, get, list_at, strings
from llama_storage_tui.config.edit.operations import (
    AddEntry,
    DropEntry,
    NestEntries,
    Operation,
    PutValue,
    RenameKey,
    ReplaceText,
)
from llama_storage_tui.config.environment import EARLY_EXPRESSION, written_name
from llama_storage_tui.config.migrate.draft import Draft, DraftProvider, Proposal, like_written
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.migration import (
    ADDRESSES,
    LISTS_OF_RESOURCES,
    VECTOR_STORE_FIELDS,
    api_after,
    type_after,
)
from llama_storage_tui.upstream.providers import (
    RESOURCE_KINDS,
    built_in_apis,
    is_known_api,
    needs_every_listed_api,
    routing_tables,
    takes_providers,
)
from llama_storage_tui.upstream.run_config.facts import Shape
from llama_storage_tui.upstream.run_config.resources import RESOURCES
from llama_storage_tui.upstream.run_config.rewrites import RESOLVED_COPY
from llama_storage_tui.upstream.run_config.server import SERVER
from llama_storage_tui.upstream.run_config.stack import STACK

_FOLDER: Final = ("~/.llama", "~/.ogx")
_RENAME_FIRST: Final = "stop the servers, and rename it yourself before rows are moved"
_NOT_MODERN: Final = ("=", "+", "-", "?")


def expressions(draft: Draft) -> Iterator[Proposal]:
    """Write `${env.X:default}` and `${env.X+value}` as releases from 0.2.13 on read them."""
    if not draft.crosses(changes.EXPRESSION_OPERATORS):
        return
    for path, text in strings(draft.data):
        if "${env." not in text:
            continue
        end = text.rfind("}") + 1
        written = EARLY_EXPRESSION.sub(_modern, text[:end]) + text[end:]
        if written != text:
            reason = "From 0.2.13 on a default is written := and an alternative :+, and the old forms are literal text"
            yield Proposal(path, "expression", reason, (PutValue(path, like_written(draft, path, written)),))


def _modern(found: re.Match[str]) -> str:
    name, operator, rest = found[1], found[2] or "", found[3] or ""
    if operator == ":" and rest[:1] not in _NOT_MODERN:
        return f"${{env.{name}:={rest}}}"
    if operator == "+":
        return f"${{env.{name}:+{rest}}}"
    return found[0]


def top_level(draft: Draft) -> Iterator[Proposal]:
    """Bring the keys of the top level to those that the release reads."""
    data = draft.data
    if draft.after >= changes.DISTRO_NAME and "image_name" in data and "distro_name" not in data:
        reason = "image_name is deprecated since 0.5 in favour of distro_name"
        yield Proposal(("image_name",), "renamed-key", reason, (RenameKey(("image_name",), "distro_name"),))
    version = data.get("version")
    if draft.after >= changes.CATALOG and "version" in data and str(version) != "2":
        reason = "version is 2 in every release from 0.2 on; before 1.0 a server refuses another at its second reading"
        yield Proposal(("version",), "value", reason, (PutValue(("version",), 2),))
    if "logging_config" in data and "logging" not in data and draft.crosses(RESOLVED_COPY):
        reason = "From 1.2 on logging_config is not read; the field is called logging"
        renamed = RenameKey(("logging_config",), "logging")
        yield Proposal(("logging_config",), "renamed-key", reason, (renamed,))
    for key in data:
        if key in ("telemetry", "safety") and not _has(STACK, key, draft):
            lost = f"{draft.target} has no {key} at the top level: what it says cannot be carried over"
            yield Proposal((key,), "removed-key", lost, (DropEntry((key,)),), lost)
    for name in map(str, draft.mapping("server")):
        if any(fact.name == name for fact in SERVER.facts) and not _has(SERVER, name, draft):
            lost = (
                f"{draft.target} has no server.{name}: {_WITHOUT.get(name, 'what it says cannot be carried')}"
            )
            yield Proposal(("server", name), "removed-key", lost, (DropEntry(("server", name)),), lost)


_WITHOUT: Final = {
    "quota": "requests are no longer counted and limited; use a gateway in front of the server",
    "cors": "let a gateway in front of the server allow cross-origin requests",
}


def _has(shape: Shape, name: str, draft: Draft) -> bool:
    return any(fact.name == name and fact.holds_for(draft.after) for fact in shape.facts)


def authentication(draft: Draft) -> Iterator[Proposal]:
    """Put the settings of an authentication provider where releases from 0.2.10 on read them."""
    auth = draft.mapping("server", "auth")
    type_ = auth.get("provider_type")
    if draft.before >= changes.CATALOG or draft.after < changes.CATALOG or not isinstance(type_, str):
        return
    if "provider_config" in auth or not isinstance(auth.get("config"), Mapping):
        return
    place: Path = ("server", "auth", "config")
    operations = (
        RenameKey(place, "provider_config"),
        AddEntry(place, "type", type_),
        DropEntry(("server", "auth", "provider_type")),
    )
    yield Proposal(
        place, "authentication", "The provider's type and settings are in provider_config now", operations
    )


def registered_connectors(draft: Draft) -> Iterator[Proposal]:
    """Bring connectors to the top level, where releases from 0.5 on have them."""
    path: Path = ("registered_resources", "connectors")
    found = draft.get(*path)
    if draft.after < changes.CONNECTORS or "connectors" not in draft.mapping("registered_resources"):
        return
    operations: list[Operation] = [DropEntry(path)]
    lost = None
    if found and "connectors" in draft.data:
        lost = (
            "connectors of the top level are used, and those of registered_resources beside them are ignored"
        )
    elif found:
        operations.append(AddEntry((), "connectors", found))
    yield Proposal(path, "resources", "From 0.5 on connectors are at the top level", tuple(operations), lost)


def folders(draft: Draft) -> Iterator[Proposal]:
    """Follow the folder that ogx renames: a path that spells the old one leads to empty files after that."""
    if not draft.crosses(changes.OGX):
        return
    if draft.keeps_folder:
        return
    reason = f"The first ogx command renames ~/.llama to ~/.ogx, with all that is in it: {_RENAME_FIRST}"
    for path, text in strings(draft.data):
        if _is_path(text):
            yield Proposal(path, "folder", reason, (ReplaceText(path, *_FOLDER),))


def _is_path(text: str) -> bool:
    at = text.find(_FOLDER[0])
    return (
        at >= 0
        and text[at + len(_FOLDER[0]) :][:1] in ("", "/", "}")
        and text[:at][-1:] in ("", "=", ":", " ", "/")
    )


def listed_apis(draft: Draft) -> Iterator[Proposal]:
    """Rename and remove names in `apis`."""
    names = list_at(draft.data, "apis")
    for index, name in enumerate(map(str, names)):
        path: Path = ("apis", index)
        new = api_after(name, draft.after)
        if new != name and new in names:
            yield Proposal(path, "removed-api", f"{name} is {new} now", (DropEntry(path),))
        elif new != name:
            yield Proposal(path, "renamed-api", _renamed(name, new), (PutValue(path, new),))
        elif _is_removed(draft, name):
            yield Proposal(path, "removed-api", f"{draft.target} has no API {name}", (DropEntry(path),))
        elif _has_no_provider_left(draft, name):
            reason = f"{draft.target} ships none of the providers that serve {name}"
            yield Proposal(path, "removed-api", reason, (DropEntry(path),))


def _has_no_provider_left(draft: Draft, api: str) -> bool:
    if not needs_every_listed_api(draft.after):
        return False
    entries = [provider for provider in draft.providers() if provider.api == api]
    return bool(entries) and all(draft.is_gone(provider) for provider in entries)


def apis(draft: Draft) -> Iterator[Proposal]:
    """Rename and remove APIs and provider types in `providers`."""
    providers = [*draft.providers()]
    for api in map(str, draft.mapping("providers")):
        path: Path = ("providers", api)
        entries = [provider for provider in providers if provider.api == api]
        gone = [provider for provider in entries if draft.is_gone(provider)]
        for provider in gone:
            yield from _unregistered(draft, provider)
        if gone and len(gone) == len(entries):
            yield _removed(draft, path, gone)
        elif not entries and _is_removed(draft, api):
            yield Proposal(path, "removed-api", f"{draft.target} has no API {api}", (DropEntry(path),))
        else:
            yield from (_removed(draft, provider.path, [provider]) for provider in gone)
            yield from _renamed_providers(
                draft, path, [provider for provider in entries if provider not in gone]
            )


def _renamed_providers(draft: Draft, path: Path, entries: list[DraftProvider]) -> Iterator[Proposal]:
    api = str(path[1])
    new = api_after(api, draft.after)
    if new != api and new not in draft.mapping("providers"):
        yield Proposal(path, "renamed-api", _renamed(api, new), (RenameKey(path, new),))
    for provider in entries:
        type_ = type_after(provider.api, provider.type, draft.after)
        if type_ != provider.type:
            place = (*provider.path, "provider_type")
            reason = f"{draft.target} calls the provider {provider.type} {type_}"
            yield Proposal(
                place, "provider-type", reason, (PutValue(place, like_written(draft, place, type_)),)
            )


def addresses(draft: Draft) -> Iterator[Proposal]:
    """Give inference providers the address of their server in `base_url`, with the path that they added themselves."""
    if not draft.crosses(changes.BASE_URLS):
        return
    for provider in draft.providers():
        address = ADDRESSES.get(provider.type)
        text = provider.config.get(address.field) if address is not None else None
        if provider.api != "inference" or address is None or not isinstance(text, str):
            continue
        path: Path = (*provider.path, "config", address.field)
        operations: list[Operation] = []
        if address.field != "base_url" and "base_url" not in provider.config:
            operations.append(RenameKey(path, "base_url"))
        lost = None
        if address.path and not text.rstrip("/").endswith(("/v1", address.path)):
            if "${env." in text and ":=}" in text:
                lost = f"{draft.target} takes the address as it is: put {address.path} at the end of the variable's value"
            else:
                operations.append(PutValue(path, like_written(draft, path, text.rstrip("/") + address.path)))
        if operations or lost:
            reason = (
                f"From 0.4 on the address is base_url, with its whole path ({address.path or 'as it is'})"
            )
            yield Proposal(path, "address", reason, tuple(operations), lost)


def _renamed(old: str, new: str) -> str:
    return f"From 0.7 on the API {old} is called {new}"


def _is_removed(draft: Draft, api: str) -> bool:
    if is_known_api(api, draft.after):
        tables = routing_tables(draft.after).values()
        return not (takes_providers(api, draft.after) or api in built_in_apis(draft.after) or api in tables)
    return (
        is_known_api(api, draft.before)
        or api in ("telemetry", *_OLD_APIS)
        or draft.get("external_apis_dir") is None
    )


_OLD_APIS: Final = ("datasetio", "eval", "scoring", "post_training", "safety", "agents")


def _removed(draft: Draft, path: Path, gone: list[DraftProvider]) -> Proposal:
    what = ", ".join(provider.id or provider.type for provider in gone)
    lost = f"{draft.target} ships no {path[1]} provider of the type {gone[0].type}: {what} cannot be carried over"
    if len(path) == 2 and not is_known_api(api_after(str(path[1]), draft.after), draft.after):
        lost = f"{draft.target} has no API {path[1]}: {what} cannot be carried over" + _LEFT.get(
            str(path[1]), ""
        )
    return Proposal(path, "removed-provider", lost, (DropEntry(path),), lost)


def _unregistered(draft: Draft, provider: DraftProvider) -> Iterator[Proposal]:
    """Take out what is registered with a provider that goes: a start stops at it."""
    kind = next(
        (kind for kind in RESOURCE_KINDS if kind.api == provider.api and kind.holds_for(draft.after)), None
    )
    written = provider.entry.get("provider_id")
    others = [
        other for other in draft.providers() if other.api == provider.api and draft.keeps_provider(other)
    ]
    if kind is None or any(other.entry.get("provider_id") == written for other in others):
        return
    for index, entry in enumerate(list_at(draft.data, "registered_resources", kind.name)):
        if isinstance(entry, Mapping) and entry.get("provider_id") == written:
            path: Path = ("registered_resources", kind.name, index)
            name = written_name(str(entry.get(kind.id_field)))
            lost = f"{name} is registered with {provider.id}, which {draft.target} does not have"
            yield Proposal(path, "removed-resource", lost, (DropEntry(path),), lost)


_LEFT: Final = {
    "eval": ", and its benchmarks stay where they are",
    "datasetio": ", and its datasets stay where they are",
    "telemetry": ", and its traces stay where they are; set OTEL_EXPORTER_OTLP_ENDPOINT to send them to a collector",
}


def resources(draft: Draft) -> Iterator[Proposal]:
    """Put the lists of resources from the top level into `registered_resources`."""
    if draft.after < changes.CATALOG:
        return
    keys = tuple(key for key in LISTS_OF_RESOURCES if key in draft.data)
    if not keys:
        return
    reason = (
        "From 0.3 on resources are registered in registered_resources; a list at the top level is ignored"
    )
    if "registered_resources" not in draft.data:
        yield Proposal((keys[0],), "resources", reason, (NestEntries(keys, "registered_resources"),))
        return
    for key in keys:
        found = get(draft.data, key)
        operations: list[Operation] = [DropEntry((key,))]
        has_key = key in draft.mapping("registered_resources")
        if found and not has_key:
            operations.append(AddEntry(("registered_resources",), key, found))
        lost = (
            f"registered_resources.{key} is used, and {key} beside it is ignored"
            if found and has_key
            else None
        )
        yield Proposal((key,), "resources", reason, tuple(operations), lost)


def resource_kinds(draft: Draft) -> Iterator[Proposal]:
    """Rename vector databases, and remove the kinds that the release does not register any more."""
    if draft.after < changes.CATALOG:
        return
    place: Path = ("registered_resources",)
    listed = draft.mapping(*place)
    if "vector_dbs" in listed:
        yield from _vector_stores(draft)
    for key, found in listed.items():
        path: Path = (*place, str(key))
        is_known = any(fact.name == key for fact in RESOURCES.facts)
        if not is_known or _has(RESOURCES, str(key), draft):
            continue
        if not found:
            yield Proposal(path, "removed-resource", f"{draft.target} registers no {key}", (DropEntry(path),))
            continue
        names = ", ".join(_names(found))
        lost = f"{draft.target} registers no {key}: {names} cannot be carried over"
        yield Proposal(path, "removed-resource", lost, (DropEntry(path),), lost)
    yield from _tool_groups(draft, listed.get("tool_groups"))


def _names(entries: object) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        fields = entry.items() if isinstance(entry, Mapping) else ()
        ids = (value for key, value in fields if str(key).endswith("_id") and key != "provider_id")
        yield written_name(str(next(ids, "?")))


def _vector_stores(draft: Draft) -> Iterator[Proposal]:
    path: Path = ("registered_resources", "vector_dbs")
    found = draft.get(*path)
    if draft.mapping("registered_resources").get("vector_stores") is not None:
        lost = (
            "registered_resources.vector_stores is used, and vector_dbs beside it is ignored"
            if found
            else None
        )
        yield Proposal(
            path, "removed-resource", "vector_dbs are vector_stores from 0.3 on", (DropEntry(path),), lost
        )
        return
    operations: list[Operation] = [RenameKey(path, "vector_stores")]
    for index, entry in enumerate(found if isinstance(found, list) else ()):
        for old, new in VECTOR_STORE_FIELDS.items():
            if isinstance(entry, Mapping) and old in entry:
                operations.append(RenameKey((*path, index, old), new))
    yield Proposal(
        path, "renamed-resource", "From 0.3 on vector databases are called vector stores", tuple(operations)
    )


def _tool_groups(draft: Draft, found: object) -> Iterator[Proposal]:
    """Remove tool groups, which a start registers no more; those of MCP servers are connectors now."""
    if draft.after < changes.TOOL_GROUPS_NOT_READ or found is None:
        return
    path: Path = ("registered_resources", "tool_groups")
    remote = [
        written_name(str(entry.get("toolgroup_id")))
        for entry in (found if isinstance(found, list) else ())
        if isinstance(entry, Mapping) and entry.get("mcp_endpoint")
    ]
    lost = None
    if remote:
        lost = f"{draft.target} registers no tool groups: name the MCP servers of {', '.join(remote)} in connectors"
    reason = "From 0.7 on tool groups are not registered: built-in tools come with their providers"
    yield Proposal(path, "removed-resource", reason, (DropEntry(path),), lost)
