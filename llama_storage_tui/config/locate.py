"""Where run configs live, and how one is opened: a file, stdin, a ConfigMap manifest, a distribution's name, or `@`."""

from __future__ import annotations

import os.path
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from llama_storage_tui.config.document import MAXIMUM_BYTES, ConfigDocument, decode, parse, parse_stream
from llama_storage_tui.config.other_files import is_manifest, refuse_other_files, unreadable_error
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.next_steps import Advice, Step

STDIN: Final = "-"
FOUND: Final = "@"
ENVIRONMENT_NAMES: Final = ("OGX_CONFIG", "LLAMA_STACK_CONFIG", "RUN_CONFIG_PATH")
MOUNTED: Final = (
    "/etc/ogx/config.yaml",
    "/etc/llama-stack/config.yaml",
    "/etc/llama-stack/run.yaml",
    "/app/config.yaml",
    "/app/run.yaml",
)
_SEPARATOR: Final = re.compile(r"^---(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A config found in the usual places: its path, and why it was looked for there."""

    path: Path
    because: str


def find_configs(environ: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Look in the usual places; a variable that names an existing file is the only answer, since a server obeys it."""
    for name in ENVIRONMENT_NAMES:
        value = environ.get(name, "")
        if value and os.path.isfile(value):  # noqa: PTH113 - says no where pathlib raises
            return (Candidate(Path(value), f"${name}"),)
    seen: dict[Path, Candidate] = {}
    for candidate in (*_mounted(), *_built(environ)):
        seen.setdefault(candidate.path.resolve(), candidate)
    return tuple(seen.values())


def _mounted() -> Iterator[Candidate]:
    for place in MOUNTED:
        if os.path.isfile(place):  # noqa: PTH113 - says no where pathlib raises
            yield Candidate(Path(place), "mounted into a container")


def home_of(environ: Mapping[str, str]) -> Path:
    """Return the home folder of an environment."""
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def config_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders in which distributions are built: ogx's first, then llama-stack's."""
    home = home_of(environ)
    return (
        Path(environ.get("OGX_CONFIG_DIR") or home / ".ogx") / "distributions",
        Path(environ.get("LLAMA_STACK_CONFIG_DIR") or home / ".llama") / "distributions",
    )


def _built(environ: Mapping[str, str]) -> Iterator[Candidate]:
    for folder in config_folders(environ):
        try:
            entries = sorted(folder.iterdir()) if folder.is_dir() else []
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir():
                found = next((path for path in _config_names(entry) if os.path.isfile(path)), None)  # noqa: PTH113 - says no where pathlib raises
                if found is not None:
                    yield Candidate(found, f"distribution {entry.name}")


def _config_names(folder: Path) -> Iterator[Path]:
    bare = folder.name.removeprefix("llamastack-").removeprefix("ogx-")
    for name in ("config.yaml", f"{bare}-config.yaml", "run.yaml", f"{bare}-run.yaml"):
        yield folder / name


def open_config(argument: str, environ: Mapping[str, str], *, key: str | None = None) -> ConfigDocument:
    """Open what a RUN_CONFIG argument names; raises ConfigError or UsageError with one sentence."""
    path = config_path(argument, environ)
    if path is None:
        return read_document(read_stdin(), STDIN, key=key)
    return read_document(read_file(path), str(path), key=key)


def config_path(argument: str, environ: Mapping[str, str]) -> Path | None:
    """Return the file that a RUN_CONFIG argument names, whether it exists or not; None for stdin."""
    if argument == STDIN:
        return None
    path = Path(find_one(environ)) if argument == FOUND else Path(argument)
    if argument != FOUND and "/" not in argument and not os.path.lexists(argument):
        path = _by_name(argument, environ) or path
    return path


def find_one(environ: Mapping[str, str]) -> Path:
    """Return the one config found; raises UsageError where there is none or several."""
    found = find_configs(environ)
    if not found:
        raise UsageError(
            "No run config was found in the usual places",
            help=Advice("", Step.NAME_CONFIG),
        )
    if len(found) > 1:
        listing = ", ".join(str(candidate.path) for candidate in found)
        raise UsageError(f"Several run configs were found: {listing}", help="Specify which one.")
    return found[0].path


def _by_name(name: str, environ: Mapping[str, str]) -> Path | None:
    for folder in config_folders(environ):
        for entry in (folder / name, folder / f"ogx-{name}", folder / f"llamastack-{name}"):
            found = next((path for path in _config_names(entry) if os.path.isfile(path)), None)  # noqa: PTH113 - says no where pathlib raises
            if found is not None:
                return found
    return None


_stdin: Final[WeakKeyDictionary[object, bytes]] = WeakKeyDictionary()
"""What stdin held: it can be read once, and the app's ctrl+r reads the config again."""


def read_stdin() -> bytes:
    """Return what stdin holds, however often it is asked for; raises ConfigError."""
    if sys.stdin is None:
        raise ConfigError("stdin is closed", where=STDIN, help="Pipe the config in, or name a file.")
    try:
        if sys.stdin not in _stdin:
            _stdin[sys.stdin] = sys.stdin.buffer.read(MAXIMUM_BYTES + 1)
        return _stdin[sys.stdin]
    except OSError as error:
        raise ConfigError(
            f"stdin cannot be read: {error.strerror or type(error).__name__}", where=STDIN
        ) from None


def read_file(path: Path) -> bytes:
    """Return a config's bytes; raises ConfigError."""
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that an endless file ends here too.
            return file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file",
            where=str(path),
            help="Give a path, or the name of a distribution in ~/.ogx or ~/.llama.",
        ) from None
    except IsADirectoryError:
        raise ConfigError(
            f"{path} is a directory, not a run config", where=str(path), help="Name the file in it."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or type(error).__name__}", where=str(path)
        ) from None


def read_document(content: bytes, name: str, *, key: str | None = None) -> ConfigDocument:
    """Parse a file's bytes; of manifests, the run config that one of them holds (`key` names its entry).

    Raises ConfigError where the file is something else, with what to give instead.
    """
    text = decode(content, name)
    try:
        document = parse_file(text, name)
    except ConfigError as error:
        raise unreadable_error(text, error) or error from None
    if document.is_stream or is_manifest(document.data):
        from llama_storage_tui.config.manifests import (
            find_run_config,  # here: most configs are files of their own
        )

        return find_run_config(document, key)
    refuse_other_files(document)
    if key is not None:
        raise UsageError(f"{name} is not a ConfigMap manifest, so that it has no entry {key}")
    return document


def parse_file(text: str, name: str) -> ConfigDocument:
    """Parse a file: as one document, or as several where they are manifests."""
    if len(_SEPARATOR.findall(text)) > 1 or _SEPARATOR.search(text.lstrip(), 1):
        stream = parse_stream(text, name)
        documents = stream.data if isinstance(stream.data, list) else []
        if len(documents) > 1 and any(is_manifest(found) for found in documents):
            return stream
    return parse(text, name)
