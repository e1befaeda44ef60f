"""The `migrate-data` command: plan and apply, finish or take back what was begun."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import STDIN
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.confirming import confirm
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.transfer_document import MigrateDataDocument, TransferAnswer
from llama_storage_tui.cli.transferring import end, tell, watching
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.errors import BackendError, RefusedError, UsageError
from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.model.transfer import OnConflict, PlanChoices
from llama_storage_tui.model.transfer_result import (
    TransferPlan,
    TransferResult,
    TransferTerms,
)
from llama_storage_tui.reports.transfer import bring_question, plan_blocks, refusal_block, result_blocks
from llama_storage_tui.services.transfer.service import DataMigration


@click.command("migrate-data")
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.option(
    "--from",
    "old",
    metavar="OLD_CONFIG",
    type=RUN_CONFIG,
    help="The config that wrote the data, where that is another file.",
)
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where stdin is not a terminal.")
@click.option(
    "--remove-source",
    is_flag=True,
    help="Then remove from the source every row that was verified in the target.",
)
@click.option(
    "--on-conflict",
    type=click.Choice([each.value for each in OnConflict]),
    help="Where the target has another row in its place: stop before anything is changed (the default), keep the target's, or"
    " replace it.",
)
@click.option(
    "--accept-open",
    is_flag=True,
    help="Continue while other processes have a store open: what they write meanwhile may be missed.",
)
@click.option(
    "--public-rows", is_flag=True, help="Rows without an owner were public: make them readable to everybody."
)
@click.option("--tenant", metavar="NAME", help="The tenant of rows that have none.")
@click.option("--resume", "resumes", is_flag=True, help="Finish an interrupted transfer.")
@click.option("--undo", is_flag=True, help="Undo the last transfer: remove what it wrote, and nothing else.")
@shared_options
@click.pass_context
def migrate_data(
    context: click.Context,
    /,
    config: str,
    *,
    old: str | None,
    dry_run: bool,
    yes: bool,
    remove_source: bool,
    on_conflict: str | None,
    accept_open: bool,
    public_rows: bool,
    tenant: str | None,
    resumes: bool,
    undo: bool,
) -> int:
    """Migrate data to where the config's version reads it.

    That is data which this version does not reach, or cannot read in its stored form.

    Every row is read back before it counts as written. What moves is copied, and its source stays unless --remove-source
    says so; rows that are in the right place in an old form are changed there.

    Example: llama-storage-tui migrate-data config.yaml --from run.yaml --dry-run
    """
    settings = Settings(context)
    if config == STDIN and not dry_run:
        raise UsageError(
            "The config comes from stdin: an unfinished transfer could not be found again",
            help="Save it to a file, or add --dry-run.",
        )
    choices = PlanChoices(public_rows=public_rows, tenant=tenant)
    migration = DataMigration(settings.request(config), settings.timeouts, old=old, choices=choices)
    terms = TransferTerms(
        OnConflict(on_conflict or OnConflict.STOP), removes_source=remove_source, accepts_open=accept_open
    )
    if sum((dry_run, resumes, undo)) > 1 or (undo and on_conflict):
        raise UsageError(
            "These options exclude each other", help="See: llama-storage-tui migrate-data --help"
        )
    if (resumes or undo) and (old or remove_source or public_rows or tenant):
        raise UsageError(
            "A transfer is finished or undone with the options it began with",
            help="Leave --from, --remove-source, --public-rows and --tenant out.",
        )
    if undo:
        confirm("Remove what was transferred?", is_confirmed=yes)
        return _report(settings, None, wait_for(migration.undo(watching(), tell, accepts_open=accept_open)))
    if resumes:
        confirm("Finish the pending transfer?", is_confirmed=yes)
        chosen = None if on_conflict is None else terms.on_conflict
        return _report(
            settings,
            None,
            wait_for(migration.resume(watching(), tell, on_conflict=chosen, accepts_open=accept_open)),
        )
    return _migrate(settings, migration, terms, is_dry=dry_run, is_confirmed=yes)


def _migrate(
    settings: Settings, migration: DataMigration, terms: TransferTerms, *, is_dry: bool, is_confirmed: bool
) -> int:
    if not is_dry:
        confirm(None, is_confirmed=is_confirmed)
    # Who is asked reads exact numbers first; a script that does not ask gets them from the outcome.
    try:
        is_thorough = is_dry or not is_confirmed
        plan = wait_for(migration.plan(terms, is_thorough=is_thorough, watch=watching()))
    except BackendError as error:
        raise RefusedError(error.message, where=error.where, help=error.help) from None
    for notice in plan.notices:
        output.say_notice(notice)
    refusal = refusal_block(plan)
    if not settings.is_json:
        write_blocks([*plan_blocks(plan), *([refusal] if refusal else [])])
    if refusal is not None or is_dry or not plan.items:
        outcome = Outcome.NONE if refusal is None else Outcome.REFUSED
        if settings.is_json:
            _write(plan, TransferResult(outcome))
        if refusal is not None:
            return ExitCode.REFUSED
        return ExitCode.WRONG if plan.is_partial else ExitCode.DONE
    confirm(bring_question(plan), is_confirmed=is_confirmed)
    return _report(settings, plan, wait_for(migration.apply(plan, terms, watching(), tell)))


def _report(settings: Settings, plan: TransferPlan | None, result: TransferResult) -> int:
    code = end(settings, result, result_blocks(result), lambda: _write(plan, result))
    return ExitCode.WRONG if plan is not None and plan.unseen else code


def _write(plan: TransferPlan | None, result: TransferResult) -> None:
    output.write_document(MigrateDataDocument.model_validate(TransferAnswer(plan, result)))
