"""What this program calls itself at servers, by which it knows its own sessions again: each run of it has another name."""

from __future__ import annotations

import secrets
from typing import Final

PROGRAM: Final = "llama-storage-tui"
SESSION_NAME: Final = f"{PROGRAM}/{secrets.token_hex(3)}"
"""The processes that a run forks have it, too; another run of this program is somebody else."""


def is_this_program(name: str) -> bool:
    """Tell whether a session, client or process has the name of this program, in this run of it or another."""
    return name.partition("/")[0] == PROGRAM
