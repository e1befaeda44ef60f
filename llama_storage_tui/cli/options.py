"""Options that every command takes, before or after its name, at any level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.files.log import start_log
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import LoadRequest, parse_path_map

Function = TypeVar("Function", bound=Callable[..., Any])


class RunConfig(click.types.StringParamType):
    """A RUN_CONFIG word: any text; shells complete it as a file."""

    name = "run_config"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Leave the completion to the shell's own of files."""
        del ctx, param
        return [CompletionItem(incomplete, type="file")]


RUN_CONFIG: Final = RunConfig()

REPEATED: Final = frozenset({"env_file", "map_path"})


def _store(context: click.Context, parameter: click.Parameter, value: object) -> object:
    """Keep an option for the whole call: the inner level wins, repeated options add up."""
    kept: dict[str, Any] = context.ensure_object(dict)
    name = parameter.name or ""
    source = context.get_parameter_source(name)
    if source is None or source is click.core.ParameterSource.DEFAULT:
        return value
    if name in REPEATED and isinstance(value, tuple):
        kept[name] = (*kept.get(name, ()), *value)
    else:
        kept[name] = value
    return value


def _open_log(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
    """Open the log as soon as its name is read, so that it has the rest of the call."""
    if value is not None and not context.resilient_parsing:
        start_log(value)
    return _store(context, parameter, value)


def _leave_pager_out(context: click.Context, parameter: click.Parameter, value: bool) -> object:  # noqa: FBT001
    if value:
        output.never_page()
    return _store(context, parameter, value)


def _option(*names: str, **settings: Any) -> Callable[[Function], Function]:  # noqa: ANN401 - click's own settings
    return click.option(*names, expose_value=False, **{"callback": _store, **settings})


OPTIONS: Final = (
    _option(
        "--env-file",
        multiple=True,
        metavar="FILE",
        type=click.Path(),
        help="Read variables from a dotenv FILE; repeatable, the last wins.",
    ),
    _option("--no-environ", is_flag=True, help="Ignore the process environment."),
    _option("--assume-set", is_flag=True, help="Count missing variables as set to something unknown."),
    _option(
        "--for",
        "for_version",
        metavar="VERSION",
        shell_complete=shell_completion.versions,
        help="The server's version: 0.3.5, 1.5.0, 0.3 (default: guessed).",
    ),
    _option(
        "--map-path", multiple=True, metavar="FROM=TO", help="Read the server's path FROM at TO; repeatable."
    ),
    _option("--key", metavar="NAME", help="The entry of a ConfigMap manifest."),
    _option("--json", "json", is_flag=True, help="Print one JSON document."),
    _option("--timeout", type=click.FloatRange(0.1, 3600), metavar="SECONDS", help="To connect (default 5)."),
    _option(
        "--query-timeout",
        type=click.FloatRange(0.1, 86400),
        metavar="SECONDS",
        help="For one query (default 10).",
    ),
    _option(
        "--log-file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        is_eager=True,
        callback=_open_log,
        help="Write a debug log without secrets.",
    ),
    _option(
        "--no-pager",
        is_flag=True,
        callback=_leave_pager_out,
        help="Print a long answer at once, whatever $PAGER is.",
    ),
    _option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
)


def shared_options(function: Function) -> Function:
    """Give a command all shared options."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


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
    def log_file(self) -> str | None:
        """Where to write a debug log."""
        return self._kept.get("log_file")

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
