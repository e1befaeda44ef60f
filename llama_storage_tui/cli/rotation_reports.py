"""Rotations for people: plans and results as text."""

from __future__ import annotations

from llama_storage_tui.cli import output
from llama_storage_tui.model.rotation import LineChange, Outcome, Patch, Plan, Result, RoleSession

_ENDS = {
    Outcome.APPLIED: "The password was changed at the server and in every place.",
    Outcome.RECOVERED: "The pending change was finished: server and files have the new password.",
    Outcome.UNDONE: "The pending change was undone: server and files have the old password.",
}


def report_plan(plan: Plan) -> None:
    """Print a plan for people."""
    credential = plan.credential
    output.write_text(f"role {credential.role} on server {credential.server}")
    output.write_text(f"  reached as {', '.join(credential.locations)}")
    output.write_text("\nsites")
    for site in plan.sites:
        place = f"{site.file}:{site.line}" if site.file else "the process environment"
        output.write_text(f"  {site.action:8}  {site.path}  {site.via}, {place}")
        if site.note:
            output.write_text(f"            {site.note}")
    output.write_text("\nchecks")
    for check in plan.checks:
        output.write_text(f"  {'✓' if check.is_ok else '✗'} {check.name}: {check.message}")
        if check.help and not check.is_ok:
            output.write_text(f"      {check.help}")
    if plan.changes:
        output.write_text("\nchanges")
    for change in plan.changes:
        _report_change(change)
    _report_patches(plan.patches)
    _report_server(plan)
    if plan.refusal is not None:
        output.say("Refused: nothing was touched.")


def _report_change(change: LineChange) -> None:
    output.write_text(
        f"  {change.file}, line {change.line}\n    - {change.before.strip()}\n    + {change.after.strip()}"
    )


def _report_patches(patches: tuple[Patch, ...]) -> None:
    if patches:
        output.write_text("\nby hand, once the server has changed")
    reason = ""
    for patch in patches:
        if patch.change is not None:
            _report_change(patch.change)
        else:
            output.write_text(f"  {patch.place}")
        if patch.reason != reason:
            output.write_text(f"    {patch.reason}")
        reason = patch.reason
        for way in patch.ways:
            output.write_text(f"    {way}")


def _report_server(plan: Plan) -> None:
    for heading, lines in (("how", plan.strategy), ("rights", plan.privileges)):
        if lines:
            output.write_text(f"\n{heading}")
        for line in lines:
            output.write_text(f"  {line}")
    if plan.strategy:
        in_use = "" if plan.connections is None else " ({} of {} connections are in use)"
        output.write_text(f"\nto restart afterwards{in_use.format(*plan.connections or ())}")
        _report_sessions(plan.restart)
        if not plan.restart:
            output.write_text(
                "  the server shows no session of this role; processes that connect later use the old password"
            )


def _report_sessions(sessions: tuple[RoleSession, ...]) -> None:
    for session in sessions:
        client = session.client or "the same host"
        database = f", database {session.database}" if session.database else ""
        output.write_text(
            f"  backend {session.pid}: {session.application or 'unnamed'} from {client}{database}"
        )


def _report_open(result: Result) -> None:
    if result.waiting:
        output.write_text(
            f"\nThe server has the new password; the change waits for what you write by hand (journal {result.journal})."
        )
    for sentence in result.waiting:
        output.write_text(f"  {sentence}")
    _report_patches(result.patches)
    if result.next:
        output.write_text(f"\nthen: {result.next}")


def report_result(result: Result, password: str | None) -> None:
    """Print how a rotation or a recovery ended; the password only where it was asked for."""
    if result.outcome is Outcome.PENDING:
        _report_open(result)
    if result.outcome in _ENDS:
        doubt = "" if result.is_verified else " That could not be verified."
        output.write_text(f"\n{_ENDS[result.outcome]}{doubt} (journal {result.journal})")
    for notice in result.notices:
        output.say_notice(notice)
    if result.restart:
        output.write_text("\nrestart the processes behind these sessions; their next login would fail")
        _report_sessions(result.restart)
    if password is not None:
        output.write_text(f"\nnew password: {password}")
