"""The `rotate` command: its options, and which of its actions a call means."""

from __future__ import annotations

from typing import Any

import click

from llama_storage_tui.cli import shell_completion
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.rotation_actions import (
    Choices,
    confirm_change,
    finish_change,
    print_password,
    rotate_backend,
    tell_status,
)
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import UsageError


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", required=False, shell_complete=shell_completion.backends)
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option("--generate", "generates", is_flag=True, help="Generate the new password (the default).")
@click.option(
    "--password-stdin", is_flag=True, help="Read the new password from stdin, one line; needs --yes."
)
@click.option(
    "--config-only",
    is_flag=True,
    help="The server has the new password already: verify it, then write the files. Needs --password-stdin.",
)
@click.option(
    "--server-only",
    is_flag=True,
    help="Change the server and write no file: you place the new password, and the change stays open until --confirm.",
)
@click.option(
    "--outside",
    is_flag=True,
    help="Continue where a place cannot be written from here: print what to change there; open until --confirm.",
)
@click.option(
    "--accept-unchecked",
    is_flag=True,
    help="Continue where the server lets the role in with any password (trust): nothing can be verified.",
)
@click.option("--show", is_flag=True, help="Print the new password at the end.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where stdin is not a terminal.")
@click.option("--status", is_flag=True, help="Tell whether a change of this config is pending.")
@click.option("--recover", "recovers", is_flag=True, help="Finish a pending change.")
@click.option(
    "--undo", is_flag=True, help="With --recover: drop the change where the server does not have it yet."
)
@click.option(
    "--adopt",
    "adopts",
    is_flag=True,
    help="Where neither password of a pending change logs in: write the one from --password-stdin to every place.",
)
@click.option(
    "--confirm",
    "confirms",
    is_flag=True,
    help="You have written the new password: read every place again, log in with what it yields, and finish. Where a"
    " variable of the process environment carries it, set that here first, or name its file with --env-file.",
)
@click.option(
    "--new-password",
    is_flag=True,
    help="Print the new password of a pending change and nothing else, for a pipe (without a newline) or a file.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="RUN_CONFIG",
    help="Another config that may hold the same password; repeatable.",
)
@click.option(
    "--userlist",
    metavar="FILE",
    type=click.Path(),
    help="PgBouncer's auth_file: its entry of the role gets the new password, in the form that it has (plain text, md5"
    " hash, or the server's SCRAM verifier).",
)
@shared_options
@click.pass_context
def rotate(
    context: click.Context,
    /,
    config: str,
    backend: str | None,
    **options: Any,  # noqa: ANN401 - click's values, named in Choices
) -> int:
    """Change a backend's password everywhere, or not at all.

    Everywhere is at the server and in every place that holds it.

    PostgreSQL and MongoDB; the latter needs the optional driver: pip install 'llama-storage-tui[mongo]'.

    Beforehand the program logs in with the configured password, and tries a random one, which the server must refuse.

    Example: llama-storage-tui rotate run.yaml sql_default --env-file .env --dry-run
    """
    settings, choices = Settings(context), Choices(**options)
    choices.check()
    if choices.status:
        return tell_status(settings, config)
    if choices.new_password:
        return print_password(settings, config, backend)
    if choices.confirms:
        return confirm_change(settings, config)
    if choices.recovers or choices.adopts:
        return finish_change(settings, config, choices)
    if backend is None:
        raise UsageError("Which backend? Name one of the config's", help="llama-storage-tui show RUN_CONFIG")
    return rotate_backend(settings, config, backend, choices)
