"""`check` and `show`: what the config says, without contacting anything unless asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import FOUND, ask, open_catalog
from llama_storage_tui.cli.check_json import check_json, show_json
from llama_storage_tui.cli.exit_codes import ExitCode, exit_code
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.deferred import replace
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Severity
from llama_storage_tui.services.bundle import is_bundle
from llama_storage_tui.services.requests import names_several

if TYPE_CHECKING:
    from llama_storage_tui.services.session import Session


@click.command()
@click.argument("configs", type=RUN_CONFIG, nargs=-1, metavar="[RUN_CONFIG]…")
@click.option(
    "--data", "looks_into_data", is_flag=True, help="Also read the stores and check what they hold."
)
@shared_options
@click.pass_context
def check(context: click.Context, configs: tuple[str, ...], *, looks_into_data: bool) -> int:
    """Check whether a server loads the config and starts.

    Findings also tell what it would silently get wrong.

    Several configs, a folder, a pattern or a bundle of manifests are also compared with each other, as `fleet` does. With
    --json they give {"configs": [one document each], "findings": [what is found between them]}.

    Example: llama-storage-tui check run.yaml --env-file .env
    """
    names = configs or (FOUND,)
    if len(names) > 1 or names_several(names[0]) or is_bundle(Settings(context).request(names[0])):
        return _check_many(context, names, looks_into_data=looks_into_data)
    name = names[0]
    catalog = ask(context, name, _looked_into) if looks_into_data else open_catalog(context, name)
    if Settings(context).is_json:
        output.write_json(check_json(catalog))
    else:
        # Imported where it is called: JSON needs no words for people.
        from llama_storage_tui.cli.reports import report_check

        report_check(catalog, catalog.findings)
    return check_code(catalog)


async def _looked_into(session: Session) -> Catalog:
    # Imported here: the config alone is checked without a driver.
    from llama_storage_tui.services.inspection import inspect_data, with_data

    found = await inspect_data(session)
    catalog = with_data(session.catalog, found)
    return replace(catalog, findings=(*catalog.findings, *found))


def check_code(catalog: Catalog) -> ExitCode:
    """Return the exit code that the findings of a config give."""
    has_errors = any(finding.severity is Severity.ERROR for finding in catalog.findings)
    return ExitCode.WRONG if has_errors else ExitCode.DONE


def _check_many(context: click.Context, names: tuple[str, ...], *, looks_into_data: bool) -> int:
    # Imported here: a check of one config must not pay for several.
    from llama_storage_tui.cli.documents import (
        CheckDocument,
        ErrorDocument,
        FleetFindingBody,
        ManyChecks,
    )
    from llama_storage_tui.cli.fleet_reading import read_fleet, report_findings
    from llama_storage_tui.cli.reports import report_check
    from llama_storage_tui.services.fleet.judging import judge_fleet

    is_json = Settings(context).is_json
    documents: list[CheckDocument | ErrorDocument] = []
    codes: list[int] = []
    members = []
    for member in read_fleet(context, names):
        members.append(member)
        catalog = member.catalog
        if catalog is not None and looks_into_data:
            catalog = _with_data(context, catalog)
        if catalog is None:
            assert member.error is not None, "a config has a catalog, or an error"  # noqa: S101 - for the reader
            documents.append(ErrorDocument.model_validate(member.error))
            codes.append(exit_code(member.error))
        else:
            documents.append(CheckDocument.model_validate(catalog))
            codes.append(check_code(catalog))
        if catalog is not None and not is_json:
            report_check(catalog, catalog.findings)
    between = judge_fleet(members).findings
    if is_json:
        findings = [FleetFindingBody.model_validate(found) for found in between]
        output.write_document(ManyChecks(configs=documents, findings=findings))
    else:
        report_findings(between)
    return max(codes)


def _with_data(context: click.Context, catalog: Catalog) -> Catalog:
    from llama_storage_tui.cli.waiting import wait_for
    from llama_storage_tui.services.session import Session

    async def answer() -> Catalog:
        async with Session(catalog, Settings(context).timeouts) as session:
            return await _looked_into(session)

    return wait_for(answer())


@click.command()
@click.argument("config", type=RUN_CONFIG, default=FOUND, metavar="[RUN_CONFIG]")
@shared_options
@click.pass_context
def show(context: click.Context, config: str) -> int:
    """Show the backends, and what refers to each.

    Example: llama-storage-tui show run.yaml --json
    """
    catalog = open_catalog(context, config)
    if Settings(context).is_json:
        output.write_json(show_json(catalog))
    else:
        from llama_storage_tui.cli.reports import report_show

        report_show(catalog)
    return ExitCode.DONE
