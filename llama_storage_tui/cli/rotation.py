"""The `rotate` command."""

from __future__ import annotations

import asyncio

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import Settings, shared_options
from llama_storage_tui.cli.rotation_document import RotateDocument, RotationPlanBody
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.rotation import Plan
from llama_storage_tui.services.rotation.plan import make_plan
from llama_storage_tui.services.rotation.sources import RotationRequest


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.option("--dry-run", is_flag=True, help="Print the plan and change nothing.")
@click.option(
    "--also",
    multiple=True,
    metavar="RUN_CONFIG",
    help="A further config in which the same credential may stand; repeatable.",
)
@shared_options
@click.pass_context
def rotate(context: click.Context, config: str, backend: str, *, dry_run: bool, also: tuple[str, ...]) -> int:
    """Plan the change of a backend's password: every place that holds it, every check, the exact changes.

    The server is asked with the configured password, and once with a random one, which it must refuse.

    Example: llama-storage-tui rotate run.yaml sql_default --env-file .env --dry-run
    """
    settings = Settings(context)
    if not dry_run:
        raise RefusedError(
            "This version plans a rotation and does not carry it out; nothing was touched",
            help="Add --dry-run to see every place that holds the password and what would change.",
        )
    plan = asyncio.run(make_plan(RotationRequest(settings.request(config), backend, also), settings.timeouts))
    for notice in plan.notices:
        output.say(f"Notice: {notice}")
    if settings.is_json:
        outcome = "none" if plan.refusal is None else "refused"
        output.write_document(
            RotateDocument(plan=RotationPlanBody.of(plan), outcome=outcome, journal=None, next=None)
        )
    else:
        report_plan(plan)
    return ExitCode.DONE if plan.refusal is None else ExitCode.REFUSED


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
        output.write_text(
            f"  {change.file}, line {change.line}\n    - {change.before.strip()}\n    + {change.after.strip()}"
        )
    _report_server(plan)
    if plan.refusal is not None:
        output.say("Refused: nothing was touched.")


def _report_server(plan: Plan) -> None:
    for heading, lines in (("how", plan.strategy), ("rights", plan.privileges)):
        if lines:
            output.write_text(f"\n{heading}")
        for line in lines:
            output.write_text(f"  {line}")
    if plan.connections is not None:
        now, maximum = plan.connections
        output.write_text(f"\nto restart afterwards ({now} of {maximum} connections are in use)")
        for session in plan.restart:
            client = session.client or "the same host"
            output.write_text(
                f"  backend {session.pid}: {session.application or 'unnamed'} from {client}, database {session.database}"
            )
        if not plan.restart:
            output.write_text(
                "  no session of this role is open; processes that connect later use the old password"
            )
