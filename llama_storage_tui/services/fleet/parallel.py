"""Reads the configs of a fleet in several processes: reading is computing, which threads of one process do in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from llama_storage_tui.services.fleet.member import FleetMember, received, sendable
from llama_storage_tui.services.fleet.members import read_members
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.startup.forking import can_fork, fork, receive

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
