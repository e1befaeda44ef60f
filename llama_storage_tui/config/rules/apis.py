"""The APIs of a config, as a start resolves them: unknown ones, and those that others need and nothing serves."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from llama_storage_tui.config.document import Path, get, list_at, mapping_at
from llama_storage_tui.config.rules.external import read_specifications
from llama_storage_tui.config.rules.serving import (
    available_apis,
    enabled_providers,
    has_catalog,
    provider_name,
)
from llama_storage_tui.config.rules.view import View
from llama_storage_tui.model.finding import Finding, stops_start
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.providers import (
    is_known_api,
    needed_apis,
    needs_every_listed_api,
    routing_tables,
    takes_providers,
)

API_TAKES_NO_PROVIDERS: Final = stops_start(
    id="api-takes-no-providers",
    title="A provider is configured for an API that the server provides by itself",
    advice="Remove it from providers.",
    since=changes.CATALOG,
)

UNKNOWN_API: Final = stops_start(
    id="unknown-api",
    title="The release has no API of that name",
    advice="Remove it from apis and providers, or check the file for the release that it was written for.",
    since=changes.CATALOG,
)

API_WITHOUT_PROVIDER: Final = stops_start(
    id="api-without-provider",
    title="apis lists an API that no enabled provider serves",
    advice="Add a provider for it, or remove it from apis.",
    since=changes.CATALOG,
)

MISSING_API: Final = stops_start(
    id="missing-api",
    title="A provider or a setting needs an API that the config does not serve",
    advice="Add the API to apis and to providers.",
    since=changes.CATALOG,
)


def unknown_apis(view: View) -> Iterator[Finding]:
    """Names of APIs that the release does not have, or for which a config cannot bring providers."""
    outside = read_specifications(view)
    if not has_catalog(view) or "external_apis_dir" in outside.unseen:
        return
    named: dict[str, Path] = {}
    for index, api in enumerate(list_at(view.context.data, "apis")):
        if isinstance(api, str):
            named.setdefault(api, view.context.resolution.file_path(("apis", index)))
    used = {api for api, _, _ in enabled_providers(view)}
    for api in map(str, mapping_at(view.context.data, "providers")):
        named[api] = ("providers", api)
        is_table = api in routing_tables(view.version).values()
        if (
            is_known_api(api, view.version)
            and not takes_providers(api, view.version)
            and (is_table or api in used)
        ):
            yield view.finding(
                API_TAKES_NO_PROVIDERS,
                ("providers", api),
                f"The server provides the API {api!r} by itself and starts with no provider for it in the config",
            )
    for api, path in named.items():
        if not is_known_api(api, view.version) and api not in outside.apis:
            yield view.finding(
                UNKNOWN_API,
                path,
                f"There is no API {api!r} in {view.version.product} {view.version}",
                help=Advice(
                    "Remove it, or check the config for a version that has it.", Step.READ_AS_VERSION
                ),
            )


def missing_apis(view: View) -> Iterator[Finding]:
    """APIs that are listed without anything behind them, and those that a provider or a setting needs and nothing serves."""
    if not has_catalog(view):
        return
    available, outside = available_apis(view), read_specifications(view)
    listed = list_at(view.context.data, "apis") if needs_every_listed_api(view.version) else []
    for index, api in enumerate(listed):
        is_known = isinstance(api, str) and (is_known_api(api, view.version) or api in outside.apis)
        if is_known and api not in available:
            yield view.finding(
                API_WITHOUT_PROVIDER,
                view.context.resolution.file_path(("apis", index)),
                f"apis lists {api}, and no enabled provider serves it",
                help=f"Add a provider under providers.{api}, or remove it from apis.",
            )
    for api, path, entry in enabled_providers(view):
        needs = needed_apis(api, str(entry.get("provider_type", "")), view.version)
        missing = [need for need in needs if need not in available]
        if missing and not entry.get("module"):
            yield view.finding(
                MISSING_API,
                path,
                f"The provider {provider_name(entry)} needs the {_apis(missing)}, which this config does not serve",
                help=_how_to_serve(view, missing),
            )
    yield from _missing_apis_of_settings(view, available)


def _apis(names: list[str]) -> str:
    return f"API {names[0]}" if len(names) == 1 else f"APIs {', '.join(names)}"


def _how_to_serve(view: View, names: list[str]) -> str:
    routers = {table: api for api, table in routing_tables(view.version).items()}
    return (
        f"Add {', '.join(dict.fromkeys(routers.get(name, name) for name in names))} to apis and to providers."
    )


def _missing_apis_of_settings(view: View, available: AbstractSet[str]) -> Iterator[Finding]:
    shield = get(view.context.data, "safety", "default_shield_id")
    embedding = get(view.context.data, "vector_stores", "default_embedding_model")
    needs = (
        (
            ("safety", "default_shield_id"),
            shield,
            ["shields", "safety"],
            takes_providers("safety", view.version),
        ),
        (("vector_stores", "default_embedding_model"), embedding, ["models"], True),
    )
    for path, value, apis, is_read in needs:
        missing = [api for api in apis if api not in available]
        # 0.3 has no `safety` at the top level.
        if (
            value is not None
            and missing
            and is_read
            and (path[0] != "safety" or view.version >= changes.SAFETY_SETTINGS)
        ):
            yield view.finding(
                MISSING_API,
                path,
                f"{'.'.join(path)} needs the {_apis(missing)}, which this config does not serve",
                help=_how_to_serve(view, missing),
            )


CHECKS = (unknown_apis, missing_apis)
