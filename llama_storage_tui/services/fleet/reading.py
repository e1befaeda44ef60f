"""How the app reads a fleet: in the thread that asks, or ahead, in processes that began before the app did.

What reading needs is imported when it is asked for: the first frame must not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.services.fleet.member import FleetInputs, FleetMember, received, sendable
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.startup.forking import Child, can_fork, fork, receive


class FleetReading:
    """The configs that `names` name, each read as `request` says otherwise. Every question blocks: ask it in a thread."""

    def __init__(self, names: tuple[str, ...], request: LoadRequest) -> None:
        self.names, self._request = names, request

    def inputs(self) -> FleetInputs:
        """Return which configs there are; raises UsageError where there are none."""
        from llama_storage_tui.services.fleet.inputs import find_inputs

        return find_inputs(self.names, self._request)

    def members(self, inputs: FleetInputs) -> Iterator[FleetMember]:
        """Yield each config as it is read."""
        from llama_storage_tui.services.fleet.members import read_members

        return read_members(inputs.requests)

    def again(self) -> FleetReading:
        """Return a reading of the same configs as they are then."""
        return FleetReading(self.names, self._request)

    def close(self) -> None:
        """End whatever reads elsewhere; nothing does."""


class FleetAhead(FleetReading):
    """The same, read by a child that has begun already. To be asked once, and closed at the end."""

    def __init__(self, names: tuple[str, ...], request: LoadRequest, child: Child) -> None:
        super().__init__(names, request)
        self._child = child
        self._is_closed = False

    def inputs(self) -> FleetInputs:
        """Return what the child found; where it does not answer, look here."""
        found = receive(self._child.answers)
        if isinstance(found, StorageToolError):
            raise found
        if self._is_closed:
            return FleetInputs(())
        return found if isinstance(found, FleetInputs) else super().inputs()

    def members(self, inputs: FleetInputs) -> Iterator[FleetMember]:
        """Yield what the child sends; what it does not, is read here."""
        for index, request in enumerate(inputs.requests):
            found = receive(self._child.answers)
            if self._is_closed:
                return
            if not isinstance(found, FleetMember):
                yield from super().members(FleetInputs(inputs.requests[index:]))
                return
            yield received(found, request)

    def close(self) -> None:
        """End the child, also while a thread waits for it."""
        self._is_closed = True
        self._child.end()


def read_fleet_ahead(names: tuple[str, ...], request: LoadRequest) -> FleetReading:
    """Begin to read a fleet in a process of its own, where that can be; contacts nothing."""
    child = fork(_found(names, request)) if can_fork() and "-" not in names else None
    return FleetReading(names, request) if child is None else FleetAhead(names, request, child)


def _found(names: tuple[str, ...], request: LoadRequest) -> Iterator[object]:
    """Yield what there is to read, or the error, then each config."""
    from llama_storage_tui.services.fleet.inputs import find_inputs
    from llama_storage_tui.services.fleet.members import read_members_at_once

    try:
        inputs = find_inputs(names, request)
    except StorageToolError as error:
        yield error
        return
    yield inputs
    yield from map(sendable, read_members_at_once(inputs.requests))
