"""What is asked of a config, before anything is read: it imports nothing that reading needs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Final

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
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables whose values were typed for this call alone; kept nowhere."""

    @property
    def absolute_env_files(self) -> tuple[str, ...]:
        """The env files as any folder names them."""
        return tuple(os.path.abspath(name) for name in self.env_files)  # noqa: PTH100 - a link stays one

    def to_json(self) -> dict[str, object]:
        """Return what a journal keeps of how its configs are read, from any folder."""
        return {
            "env_files": [*self.absolute_env_files],
            "uses_environ": self.uses_environ,
            "version": self.version,
            "key": self.key,
            "path_map": [list(pair) for pair in self.path_map],
        }

    def as_kept(self, data: Mapping[str, Any], also: tuple[str, ...]) -> LoadRequest:
        """Return the request with what a journal keeps; the env files of `also` are read besides, and count before its own."""
        files = data.get("env_files", ())
        return replace(
            self,
            env_files=(*files, *(name for name in also if name not in files)),
            uses_environ=data.get("uses_environ", self.uses_environ),
            version=data.get("version", self.version),
            key=data.get("key", self.key),
            path_map=tuple(
                (str(before), str(after)) for before, after in data.get("path_map", self.path_map)
            ),
        )


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
