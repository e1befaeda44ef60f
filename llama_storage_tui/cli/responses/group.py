"""`responses RUN_CONFIG …` and `conversations RUN_CONFIG …`: a config, then what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from llama_storage_tui.cli.options import RUN_CONFIG, shared_options

RESPONSES: Final = {"list": "listing"}
"""Each subcommand of `responses` with its module in this package, where it is called `responses_NAME`."""


class LazyGroup(click.Group):
    """A group whose subcommands are imported when they are called."""

    modules: Mapping[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of their use."""
        return [*self.modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a subcommand."""
        if cmd_name not in self.modules:
            return None
        module = import_module(f"llama_storage_tui.cli.responses.{self.modules[cmd_name]}")
        command = getattr(module, f"{self.name}_{cmd_name}")
        return command if isinstance(command, click.Command) else None


class ResponsesGroup(LazyGroup):
    """The subcommands of `responses`."""

    modules = RESPONSES


@click.group(cls=ResponsesGroup)
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@shared_options
@click.pass_context
def responses(context: click.Context, config: str) -> None:
    """Find and read stored responses.

    Example: llama-storage-tui responses run.yaml list --status failed
    """
    context.ensure_object(dict)["config"] = config
