"""What a server of version V does with a stored response that a request names as previous_response_id.

Read in the packages: llama-stack 0.2.24, 0.3.0, 0.3.5, 0.4.0, 0.4.7, 0.5.4, 0.6.0, 0.6.1, 0.7.0, 0.7.3, ogx 0.8.0, 1.0.4, 1.1.3,
1.2.5, 1.3.1 and 1.5.0 (the responses provider's openai_responses and utils, the responses store, the API's models); recorded
from three of them in tests/oracle/resume.

The server first loads the row into its model of a response (`response_model`): one field or item that the model refuses, and it
answers with an error (UNREADABLE). Where the row holds messages it sends them and converts only the new input; else it converts
input and output, item by item.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from llama_storage_tui.model.version import Version

LOADS_MESSAGES: Final = Version(0, 3)
"""Before it no messages are stored, and none are read."""

REFUSES_UNFINISHED: Final = Version(0, 6)

STATUSES: Final = ("completed", "failed", "incomplete", "in_progress", "queued", "cancelled")
"""Every status that a server of any version writes with a response."""
UNFINISHED: Final = ("queued", "in_progress")
"""Statuses that are refused from REFUSES_UNFINISHED on; failed, incomplete and cancelled responses are taken."""

REBUILDS_INPUT: Final = Version(1, 1)
"""From here on, where the row says so, the input of a response is its ancestors' and its own; before, the row's alone."""

TAKES_FILES: Final = Version(0, 4)
"""Before it the model knows no files in messages, and images by a file id are left out without a word."""

TAKES_CALLS_WITHOUT_OUTPUT: Final = Version(0, 4)
"""Before it an MCP call without an output cannot be converted."""


class Handling(StrEnum):
    """What becomes of an item that is converted."""

    SENT = "sent"
    DROPPED = "dropped"
    ASIDE = "aside"
    """Not sent, and not missed: the server reads it itself."""
    FAILS = "fails"
    """The conversion raises, and with it the request."""
    UNREADABLE = "unreadable"
    """The row cannot be loaded, messages or not."""


_HANDLING: Final[Mapping[str, tuple[tuple[Version, Handling], ...]]] = {
    "message": ((Version(0, 0), Handling.SENT),),
    "function_call": ((Version(0, 0), Handling.SENT),),
    "function_call_output": ((Version(0, 0), Handling.SENT),),
    "mcp_call": ((Version(0, 0), Handling.SENT),),
    "mcp_list_tools": ((Version(0, 0), Handling.ASIDE),),
    "mcp_approval_request": ((Version(0, 0), Handling.UNREADABLE), (Version(0, 3), Handling.ASIDE)),
    "mcp_approval_response": ((Version(0, 0), Handling.UNREADABLE), (Version(0, 3), Handling.ASIDE)),
    "web_search_call": ((Version(0, 0), Handling.FAILS), (Version(0, 4), Handling.DROPPED)),
    "file_search_call": ((Version(0, 0), Handling.FAILS), (Version(0, 4), Handling.DROPPED)),
    "reasoning": ((Version(0, 0), Handling.UNREADABLE), (Version(0, 7), Handling.SENT)),
    "compaction": ((Version(0, 0), Handling.UNREADABLE), (Version(0, 8), Handling.SENT)),
}
"""By type, from which version on. Reasoning is sent only with the assistant's message or call right behind it."""

INPUT_ONLY: Final = frozenset({"function_call_output", "mcp_approval_response", "compaction"})
"""Types that the model knows in an input and not in an output."""


def handling(type_: str, version: Version) -> Handling:
    """Return what a server of that version does with an item of that type."""
    found = Handling.UNREADABLE
    for since, known in _HANDLING.get(type_, ()):
        if version >= since:
            found = known
    return found
