"""Options that every command takes, before or after its name, at any level."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.errors import UsageError
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.debug_log import start_log

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Function = TypeVar("Function", bound=Callable[..., Any])


class RunConfig(click.types.StringParamType):
    """A RUN_CONFIG word: any text but an empty one; shells complete it as a file."""

    name = "run_config"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's
        """Refuse an empty word, which would be the folder at hand; raises UsageError."""
        if value == "" and not (ctx is not None and ctx.resilient_parsing):
            raise UsageError("The name of the config is empty", help=Advice("", Step.NAME_CONFIG))
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Leave the completion to the shell's own of files."""
        from click.shell_completion import CompletionItem

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
    _option("--assume-set", is_flag=True, help="Treat missing variables as set to unknown values."),
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
    _option(
        "--timeout",
        type=click.FloatRange(0.1, 3600),
        metavar="SECONDS",
        help="Give up connecting after this time (default 5).",
    ),
    _option(
        "--query-timeout",
        type=click.FloatRange(0.1, 86400),
        metavar="SECONDS",
        help="Give up a query after this time (default 10).",
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
        help="Do not use a pager.",
    ),
    _option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text."),
)


def with_options(*options: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Return a decorator that gives a command some options, in this order."""

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def shared_options(function: Function) -> Function:
    """Give a command all shared options."""
    return with_options(*OPTIONS)(function)
