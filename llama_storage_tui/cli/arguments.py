"""Arguments that several commands take."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import CompletionItem

LIMIT: Final = click.IntRange(1, 10_000)


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
