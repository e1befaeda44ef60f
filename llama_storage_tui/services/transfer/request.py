"""The request of a transfer in its journal: with it, its plan is made again, whatever the call that finishes it says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llama_storage_tui.model.transfer import PlanChoices
from llama_storage_tui.services.requests import LoadRequest


def request_to_json(load: LoadRequest, old: str | None, choices: PlanChoices) -> dict[str, object]:
    """Return what is needed to make a plan again, from any folder."""
    return {
        "old": old,
        "public_rows": choices.public_rows,
        "tenant": choices.tenant,
        "env_files": [os.path.abspath(name) for name in load.env_files],  # noqa: PTH100 - a link stays one
        "uses_environ": load.uses_environ,
        "version": load.version,
        "key": load.key,
        "path_map": [list(pair) for pair in load.path_map],
    }


def request_from_json(
    data: Mapping[str, Any], now: LoadRequest
) -> tuple[LoadRequest, str | None, PlanChoices]:
    """Return how the config was read, the old config, and the choices; env files of `now` are read besides, and count before."""
    mine = [os.path.abspath(name) for name in now.env_files]  # noqa: PTH100 - the same
    files = data.get("env_files", ())
    load = replace(
        now,
        env_files=(*files, *(name for name in mine if name not in files)),
        uses_environ=data.get("uses_environ", now.uses_environ),
        version=data.get("version", now.version),
        key=data.get("key", now.key),
        path_map=tuple((str(before), str(after)) for before, after in data.get("path_map", now.path_map)),
    )
    return (
        load,
        data.get("old"),
        PlanChoices(public_rows=bool(data.get("public_rows")), tenant=data.get("tenant")),
    )
