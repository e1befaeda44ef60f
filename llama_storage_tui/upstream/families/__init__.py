"""Which records servers keep, in which shape, and what they refer to.

Source: llama-stack 0.3.0 to 0.7.3 and ogx 0.8.0 to 1.5.0, and stores that servers of 0.3.5, 0.7.3 and 1.5.0 wrote.
"""

from __future__ import annotations

from typing import Final

from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.families import RecordFamily
from llama_storage_tui.upstream.families.agents import AGENT_FAMILIES
from llama_storage_tui.upstream.families.completions import COMPLETIONS
from llama_storage_tui.upstream.families.conversations import CONVERSATIONS
from llama_storage_tui.upstream.families.files import FILE_FAMILIES
from llama_storage_tui.upstream.families.registry import REGISTRY_FAMILIES
from llama_storage_tui.upstream.families.responses import RESPONSES
from llama_storage_tui.upstream.families.vectors import VECTOR_FAMILIES
from llama_storage_tui.upstream.families.work import WORK_FAMILIES

FAMILIES: Final[tuple[RecordFamily, ...]] = (
    RESPONSES,
    CONVERSATIONS,
    COMPLETIONS,
    *FILE_FAMILIES,
    *REGISTRY_FAMILIES,
    *VECTOR_FAMILIES,
    *AGENT_FAMILIES,
    *WORK_FAMILIES,
)
"""Every family, each from its module: a new one is named here and nowhere else."""

OBJECTS: Final = tuple(family for family in FAMILIES if not family.command)
"""Those that have no command of their own."""


def find_family(name: str) -> RecordFamily:
    """Return the family of that name; raises UsageError with the names."""
    for family in FAMILIES:
        if family.name == name:
            return family
    names = ", ".join(family.name for family in FAMILIES)
    raise UsageError(f"{name!r} is not a record family", help=f"There are: {names}.")
