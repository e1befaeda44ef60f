"""Reads the configs of a fleet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import get
from llama_storage_tui.config.environment import Environment
from llama_storage_tui.config.logins import find_holders
from llama_storage_tui.config.password_locations import find_carriers
from llama_storage_tui.errors import RefusedError, StorageToolError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.services.catalog import judged, read, read_environment
from llama_storage_tui.services.fleet.meaning import meanings
from llama_storage_tui.services.fleet.member import FleetLogin, FleetMember, Surroundings
from llama_storage_tui.services.requests import LoadRequest


def read_members(requests: Sequence[LoadRequest]) -> Iterator[FleetMember]:
    """Read and judge configs, one after the other; what stops one of them is part of its member. Contacts nothing.

    They differ in the config and its entry alone: the env files are read once.
    """
    environment: Environment | None = None
    for request in requests:
        try:
            environment = environment or read_environment(request)
            reading = read(request, environment)
            catalog = judged(reading)
        except StorageToolError as error:
            yield FleetMember(request, error=error)
            continue
        context = reading.context
        found = meanings(context, catalog)
        learn_secrets(context.secrets)
        yield FleetMember(request, catalog, None, _surroundings(context), tuple(_logins(context)), found)


def _surroundings(context: Context) -> Surroundings:
    manifest = context.document.manifest
    if manifest is None:
        return Surroundings()
    mounts = context.document.mounts or ()
    claims = tuple((mount.path, mount.claim) for mount in mounts if mount.claim is not None)
    namespace = get(manifest.document.data, *manifest.path[:-2], "metadata", "namespace")
    return Surroundings(context.document.name, str(namespace) if namespace else None, claims)


def _logins(context: Context) -> Iterator[FleetLogin]:
    for holder in find_holders(context):
        if holder.target is None or holder.target.password is None:
            continue
        line = context.document.file_line(holder.path)
        try:
            used = find_carriers(context, holder.path, is_uri=holder.is_uri)[0]
        except RefusedError:
            yield FleetLogin(holder.name, holder.shown, line, holder.target)
            continue
        variable = None if used.is_of_document else used.variable
        place = (used.file or "", variable or holder.shown)
        yield FleetLogin(
            holder.name, holder.shown, line, holder.target, place, variable if used.file else None
        )
