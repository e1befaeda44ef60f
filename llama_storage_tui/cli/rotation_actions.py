"""What `rotate` does: plan and apply, look, recover, confirm, and hand out the new password of a pending change."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterable

from llama_storage_tui.cli import output
from llama_storage_tui.cli.blocks import write_blocks
from llama_storage_tui.cli.confirming import confirm
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.next_steps import help_words, password_command
from llama_storage_tui.cli.rotation_document import Answer, RotateDocument
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.waiting import wait_for
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.errors import NotFoundError, RefusedError, UsageError
from llama_storage_tui.model.rotation import Outcome, Plan, Result, Terms
from llama_storage_tui.reports.pending import notice_help, pending_error
from llama_storage_tui.reports.rotation import plan_blocks, refusal_block, result_blocks, words
from llama_storage_tui.secrets import Secret, show
from llama_storage_tui.services.rotation.password import generate
from llama_storage_tui.services.rotation.pending import Pending, look
from llama_storage_tui.services.rotation.service import RotationService

_HELP = "See: llama-storage-tui rotate --help"


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of one call, by their names."""

    dry_run: bool
    generates: bool
    password_stdin: bool
    config_only: bool
    server_only: bool
    outside: bool
    accept_unchecked: bool
    show: bool
    yes: bool
    status: bool
    recovers: bool
    undo: bool
    adopts: bool
    confirms: bool
    new_password: bool
    also: tuple[str, ...]
    userlist: str | None

    def check(self) -> None:
        """Raise UsageError for options that do not go together."""
        actions = (self.dry_run, self.status, self.recovers, self.adopts, self.confirms, self.new_password)
        is_odd = (
            (self.undo and not self.recovers)
            or (self.generates and self.password_stdin)
            or (self.config_only and self.server_only)
            or (self.userlist is not None and self.server_only)
        )
        if sum(actions) > 1 or is_odd:
            raise UsageError("These options exclude each other", help=_HELP)
        if (self.adopts or self.config_only) and not self.password_stdin:
            raise UsageError("That needs the password: --password-stdin", help=_HELP)

    def terms(self, proof: Secret | None) -> Terms:
        """Return what was chosen beforehand; `proof` is the password that the server has already."""
        return Terms(
            proof,
            is_server_only=self.server_only,
            hands_over=self.outside,
            accepts_unchecked=self.accept_unchecked,
        )


def rotate_backend(settings: Settings, config: str, backend: str, choices: Choices) -> int:
    """Make a plan, show it, ask, and carry it out."""
    changes = _changes(settings, config)
    pending = look(settings.request(config))
    if pending:
        raise pending_error(pending)
    new = _new_password(choices)
    terms = choices.terms(new if choices.config_only else None)
    prepared = wait_for(changes.prepare(backend, terms, also=choices.also, userlist=choices.userlist))
    plan = prepared.plan
    output.say_notices(plan.config_notices)
    for notice in plan.notices:
        output.say_notice(notice)
    if not settings.is_json:
        refusal = refusal_block(plan)  # what stops it comes last, where the eye is
        write_blocks([*plan_blocks(plan, password_command), *([refusal] if refusal else [])])
    if plan.refusal is not None or choices.dry_run or new is None:
        outcome = Outcome.NONE if plan.refusal is None else Outcome.REFUSED
        if settings.is_json:
            _write(plan, Result(outcome, ""), None)
        return ExitCode.DONE if plan.refusal is None else ExitCode.REFUSED
    confirm(_question(plan), is_confirmed=choices.yes)
    result = wait_for(changes.apply(prepared, new, _tell))
    return _report(settings, changes, plan, result, new.reveal() if choices.show else None)


def _new_password(choices: Choices) -> Secret | None:
    """Return the password to set; None for a dry run, which needs none unless it is to be proved."""
    if choices.dry_run and not choices.config_only:
        return None
    if choices.password_stdin and not (choices.yes or choices.dry_run):
        raise RefusedError("--password-stdin leaves no stdin to ask on", help="Add --yes.")
    confirm(None, is_confirmed=choices.yes or choices.dry_run)
    return _read_password() if choices.password_stdin else generate()


def _question(plan: Plan) -> str:
    question = f"Change the password of {plan.credential.role}?"
    if plan.patches:
        return f'{question} What is listed under "by hand" fails from then on until you have written it.'
    return question


def _changes(settings: Settings, config: str) -> RotationService:
    return RotationService(settings.request(config), settings.timeouts, is_apart=False)


def _report(
    settings: Settings, changes: RotationService, plan: Plan | None, result: Result, password: str | None
) -> int:
    if password is not None:
        show(Secret(password))
    if settings.is_json:
        _write(plan, result, password)
    else:
        _print(changes, result, password)
    return ExitCode.PENDING if result.outcome is Outcome.PENDING else ExitCode.DONE


def _read_password() -> Secret:
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def _print(changes: RotationService, result: Result, password: str | None) -> None:
    """Print how a change or a recovery ended; the password only where it was asked for."""
    output.write_line()
    write_blocks(
        result_blocks(result, password_command, audit_log=changes.audit_log, journals=changes.journals)
    )
    for notice in result.notices:
        output.say_notice(notice)
    if password is not None:
        output.write_text(f"\nnew password: {password}")


def finish_change(settings: Settings, config: str, choices: Choices) -> int:
    """Recover, undo or adopt what is pending for a config."""
    changes = _changes(settings, config)
    confirm(None if choices.adopts else "Finish the pending change?", is_confirmed=choices.yes)
    password = _read_password() if choices.adopts else None
    pending = look(settings.request(config))
    endings = (
        changes.recover(journal, _tell, undo=choices.undo, accepts_unchecked=choices.accept_unchecked)
        if password is None
        else changes.adopt(journal, password, _tell)
        for journal in pending.journals
    )
    return _end_all(settings, changes, pending, endings)


def confirm_change(settings: Settings, config: str) -> int:
    """Finish what waited for the operator, where every site yields the new password."""
    changes = _changes(settings, config)
    pending = look(settings.request(config))
    endings = (changes.confirm(journal, (), _tell) for journal in pending.journals)
    return _end_all(settings, changes, pending, endings)


def _end_all(
    settings: Settings,
    changes: RotationService,
    pending: Pending,
    endings: Iterable[Coroutine[None, None, Result]],
) -> int:
    """Bring every pending change of a config to its end, and report each; the document is about the last."""
    code, result = int(ExitCode.DONE), Result(Outcome.NONE, "")
    if not pending:
        output.say("No password change of this config is pending.")
    elif not pending.journals:
        raise pending_error(pending)
    for number, ending in enumerate(endings, 1):
        result = wait_for(ending)
        is_last = number == len(pending.journals)
        if is_last or not settings.is_json:
            code = max(code, _report(settings, changes, None, result, None))
        elif result.outcome is Outcome.PENDING:
            code = ExitCode.PENDING
    if settings.is_json and not pending.journals:
        _write(None, result, None)
    return code


def tell_status(settings: Settings, config: str) -> int:
    """Report whether something is pending, and what is left to do by hand."""
    changes = _changes(settings, config)
    pending = look(settings.request(config))
    for notice in pending.notices():
        output.say(help_words(notice_help(notice)))
    first = pending.journals[0] if pending.journals else None
    journal = first.id if first else pending.markers[0].journal if pending.markers else ""
    patches = first.patches if first else ()
    outcome = Outcome.PENDING if pending else Outcome.NONE
    result = Result(outcome, journal, patches=patches, next=pending.next_step)
    if settings.is_json:
        _write(None, result, None)
    elif pending:
        _print(changes, result, None)
    else:
        output.write_text("No password change of this config is pending.")
    return ExitCode.PENDING if pending else ExitCode.DONE


def print_password(settings: Settings, config: str, backend: str | None) -> int:
    """Print the new password of a pending change, alone; without a newline where it goes into a pipe or a file."""
    pending = look(settings.request(config))
    found = [journal for journal in pending.journals if backend in (None, journal.backend)]
    if not found:
        raise NotFoundError("No password change of yours is pending for this config")
    if len(found) > 1:
        names = ", ".join(journal.backend for journal in found)
        raise UsageError("Several changes are pending", help=f"Name one of the backends: {names}.")
    show(found[0].new)
    password = found[0].new.reveal()
    if settings.is_json:
        _write(None, Result(Outcome.PENDING, found[0].id, next=pending.next_step), password)
    elif output.stdout_is_terminal():
        output.write_text(password)
    else:
        output.write_raw(password)
    return ExitCode.DONE


def _tell(step: str) -> None:
    """Show a step where a person watches."""
    if sys.stderr.isatty():
        output.say(f"  {words(step)}")


def _write(plan: Plan | None, result: Result, password: str | None) -> None:
    patches = result.patches or (plan.patches if plan is not None else ())
    output.write_document(RotateDocument.model_validate(Answer(plan, result, patches, password)))
