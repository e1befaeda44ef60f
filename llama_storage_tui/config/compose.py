"""A compose file as a source of variables and volumes: what it gives to the service that runs the server.

The `environment` of a service wins over its `env_file`. `${X}`, `${X:-default}`, `${X?error}` and `$X` are compose's own, filled
from `.env` beside the file and from the process environment; what neither has is set to something unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import ConfigDocument, Elsewhere, Keeps, Mount, Path, parse, strings
from llama_storage_tui.config.environment import Variable
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import ConfigError, UsageError

ENDINGS: Final = (".yaml", ".yml")
_INTERPOLATION: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<rest>[^}]*))?\})"
)
_SERVERS: Final = re.compile(r"llama[-_]?stack|\bogx|run[^/]*\.ya?ml|config[^/]*\.ya?ml", re.IGNORECASE)

ReadEnvFile = Callable[[str], Mapping[str, Variable] | None]
"""Reads an env file by its name in the compose file; None where it is not there."""


def is_compose(name: str) -> bool:
    """Tell by its name whether a file given as env file is YAML."""
    return name.lower().endswith(ENDINGS)


@dataclass(frozen=True, slots=True)
class Service:
    """What a server gets from its service: variables, the env files that are not there, and volumes (None: not known)."""

    variables: dict[str, Variable]
    elsewhere: tuple[Elsewhere, ...] = ()
    mounts: tuple[Mount, ...] | None = None


def read_compose(text: str, name: str, *, lookup: Mapping[str, str], env_file: ReadEnvFile) -> Service:
    """Return what a compose file gives to the service that runs the server.

    `lookup` has the values of compose's own variables.

    Raises ConfigError for a file that is no compose file, UsageError where several services could be the server.
    """
    document = parse(text, name)
    data = document.data
    services = data.get("services") if isinstance(data, dict) else None
    if not isinstance(services, dict):
        raise ConfigError(
            f"{name} is neither an env file nor a compose file",
            where=name,
            help="Give a file of NAME=value lines, or a compose file with services. A manifest is given as the run config itself.",
        )
    service = _server(services, name)
    settings = services[service]
    path: Path = ("services", service)
    found: dict[str, Variable] = {}
    elsewhere: list[Elsewhere] = []
    for file in _env_files(settings.get("env_file")):
        variables = env_file(file)
        if variables is None:
            line = document.line((*path, "env_file"))
            elsewhere.append(Elsewhere("", f"the env file {file}", name, line))
        else:
            found |= {key: each._replace(is_deployed=True) for key, each in variables.items()}
    found |= _environment(document, (*path, "environment"), settings.get("environment"), name, lookup)
    return Service(found, tuple(elsewhere), _mounts(document, path, settings, lookup))


def _mounts(
    document: ConfigDocument, path: Path, settings: Mapping[str, object], lookup: Mapping[str, str]
) -> tuple[Mount, ...] | None:
    """Return the volumes of a service; None where one of them depends on a variable that is not known."""
    found: list[Mount] = []
    for key in ("volumes", "tmpfs"):
        written = settings.get(key)
        for index, entry in enumerate(written if isinstance(written, list) else [written]):
            if isinstance(entry, dict):
                kind, target = str(entry.get("type")), str(entry.get("target"))
                source, is_read_only = str(entry.get("source") or ""), entry.get("read_only") is True
            elif isinstance(entry, str):
                text = _interpolated(entry, lookup)
                if text is None:
                    return None
                source, target, is_read_only = (
                    _parts(text) if key == "volumes" else ("", text.split(":")[0], False)
                )
                kind = "tmpfs" if key == "tmpfs" else "volume"
            else:
                continue
            what = (
                f"the {'tmpfs' if kind == 'tmpfs' else 'volume'} {source or target} of the service {path[-1]}"
            )
            keeps = Keeps.FOR_GOOD if source and kind != "tmpfs" else Keeps.WITH_THE_POD
            found.append(
                Mount(
                    target,
                    what,
                    Keeps.NOTHING if is_read_only else keeps,
                    document.value_line((*path, key, index)),
                )
            )
    return tuple(found)


def _parts(text: str) -> tuple[str, str, bool]:
    """Split `SOURCE:TARGET:MODE`; a target alone is an anonymous volume."""
    parts = text.split(":")
    if len(parts) == 1:
        return "", parts[0], False
    return parts[0], parts[1], "ro" in ",".join(parts[2:]).split(",")


def _server(services: Mapping[object, object], name: str) -> str:
    """Return the service that runs the server: the one with a config or an image of its name, or the only one with variables."""
    named = {str(key): value for key, value in services.items() if isinstance(value, dict)}
    parts = ("image", "command", "entrypoint", "volumes")
    likely = [
        key
        for key, value in named.items()
        if any(_SERVERS.search(text) for _, text in strings([value.get(part) for part in parts]))
    ]
    with_variables = [
        key for key, value in named.items() if value.get("environment") or value.get("env_file")
    ]
    for found in (likely, with_variables):
        if len(found) == 1:
            return found[0]
    if not with_variables:
        raise ConfigError(f"No service of {name} sets variables", where=name)
    raise UsageError(
        f"Several services of {name} could run the server: {', '.join(likely or with_variables)}",
        help="Give a compose file with that service alone, or an env file with its variables.",
    )


def _env_files(data: object) -> Iterator[str]:
    for entry in data if isinstance(data, list) else [data]:
        path = entry.get("path") if isinstance(entry, dict) else entry
        if isinstance(path, str):
            yield path


def _environment(
    document: ConfigDocument, path: Path, data: object, name: str, lookup: Mapping[str, str]
) -> Iterator[tuple[str, Variable]]:
    """Yield a service's variables: a mapping, or a list of NAME=value; a name alone takes the value from the shell."""
    entries: list[tuple[str, object, int | None]] = []
    if isinstance(data, dict):
        entries = [(str(key), value, document.value_line((*path, str(key)))) for key, value in data.items()]
    elif isinstance(data, list):
        for index, entry in enumerate(data):
            key, separator, text = str(entry).partition("=")
            entries.append((key, text if separator else None, document.value_line((*path, index))))
    for key, value, line in entries:
        if value is None:
            passed = lookup.get(key)
            # A name alone: set in the container only where it is set in the shell that runs compose.
            yield key, Variable(passed, name, line, is_deployed=True)
        else:
            written = str(value).lower() if isinstance(value, bool) else str(value)
            yield key, Variable(_interpolated(written, lookup), name, line, is_deployed=True)


def _interpolated(text: str, lookup: Mapping[str, str]) -> str | None:
    """Return a text with compose's own variables filled in; None where one of them is not known."""
    is_known = True

    def fill(match: re.Match[str]) -> str:
        nonlocal is_known
        if match["escaped"]:
            return "$"
        found = lookup.get(match["bare"] or match["name"])
        operator, rest = match["operator"] or "", match["rest"] or ""
        has = bool(found) if operator.startswith(":") else found is not None
        if operator.endswith("+"):
            return rest if has else ""
        if has and found is not None:
            return found
        if operator.endswith("-"):
            return rest
        is_known = False
        return ""

    filled = _INTERPOLATION.sub(fill, text)
    return filled if is_known else None
