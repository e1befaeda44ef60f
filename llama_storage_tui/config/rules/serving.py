"""What a start serves and opens: the enabled providers, the APIs behind them, the backends that are opened at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from llama_storage_tui.config.document import Mount, Path, get, provider_entries
from llama_storage_tui.config.environment import UNKNOWN
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.config.rules.view import View, nearest, setting
from llama_storage_tui.model.catalog import Backend, Family, ReferenceKind
from llama_storage_tui.model.finding import Rule, Severity, Stage
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.providers import built_in_apis, is_known_api, routing_tables

NOT_CHECKED: Final = Rule(
    id="start-not-checked",
    severity=Severity.INFO,
    stage=Stage.START,
    title="A part of the start depends on something that only the server can reach",
    advice="Check it where the server runs.",
    since=changes.CATALOG,
)
CHECKS: Final = ()
"""Those of other modules find it."""


def is_this_machine(view: View) -> bool:
    """Tell whether the paths of the config may be paths of this machine: those of a manifest are a pod's or a container's."""
    return volumes_of(view) is None and view.context.document.manifest is None


def volumes_of(view: View) -> Sequence[Mount] | None:
    """Return the volumes of the server's containers; None where neither a manifest nor a compose file says what it runs in."""
    mounts = view.context.document.mounts
    return view.context.environment.mounts if mounts is None else mounts


def enabled_providers(view: View) -> Iterator[tuple[str, Path, Mapping[object, object]]]:
    """Yield the API, the path in the file and the entry of each provider that is not switched off."""
    for api, index, entry in provider_entries(view.context.data):
        if entry.get("provider_id") not in (None, ""):
            yield api, view.context.resolution.file_path(("providers", api, index)), entry


def provider_name(entry: object) -> str:
    """Return a provider's id as it is shown: a password in it is masked."""
    return mask_userinfo(str(get(entry, "provider_id")))


def enabled_ids(view: View, api: str) -> AbstractSet[str] | None:
    """Return the ids of an API's enabled providers; None where one of them depends on a variable that is not set."""
    ids = [entry.get("provider_id") for found, _, entry in enabled_providers(view) if found == api]
    return None if any(id_ is UNKNOWN for id_ in ids) else {id_ for id_ in ids if isinstance(id_, str)}


def available_apis(view: View) -> AbstractSet[str]:
    """Return the APIs that something serves: the built-in ones, those with a provider, and the routers that `apis` asks for."""
    apis = view.context.data.get("apis")
    listed = set(map(str, apis)) if isinstance(apis, list) and apis else None
    routed = routing_tables(view.version)
    available = {api for api, _, _ in enabled_providers(view) if api not in routed}
    for router, table in routed.items():
        # A router is made without a provider, too; a provider without its router is of no use to the others.
        if listed is None or router in listed:
            available |= {router, table}
    if get(view.context.data, "telemetry", "enabled") and is_known_api("telemetry", view.version):
        available.add("telemetry")
    return available | built_in_apis(view.version)


def has_catalog(view: View) -> bool:
    """Tell whether the config is judged as one with `storage.backends`."""
    return not view.is_legacy and view.version >= changes.CATALOG


def did_you_mean(name: str, names: list[str]) -> str:
    """Return a question for the name that was probably meant, or else the names that the file has."""
    shown = list(map(mask_userinfo, names))
    meant = nearest(name, shown)
    return f"Did you mean {meant}?" if meant else f"The file has: {', '.join(shown) or 'none'}."


def opened_at_start(view: View) -> AbstractSet[str]:
    """Return the names of the backends that a start opens: of the others nothing is noticed before a request.

    Key-value stores are opened when their reader starts. So are SQL stores before 0.6.1; since then the first query opens them, and
    from 1.0 on a start asks for the connectors and the stores of vectors, from 1.3 on for the jobs.
    """
    is_lazy, asks = view.version >= changes.SQL_OPENED_LATE, view.version >= changes.CONNECTORS_READ_AT_START
    opened = set()
    for reference in view.enabled:
        if reference.backend is None or reference.physical is None or reference.kind is ReferenceKind.SERVER:
            continue
        is_asked = asks and (
            reference.path == "storage.stores.connectors"
            or reference.kind is ReferenceKind.IMPLICIT
            or (
                reference.path.startswith("providers.vector_io") and reference.path.endswith("metadata_store")
            )
        )
        if reference.family is Family.KV or not is_lazy or is_asked:
            opened.add(reference.backend)
    return opened


LATER: Final = ": the server starts, and every request that needs the backend fails"
"""What a fault comes to in a backend that no start opens."""


def used_texts(view: View, name: str, *types: str) -> Iterator[tuple[Backend, str, bool]]:
    """Yield the backends in use whose field is a known text, with that text and whether a start opens them."""
    opened, used = opened_at_start(view), {reference.backend for reference in view.enabled}
    for backend in view.backends_of(*types):
        found = setting(backend, name)
        if found is not None and isinstance(found.value, str) and found.is_resolved and backend.name in used:
            yield backend, found.value, backend.name in opened
