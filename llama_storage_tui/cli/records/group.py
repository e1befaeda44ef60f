"""`responses RUN_CONFIG …`, `conversations …` and `completions …`: a config, then what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.word_order import unknown_subcommand

RESPONSES: Final = {
    "list": "records.listing",
    "show": "responses.showing",
    "diff": "responses.showing",
    "chain": "responses.chaining",
    "who": "responses.who",
    "attention": "responses.attention",
    "stats": "responses.stats",
}
"""Each subcommand of `responses` with its module in `cli`, where it is called `responses_NAME`."""

CONVERSATIONS: Final = {"list": "records.listing", "show": "records.showing", "orphans": "records.showing"}
"""Each subcommand of `conversations`, in the same way."""

COMPLETIONS: Final = {"list": "records.listing", "show": "records.showing"}
"""Each subcommand of `completions`, in the same way."""


class LazyGroup(click.Group):
    """A group whose subcommands are imported when they are called."""

    modules: Mapping[str, str] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take shared options between the config and the subcommand too: click's groups end their own at the first word."""
        return super().parse_args(ctx, _options_first(self, ctx, args))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of their use."""
        return [*self.modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a subcommand."""
        if cmd_name not in self.modules:
            return None
        module = import_module(f"llama_storage_tui.cli.{self.modules[cmd_name]}")
        command = getattr(module, f"{self.name}_{cmd_name}")
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the subcommand; raises UsageError with the right order where the config stands in its place."""
        if args[0] not in self.modules:
            config = str(ctx.params.get("config", ""))
            raise unknown_subcommand(str(self.name), config, args, self.modules)
        return super().resolve_command(ctx, args)


def _options_first(group: click.Group, context: click.Context, args: list[str]) -> list[str]:
    """Move the options that stand right behind the first word to its front."""
    options = {
        name: each for each in group.get_params(context) for name in (*each.opts, *each.secondary_opts)
    }
    rest, before = list(args), list[str]()
    words: list[str] = []
    while rest and ((rest[0].startswith("-") and rest[0] != "-") or not words):
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        before.append(word)
        found = options.get(word)
        if isinstance(found, click.Option) and not found.is_flag and not found.count and rest:
            before.append(rest.pop(0))
    return [*before, *words, *rest]


def _group(name: str, about: str, modules: Mapping[str, str], *, no_args_is_help: bool = True) -> click.Group:
    @click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
    @shared_options
    @click.pass_context
    def group(context: click.Context, config: str) -> None:
        context.ensure_object(dict)["config"] = config

    group.__doc__ = about
    made = click.group(name, cls=LazyGroup, no_args_is_help=no_args_is_help)(group)
    made.modules = modules
    return made


responses = _group(
    "responses",
    """Find and read stored responses.

    Example: llama-storage-tui responses run.yaml list --status failed
    """,
    RESPONSES,
    no_args_is_help=False,
)
conversations = _group(
    "conversations",
    """Find and read stored conversations.

    Example: llama-storage-tui conversations run.yaml list
    """,
    CONVERSATIONS,
)
completions = _group(
    "completions",
    """Find and read stored chat completions.

    A chat completion is what a model was sent and what it answered.

    Example: llama-storage-tui completions run.yaml list --contains "weather"
    """,
    COMPLETIONS,
)
