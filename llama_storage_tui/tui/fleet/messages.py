"""What the screen of several configs is told, and what it tells the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from llama_storage_tui.deferred import dataclass

if TYPE_CHECKING:
    # Names of annotations only: a message must not bring the modules of later screens into the first one.
    from llama_storage_tui.model.fleet import FleetReport
    from llama_storage_tui.services.fleet.contact import FleetContact
    from llama_storage_tui.services.fleet.member import FleetInputs, FleetMember


@dataclass(eq=False)
class FleetResumed(Message):
    """The operator is back from a config: what was open for it can be closed."""


@dataclass(eq=False)
class InputsFound(Message):
    """The configs are known, and none is read yet."""

    inputs: FleetInputs


@dataclass(eq=False)
class MembersRead(Message):
    """So many configs have been read."""

    members: tuple[FleetMember, ...]


@dataclass(eq=False)
class FleetJudged(Message):
    """All configs are read and compared, with what servers said where they were asked."""

    report: FleetReport
    contact: FleetContact | None = None
