"""What is asked of a config, before anything is read: it imports nothing that reading needs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from llama_storage_tui.deferred import dataclass
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


_PATTERN: Final = re.compile(r"[*?\[]")


def is_pattern(name: str) -> bool:
    """Tell whether a word is a pattern of file names, and not a file with such a name."""
    return _PATTERN.search(name) is not None and not os.path.lexists(name)


def names_several(name: str) -> bool:
    """Tell whether a word names a folder or a pattern, whatever number of configs it holds."""
    return is_pattern(name) or os.path.isdir(name)  # noqa: PTH112 - says no where pathlib raises


MANIFEST: Final = re.compile(r"^[\"']?(?:apiVersion|kind)[\"']?[ \t]*:", re.MULTILINE)
"""What a Kubernetes resource has at its top, and no run config."""


def looks_like_manifest(name: str) -> bool:
    """Tell whether a word names a file of manifests, which may hold several configs: by its text alone, without parsing it.

    A pipe can be read once, and is not looked into.
    """
    if not os.path.isfile(name):  # noqa: PTH113 - says no where pathlib raises
        return False
    try:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - takes whatever name is typed
            return MANIFEST.search(file.read(5_000_000)) is not None
    except (OSError, ValueError):
        return False


def parse_path_map(text: str) -> tuple[str, str]:
    """Read FROM=TO; raises UsageError for anything else."""
    before, separator, after = text.partition("=")
    if not separator or not before or not after:
        raise UsageError(f"{text!r} is not FROM=TO", help="For example: /.ogx=/mnt/pvc")
    return before, after
