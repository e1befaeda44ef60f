"""Which run configs an operator means who names files, folders, patterns and bundles of manifests."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Final

from llama_storage_tui.config.document import decode
from llama_storage_tui.config.locate import config_path, parse_file, read_file
from llama_storage_tui.config.manifests import run_config_keys
from llama_storage_tui.config.other_files import RUN_CONFIG_KEYS, is_manifest, looks_like_run_config
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.services.catalog import candidates
from llama_storage_tui.services.fleet.member import FleetInputs
from llama_storage_tui.services.requests import FOUND, MANIFEST, LoadRequest, is_pattern, names_several

MOST: Final = 1000
"""More configs than anybody runs: a folder named by mistake, such as the root."""
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KEYS: Final = re.compile(rf"^[\"']?({'|'.join(sorted(RUN_CONFIG_KEYS))})[\"']?[ \t]*:", re.MULTILINE)


def find_inputs(names: Sequence[str], request: LoadRequest) -> FleetInputs:
    """Return a request for each run config that `names` name; everything else is as in `request`.

    A folder is searched with those below it, a pattern is matched, and each config of a bundle of manifests counts. A file that is
    named is meant, whatever it holds: reading it says what is wrong. Raises UsageError where a pattern or folder has no run config.
    """
    found: dict[tuple[str, str | None], LoadRequest] = {}
    left_out: list[str] = []
    for name in names:
        for each in _requests_of(name, request, left_out):
            found.setdefault((_real(each, request), each.key), each)
            if len(found) > MOST:
                raise UsageError(
                    f"{name} holds more than {MOST:,} run configs",
                    help="Name the folder that holds the fleet.",
                )
    return FleetInputs(tuple(found.values()), tuple(dict.fromkeys(left_out)))


def _requests_of(name: str, request: LoadRequest, left_out: list[str]) -> Iterator[LoadRequest]:
    if name == FOUND:
        places = candidates(request.environ)
        if not places:
            yield replace(request, config=name)
        for candidate in places:
            yield replace(request, config=str(candidate.path))
        return
    if not names_several(name):
        yield from _of_file(name, request)
        return
    files = sorted(glob(name, recursive=True) if is_pattern(name) else _below(Path(name)))  # noqa: PTH207 - as the shell writes it
    has_any = False
    for file in files:
        each = list(_of_unnamed(file, request))
        if not each:
            left_out.append(file)
        has_any = has_any or bool(each)
        yield from each
    if not has_any:
        what = "matches no run config" if is_pattern(name) else "holds no run config"
        raise UsageError(f"{name} {what}", help="Name the files that hold them.")


def _below(folder: Path) -> Iterator[str]:
    """Yield the files of a folder that may be YAML; what begins with a dot is left alone."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield str(Path(place) / name)


def _of_file(name: str, request: LoadRequest) -> Iterator[LoadRequest]:
    """Yield a file that was named: each config of a bundle, else the file as it is."""
    path = config_path(name, request.environ)
    keys: tuple[str, ...] = ()
    # A pipe (bash's `<(…)`) can be read once: it is one config.
    if path is not None and request.key is None and os.path.isfile(path):  # noqa: PTH113 - says no where pathlib raises
        try:
            keys = _keys(_text(str(path)), str(path))
        except ConfigError:
            keys = ()
    if len(keys) < 2:
        yield replace(request, config=name)
    for key in keys if len(keys) > 1 else ():
        yield replace(request, config=name, key=key)


def _of_unnamed(file: str, request: LoadRequest) -> Iterator[LoadRequest]:
    """Yield the run configs of a file that a folder or a pattern led to; a broken one is one all the same."""
    if not os.path.isfile(file):  # noqa: PTH113 - as above
        return
    try:
        text = _text(file)
        if MANIFEST.search(text):
            keys = _keys(text, file)
            for key in keys:
                yield replace(request, config=file, key=key if len(keys) > 1 else request.key)
            return
    except ConfigError:
        return
    found = set(_KEYS.findall(text))
    if (
        len(found) > 1
        or "providers" in found
        or (text.lstrip().startswith("{") and looks_like_run_config(text))
    ):
        yield replace(request, config=file)


def _text(file: str) -> str:
    return decode(read_file(Path(file)), file)


def _keys(text: str, file: str) -> tuple[str, ...]:
    """Return the keys of the run configs of a file of manifests; none where it is no such file."""
    if not MANIFEST.search(text):
        return ()
    document = parse_file(text, file)
    return run_config_keys(document) if document.is_stream or is_manifest(document.data) else ()


def _real(each: LoadRequest, request: LoadRequest) -> str:
    path = config_path(each.config, request.environ)
    return each.config if path is None else os.path.realpath(path)
