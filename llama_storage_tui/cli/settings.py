"""The shared options of one call, as the command reads them."""

from __future__ import annotations

from typing import Any

import click

from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import LoadRequest, parse_path_map


class Settings:
    """The shared options of one call."""

    def __init__(self, context: click.Context) -> None:
        self._kept: dict[str, Any] = context.ensure_object(dict)

    @property
    def is_json(self) -> bool:
        """Whether one JSON document is wanted."""
        return bool(self._kept.get("json"))

    @property
    def mouse(self) -> bool:
        """Whether the TUI takes the mouse."""
        return not self._kept.get("no_mouse")

    @property
    def timeouts(self) -> Timeouts:
        """The time limits."""
        defaults = Timeouts()
        return Timeouts(
            self._kept.get("timeout", defaults.connect), self._kept.get("query_timeout", defaults.query)
        )

    def request(self, config: str) -> LoadRequest:
        """Return the request for one config."""
        return LoadRequest(
            config,
            env_files=self._kept.get("env_file", ()),
            uses_environ=not self._kept.get("no_environ"),
            assumes_set=bool(self._kept.get("assume_set")),
            version=self._kept.get("for_version"),
            path_map=tuple(parse_path_map(text) for text in self._kept.get("map_path", ())),
            key=self._kept.get("key"),
        )

    @property
    def reading_words(self) -> tuple[str, ...]:
        """The words of this call that say how a config is read, but for its version: the next command needs them again."""
        words = [word for name in self._kept.get("env_file", ()) for word in ("--env-file", name)]
        words += [word for text in self._kept.get("map_path", ()) for word in ("--map-path", text)]
        if self._kept.get("key"):
            words += ["--key", self._kept["key"]]
        flags = (("no_environ", "--no-environ"), ("assume_set", "--assume-set"))
        return (*words, *(flag for name, flag in flags if self._kept.get(name)))
