"""Reads the configs of a fleet, several of them in processes: reading is computing, which threads of one process do in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.config.context import Context
from llama_storage_tui.config.document import get
from llama_storage_tui.config.environment import Environment
from llama_storage_tui.config.logins import find_holders
from llama_storage_tui.config.password_locations import find_carriers
from llama_storage_tui.errors import RefusedError, StorageToolError
from llama_storage_tui.files.log import learn_secrets
from llama_storage_tui.services.catalog import judged, read, read_environment
from llama_storage_tui.services.fleet.meaning import meanings
from llama_storage_tui.services.fleet.member import FleetLogin, FleetMember, Surroundings, received, sendable
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.startup.forking import can_fork, fork, receive


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


MOST: Final = 4
"""Processes that read at once, besides this one."""
WORTH_IT: Final = 6
"""Configs from which on a fork costs less than it saves."""


def read_members_at_once(requests: Sequence[LoadRequest]) -> Iterator[FleetMember]:
    """Yield what `read_members` yields, in the same order, read by several processes where that is worth it."""
    number = min(len(os.sched_getaffinity(0)), MOST) if sys.platform == "linux" else 1
    if len(requests) < WORTH_IT or number < 2 or not can_fork():
        yield from read_members(requests)
        return
    # The first one here: it imports what all of them need.
    first, rest = requests[0], requests[1:]
    yield from read_members((first,))
    children = [fork(map(sendable, read_members(rest[index::number]))) for index in range(number)]
    try:
        for index, request in enumerate(rest):
            child = children[index % number]
            found = None if child is None else receive(child.answers)
            if isinstance(found, FleetMember):
                yield received(found, request)
            else:
                yield from read_members((request,))
    finally:
        for child in children:
            if child is not None:
                child.end()
                child.answers.close()
