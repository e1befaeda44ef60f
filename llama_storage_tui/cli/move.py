"""The `move` command: plan and apply, finish or take back what was begun."""

from __future__ import annotations

import sys
from typing import Final

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.confirming import confirm
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.move_document import MoveAnswer, MoveDocument
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.transferring import end, tell, watching
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.errors import PendingError, RefusedError, UsageError
from llama_storage_tui.model.move import MoveChange, MovePlan
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer_result import TransferResult
from llama_storage_tui.reports.move import move_plan_blocks, move_question, move_result_blocks
from llama_storage_tui.reports.transfer import refusal_block
from llama_storage_tui.services.move.entry import TYPES
from llama_storage_tui.services.move.secrets import AskedSecret, with_secret
from llama_storage_tui.services.move.service import BackendMove

_ENGINES: Final = ", ".join(dict.fromkeys(each.partition("_")[2] for each in TYPES))


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", required=False)
@click.option(
    "--to",
    "type_",
    metavar="TYPE",
    help=f"The target engine: {_ENGINES}. A kv backend stays kv, and a sql backend stays sql.",
)
@click.option(
    "--set",
    "fields",
    metavar="FIELD=VALUE",
    multiple=True,
    help="A field of the new entry; VALUE may be ${env.NAME:=DEFAULT}. A secret can only be ${env.NAME}; on a terminal the password"
    " is asked for where none is given. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where stdin is not a terminal.")
@click.option(
    "--accept-open",
    is_flag=True,
    help="Finish the move although other processes have a store open: only where none of them is a server of this config.",
)
@click.option("--resume", "resumes", is_flag=True, help="Finish an interrupted move.")
@click.option(
    "--undo",
    is_flag=True,
    help="Undo the last move: restore the config, and remove what was written to the target.",
)
@shared_options
@click.pass_context
def move(
    context: click.Context,
    /,
    config: str,
    *,
    backend: str | None,
    type_: str | None,
    fields: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    accept_open: bool,
    resumes: bool,
    undo: bool,
) -> int:
    """Move a backend to another engine or place.

    Its data is copied and verified, and then its one entry of the config is changed.

    The source is never written. A first pass may run beside the servers; they have to be stopped before the last one.

    Example: llama-storage-tui move config.yaml sql_default --to postgres --set host=db --set 'password=${env.PGPASSWORD}' --dry-run
    """
    settings = Settings(context)
    moving = BackendMove(settings.request(config), settings.timeouts)
    if sum((dry_run, resumes, undo)) > 1:
        raise UsageError("These options exclude each other", help="See: llama-storage-tui move --help")
    if resumes or undo:
        if backend or type_ or fields:
            raise UsageError(
                "A move is finished or undone with the options it began with",
                help="Leave the backend, --to and --set out.",
            )
        confirm("Undo the move?" if undo else "Finish the pending move?", is_confirmed=yes)
        return _report(
            settings, None, _ended(moving, is_undone=undo, accepts_open=accept_open, is_asking=not yes)
        )
    if backend is None or type_ is None:
        raise UsageError("What moves, and to what?", help="Use: move RUN_CONFIG BACKEND --to TYPE")
    change = MoveChange(backend, type_, _fields(fields))
    if not dry_run:
        confirm(None, is_confirmed=yes)
    moving, change = _with_secret(moving, change)
    # As of migrate-data: who is asked reads exact numbers first.
    plan = wait_for(moving.plan(change, is_thorough=dry_run or not yes, watch=watching()))
    refusal = refusal_block(plan.transfer)
    if not settings.is_json:
        write_blocks([*move_plan_blocks(plan), *([refusal] if refusal else [])])
    if refusal is not None or dry_run:
        if settings.is_json:
            outcome = Outcome.NONE if refusal is None else Outcome.REFUSED
            _write(plan, TransferResult(outcome))
        return ExitCode.DONE if refusal is None else ExitCode.REFUSED
    confirm(move_question(plan), is_confirmed=yes)
    try:
        result = wait_for(moving.apply(plan, change, watching(), tell, accepts_open=accept_open))
    except PendingError as error:
        result = _after(error, moving, accepts_open=accept_open, is_asking=not yes)
    return _report(settings, plan, result)


def _ended(moving: BackendMove, *, is_undone: bool, accepts_open: bool, is_asking: bool) -> TransferResult:
    """Finish or take back what was begun, with the password that was typed then typed again."""
    missing = moving.unset_secrets()
    if missing and not can_ask():
        raise RefusedError(
            f"A password was typed when the move began, and {missing[0].variable} is not set now",
            help="Set that variable, or do this on a terminal.",
        )
    moving = moving.knowing({each.variable: typed(each) for each in missing})
    if is_undone:
        return wait_for(moving.undo(watching(), tell, accepts_open=accepts_open))
    return _until_stopped(moving, accepts_open=accepts_open, is_asking=is_asking)


def _with_secret(moving: BackendMove, change: MoveChange) -> tuple[BackendMove, MoveChange]:
    """Have a password typed that the target needs and nobody gave, where somebody can type."""
    asked = moving.needed_secret(change) if can_ask() else None
    value = "" if asked is None else typed(asked)
    if asked is None or not value:
        return moving, change
    output.say(
        f"The config gets {asked.field}: {asked.expression}. The typed password is kept nowhere: set {asked.variable} for the"
        " servers before you start them."
    )
    return moving.knowing({asked.variable: value}), with_secret(change, asked)


def can_ask() -> bool:
    """Tell whether somebody can type."""
    return sys.stdin is not None and sys.stdin.isatty()


def typed(asked: AskedSecret) -> str:
    """Have a secret typed without showing it; an empty one is none."""
    said = f"{asked.field} of the target (not shown; empty for none)"
    found: str = click.prompt(said, default="", show_default=False, hide_input=True, err=True)
    return found


def _fields(words: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or not name:
            # The word itself may be a secret that was put in the wrong place.
            raise UsageError("--set takes FIELD=VALUE", help="For example: --set db_path=/srv/sql_store.db")
        found[name] = value
    return found


def _until_stopped(moving: BackendMove, *, accepts_open: bool, is_asking: bool) -> TransferResult:
    try:
        return wait_for(moving.resume(watching(), tell, accepts_open=accepts_open))
    except PendingError as error:
        return _after(error, moving, accepts_open=accepts_open, is_asking=is_asking)


def _after(
    error: PendingError, moving: BackendMove, *, accepts_open: bool, is_asking: bool
) -> TransferResult:
    """Ask whether the servers are stopped, and go on; raises the error where nobody can be asked or the answer is no."""
    if not is_asking or not can_ask():
        raise error
    output.say(error.message)
    if not click.confirm("Go on?", err=True):
        raise error
    return _until_stopped(moving, accepts_open=accepts_open, is_asking=True)


def _report(settings: Settings, plan: MovePlan | None, result: TransferResult) -> int:
    return end(settings, result, move_result_blocks(result), lambda: _write(plan, result))


def _write(plan: MovePlan | None, result: TransferResult) -> None:
    output.write_document(MoveDocument.model_validate(MoveAnswer(plan, result)))
