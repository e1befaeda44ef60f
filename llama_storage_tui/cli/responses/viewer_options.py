"""The options that name a user, for commands that tell what somebody may read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from llama_storage_tui.cli.options import with_options
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.access import Viewer
from llama_storage_tui.services.access import parse_viewer

Function = TypeVar("Function", bound=Callable[..., Any])


def viewer_options(*names: str, help_: str) -> Callable[[Function], Function]:
    """Give a command the option of these names for the user, with `--attributes` and `--tenant`."""
    return with_options(
        click.option(*names, "user", metavar="USER", help=help_),
        click.option(
            "--attributes",
            metavar="JSON",
            help='The user\'s attributes: {"roles": ["admin"], "teams": ["ml"]}.',
        ),
        click.option("--tenant", metavar="T", help="The user's tenant (ogx 1.2 and later)."),
    )


def viewer_of(user: str | None, attributes: str | None, tenant: str | None, *, option: str) -> Viewer | None:
    """Return the user that the options name, None where they name none; raises UsageError."""
    if user is None:
        if attributes is not None or tenant is not None:
            raise UsageError(f"--attributes and --tenant say whose they are with {option} USER")
        return None
    return parse_viewer(user, attributes, tenant)
