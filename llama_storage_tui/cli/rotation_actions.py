"""What `rotate` does: plan and apply, look, recover, confirm, and hand out the new password of a pending change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.rotation_choices import Choices
from llama_storage_tui.cli.rotation_document import PatchBody, RotateDocument, RotationPlanBody, SessionBody
from llama_storage_tui.cli.rotation_reports import report_plan, report_result
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.errors import NotFoundError, RefusedError, UsageError
from llama_storage_tui.files.journal import Journal, Journals
from llama_storage_tui.model.rotation import Outcome, Plan, Result
from llama_storage_tui.secrets import Secret
from llama_storage_tui.services.rotation.adopt import adopt
from llama_storage_tui.services.rotation.apply import apply
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pending import look
from llama_storage_tui.services.rotation.plan import prepare
from llama_storage_tui.services.rotation.recover import confirm, recover
from llama_storage_tui.services.rotation.sources import RotationRequest
from llama_storage_tui.services.rotation.steps import words

Ending = Callable[[Journal, Journals], Coroutine[None, None, Result]]


def rotate_backend(settings: Settings, config: str, backend: str, choices: Choices) -> int:
    """Make a plan, show it, ask, and carry it out."""
    request = RotationRequest(settings.request(config), backend, choices.also, choices.userlist)
    pending = look(request.load)
    if pending:
        raise pending.error()
    new = _new_password(choices)
    terms = choices.terms(new if choices.config_only else None)
    prepared = wait_for(prepare(request, settings.timeouts, terms))
    plan = prepared.plan
    for notice in plan.notices:
        output.say_notice(notice)
    if not settings.is_json:
        report_plan(plan)
    if plan.refusal is not None or choices.dry_run or new is None:
        outcome = Outcome.NONE if plan.refusal is None else Outcome.REFUSED
        if settings.is_json:
            _write(plan, Result(outcome, ""), None)
        return ExitCode.DONE if plan.refusal is None else ExitCode.REFUSED
    _confirm(_question(plan), is_confirmed=choices.yes)
    result = wait_for(apply(prepared, settings.timeouts, new=new, notify=_tell))
    return _report(settings, plan, result, new.reveal() if choices.show else None)


def _new_password(choices: Choices) -> Secret | None:
    """Return the password to set; None for a dry run, which needs none unless it is to be proved."""
    if choices.dry_run and not choices.config_only:
        return None
    if choices.password_stdin and not (choices.yes or choices.dry_run):
        raise RefusedError("--password-stdin leaves no stdin to ask on", help="Add --yes.")
    _confirm(None, is_confirmed=choices.yes or choices.dry_run)
    return _read_password() if choices.password_stdin else generate()


def _question(plan: Plan) -> str:
    question = f"Change the password of {plan.credential.role}?"
    if plan.patches:
        return f'{question} What is listed under "by hand" fails from then on until you have written it.'
    return question


def _report(settings: Settings, plan: Plan | None, result: Result, password: str | None) -> int:
    if settings.is_json:
        _write(plan, result, password)
    else:
        report_result(result, password)
    return ExitCode.PENDING if result.outcome is Outcome.PENDING else ExitCode.DONE


def _read_password() -> Secret:
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def finish_change(settings: Settings, config: str, choices: Choices) -> int:
    """Recover, undo or adopt what is pending for a config."""
    environ, timeouts = settings.request(config).environ, settings.timeouts
    _confirm(None if choices.adopts else "Finish the pending change?", is_confirmed=choices.yes)
    password = _read_password() if choices.adopts else None

    def end(journal: Journal, journals: Journals) -> Coroutine[None, None, Result]:
        if password is not None:
            return adopt(journal, journals, password, timeouts, environ=environ, notify=_tell)
        return recover(
            journal,
            journals,
            timeouts,
            environ=environ,
            undo=choices.undo,
            accepts_unchecked=choices.accept_unchecked,
            notify=_tell,
        )

    return _end_all(settings, config, end)


def confirm_change(settings: Settings, config: str) -> int:
    """Finish what waited for the operator, where every site yields the new password."""
    request = settings.request(config)

    def end(journal: Journal, journals: Journals) -> Coroutine[None, None, Result]:
        return confirm(
            journal,
            journals,
            settings.timeouts,
            environ=request.environ,
            env_files=request.env_files,
            notify=_tell,
        )

    return _end_all(settings, config, end)


def _end_all(settings: Settings, config: str, end: Ending) -> int:
    """Bring every pending change of a config to its end, and report each; the document is about the last."""
    request = settings.request(config)
    pending = look(request)
    journals, code = Journals(request.environ), int(ExitCode.DONE)
    result = Result(Outcome.NONE, "")
    if not pending:
        output.say("No password change of this config is pending.")
    elif not pending.journals:
        raise pending.error()
    for number, journal in enumerate(pending.journals, 1):
        result = wait_for(end(journal, journals))
        is_last = number == len(pending.journals)
        if is_last or not settings.is_json:
            code = max(code, _report(settings, None, result, None))
        elif result.outcome is Outcome.PENDING:
            code = ExitCode.PENDING
    if settings.is_json and not pending.journals:
        _write(None, result, None)
    return code


def tell_status(settings: Settings, config: str) -> int:
    """Tell whether something is pending, and what is left to do by hand."""
    pending = look(settings.request(config))
    for sentence in pending.sentences():
        output.say(sentence)
    first = pending.journals[0] if pending.journals else None
    journal = first.id if first else pending.markers[0].journal if pending.markers else ""
    patches = first.patches if first else ()
    outcome = Outcome.PENDING if pending else Outcome.NONE
    result = Result(outcome, journal, patches=patches, next=pending.command)
    if settings.is_json:
        _write(None, result, None)
    elif pending:
        report_result(result, None)
    else:
        output.write_text("No password change of this config is pending.")
    return ExitCode.PENDING if pending else ExitCode.DONE


def print_password(settings: Settings, config: str, backend: str | None) -> int:
    """Print the new password of a pending change, alone; without a newline where it goes into a pipe or a file."""
    pending = look(settings.request(config))
    found = [
        journal for journal in pending.journals if backend is None or journal.request["backend"] == backend
    ]
    if not found:
        raise NotFoundError("No password change of yours is pending for this config")
    if len(found) > 1:
        names = ", ".join(str(journal.request["backend"]) for journal in found)
        raise UsageError("Several changes are pending", help=f"Name one of the backends: {names}.")
    password = found[0].new.reveal()
    if settings.is_json:
        _write(None, Result(Outcome.PENDING, found[0].id, next=pending.command), password)
    elif output.stdout_is_terminal():
        output.write_text(password)
    else:
        output.write_raw(password)
    return ExitCode.DONE


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


def _write(plan: Plan | None, result: Result, password: str | None) -> None:
    patches = result.patches or (plan.patches if plan is not None else ())
    output.write_document(
        RotateDocument(
            plan=None if plan is None else RotationPlanBody.of(plan),
            outcome=result.outcome.value,
            journal=result.journal or None,
            next=result.next,
            restart=[SessionBody.model_validate(session) for session in result.restart],
            notices=list(result.notices),
            by_hand=[PatchBody.model_validate(patch) for patch in patches],
            waiting=list(result.waiting),
            verified=result.is_verified,
            password=password,
        )
    )
