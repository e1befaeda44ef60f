"""What is asked of a config, before anything is read: it imports nothing that reading needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from llama_storage_tui.errors import UsageError

FOUND: Final = "@"
"""The config that is found in the usual places: the app offers several, where a command fails."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What to load and how: the words of the command line, parsed by nobody but this room.

    `config` is a file, `-`, a distribution's name or `@`; `env_files` in order, the last one wins; `version` as typed
    (`0.3.5`, `0.3`), None to guess; `path_map` pairs of FROM and TO; `key` names a ConfigMap's entry. `environ` is the process
    environment, or what a test puts in its place.
    """

    config: str
    env_files: tuple[str, ...] = ()
    uses_environ: bool = True
    assumes_set: bool = False
    version: str | None = None
    path_map: tuple[tuple[str, str], ...] = ()
    key: str | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)


def parse_path_map(text: str) -> tuple[str, str]:
    """Read FROM=TO; raises UsageError for anything else."""
    before, separator, after = text.partition("=")
    if not separator or not before or not after:
        raise UsageError(f"{text!r} is not FROM=TO", help="For example: /.ogx=/mnt/pvc")
    return before, after
