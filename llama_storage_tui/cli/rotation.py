"""The `rotate` command: plan, apply, look, recover."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import Settings, shared_options
from llama_storage_tui.cli.rotation_document import RotateDocument, RotationPlanBody, SessionBody
from llama_storage_tui.cli.rotation_reports import report_plan, report_result
from llama_storage_tui.errors import RefusedError, UsageError
from llama_storage_tui.files.journal import Journals
from llama_storage_tui.model.rotation import Outcome, Plan, Result
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pending import Pending, look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import recover
from llama_storage_tui.services.rotation.sources import RotationRequest
from llama_storage_tui.services.rotation.steps import words


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of one call."""

    is_dry: bool
    reads_stdin: bool
    shows: bool
    is_confirmed: bool
    only_config: bool


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend", required=False)
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option(
    "--generate", "generates", is_flag=True, help="Let the new password be generated (the default)."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the new password from stdin, one line; needs --yes."
)
@click.option(
    "--config-only",
    is_flag=True,
    help="The server has the new password already: prove it, then write the files. Needs --password-stdin.",
)
@click.option("--show", is_flag=True, help="Print the new password at the end.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where stdin is no terminal.")
@click.option("--status", is_flag=True, help="Tell whether a change of this config is pending.")
@click.option("--recover", "recovers", is_flag=True, help="Finish a pending change.")
@click.option(
    "--undo", is_flag=True, help="With --recover: drop the change where the server does not have it yet."
)
@click.option(
    "--adopt",
    "adopts",
    is_flag=True,
    help="Where neither password of a pending change logs in: write the one from --password-stdin to every site.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="RUN_CONFIG",
    help="A further config in which the same credential may stand; repeatable.",
)
@shared_options
@click.pass_context
def rotate(
    context: click.Context,
    config: str,
    backend: str | None,
    *,
    dry_run: bool,
    generates: bool,
    password_stdin: bool,
    config_only: bool,
    show: bool,
    yes: bool,
    status: bool,
    recovers: bool,
    undo: bool,
    adopts: bool,
    also: tuple[str, ...],
) -> int:
    """Change a backend's password at the server and in every place that holds it, or not at all.

    The server is asked with the configured password, and once with a random one, which it must refuse.

    Example: llama-storage-tui rotate run.yaml sql_default --env-file .env --dry-run
    """
    settings = Settings(context)
    is_odd = (undo and not recovers) or (generates and password_stdin)
    if sum((dry_run, status, recovers, adopts)) > 1 or is_odd:
        raise UsageError("These options exclude each other", help="See: llama-storage-tui rotate --help")
    if (adopts or config_only) and not password_stdin:
        raise UsageError(
            "That needs the password: --password-stdin", help="See: llama-storage-tui rotate --help"
        )
    if status:
        return _status(settings, look(settings.request(config)))
    if recovers:
        _confirm("Finish the pending change?", is_confirmed=yes)
        return _recover(settings, config, undo=undo)
    if adopts:
        _confirm(None, is_confirmed=yes)
        return _recover(settings, config, undo=False, password=_read_password())
    if backend is None:
        raise UsageError("Which backend? Name one of the config's", help="llama-storage-tui show RUN_CONFIG")
    choices = Choices(dry_run, password_stdin, show, yes, config_only)
    return _rotate(settings, RotationRequest(settings.request(config), backend, also), choices)


def _rotate(settings: Settings, request: RotationRequest, choices: Choices) -> int:
    pending = look(request.load)
    if pending:
        raise pending.error()
    new: Secret | None = None
    if choices.only_config or not choices.is_dry:
        if choices.reads_stdin and not (choices.is_confirmed or choices.is_dry):
            raise RefusedError("--password-stdin leaves no stdin to ask on", help="Add --yes.")
        _confirm(None, is_confirmed=choices.is_confirmed or choices.is_dry)
        new = _read_password() if choices.reads_stdin else generate()
    proof = new if choices.only_config else None
    prepared = asyncio.run(prepare(request, settings.timeouts, proof=proof))
    plan = prepared.plan
    for notice in plan.notices:
        output.say(f"Notice: {notice}")
    if not settings.is_json:
        report_plan(plan)
    if plan.refusal is not None or choices.is_dry or new is None:
        outcome = Outcome.NONE if plan.refusal is None else Outcome.REFUSED
        if settings.is_json:
            _write(plan, Result(outcome, ""), None)
        return ExitCode.DONE if plan.refusal is None else ExitCode.REFUSED
    _confirm(f"Change the password of {plan.credential.role}?", is_confirmed=choices.is_confirmed)
    result = asyncio.run(apply(prepared, settings.timeouts, new=new, notify=_tell))
    shown = new.reveal() if choices.shows else None
    if settings.is_json:
        _write(plan, result, shown)
    else:
        report_result(result, shown)
    return ExitCode.DONE


def _read_password() -> Secret:
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def _recover(settings: Settings, config: str, *, undo: bool, password: Secret | None = None) -> int:
    request = settings.request(config)
    pending = look(request)
    result = Result(Outcome.NONE, "")
    if not pending:
        output.say("No password change of this config is pending.")
    elif not pending.journals:
        raise pending.error()
    journals, environ, timeouts = Journals(request.environ), request.environ, settings.timeouts
    for journal in pending.journals:
        if password is None:
            ended = recover(journal, journals, timeouts, environ=environ, undo=undo, notify=_tell)
        else:
            ended = adopt(journal, journals, password, timeouts, environ=environ, notify=_tell)
        result = asyncio.run(ended)
        if not settings.is_json:
            report_result(result, None)
    if settings.is_json:
        _write(None, result, None)
    return ExitCode.DONE


def _status(settings: Settings, pending: Pending) -> int:
    for sentence in pending.sentences():
        output.say(sentence)
    journal = (
        pending.journals[0].id if pending.journals else pending.markers[0].journal if pending.markers else ""
    )
    if settings.is_json:
        _write(None, Result(Outcome.PENDING if pending else Outcome.NONE, journal), None, pending.command)
    elif not pending:
        output.write_text("No password change of this config is pending.")
    return ExitCode.PENDING if pending else ExitCode.DONE


def _confirm(question: str | None, *, is_confirmed: bool) -> None:
    """Ask on the terminal; without a question only make sure that one can be asked."""
    if is_confirmed:
        return
    if not sys.stdin.isatty():
        raise RefusedError("stdin is no terminal to ask on; nothing was touched", help="Add --yes.")
    if question is not None and not click.confirm(question, err=True):
        raise RefusedError("Not confirmed; nothing was touched")


def _tell(step: str) -> None:
    """Show a step where a person watches."""
    if sys.stderr.isatty():
        output.say(f"  {words(step)}")


def _write(plan: Plan | None, result: Result, password: str | None, next_: str | None = None) -> None:
    output.write_document(
        RotateDocument(
            plan=None if plan is None else RotationPlanBody.of(plan),
            outcome=result.outcome.value,
            journal=result.journal or None,
            next=next_,
            restart=[SessionBody.of(session) for session in result.restart],
            notices=list(result.notices),
            password=password,
        )
    )
