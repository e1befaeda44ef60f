"""`check` and `show`: what the config says, without contacting anything unless asked to."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, reports
from llama_storage_tui.cli.asking import FOUND, ask, open_catalog
from llama_storage_tui.cli.documents import CheckDocument, Checked, ErrorDocument, ManyChecks, ShowDocument
from llama_storage_tui.cli.exit_codes import ExitCode, exit_code
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import StorageToolError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.services.inspection import inspect_data, with_data
from llama_storage_tui.services.session import Session


@click.command()
@click.argument("configs", type=RUN_CONFIG, nargs=-1, metavar="[RUN_CONFIG]…")
@click.option(
    "--data", "looks_into_data", is_flag=True, help="Also read the stores and check what they hold."
)
@shared_options
@click.pass_context
def check(context: click.Context, configs: tuple[str, ...], *, looks_into_data: bool) -> int:
    """Check whether a server loads the config and starts, and what it would silently get wrong.

    Example: llama-storage-tui check run.yaml --env-file .env
    """
    names = configs or (FOUND,)
    if len(names) == 1:
        catalog, findings = _checked(context, names[0], looks_into_data=looks_into_data)
        if Settings(context).is_json:
            output.write_document(
                CheckDocument.model_validate(Checked(catalog, (*catalog.findings, *findings)))
            )
        else:
            reports.report_check(catalog, (*catalog.findings, *findings))
        return _check_code(catalog, findings)
    return _check_many(context, names, looks_into_data=looks_into_data)


def _checked(
    context: click.Context, config: str, *, looks_into_data: bool
) -> tuple[Catalog, tuple[Finding, ...]]:
    if not looks_into_data:
        return open_catalog(context, config), ()

    async def question(session: Session) -> tuple[Catalog, tuple[Finding, ...]]:
        found = await inspect_data(session)
        return with_data(session.catalog, found), found

    return ask(context, config, question)


def _check_code(catalog: Catalog, findings: tuple[Finding, ...]) -> ExitCode:
    has_errors = any(finding.severity is Severity.ERROR for finding in (*catalog.findings, *findings))
    return ExitCode.WRONG if has_errors else ExitCode.DONE


def _check_many(context: click.Context, names: tuple[str, ...], *, looks_into_data: bool) -> int:
    documents: list[CheckDocument | ErrorDocument] = []
    codes: list[int] = []
    for name in names:
        try:
            catalog, findings = _checked(context, name, looks_into_data=looks_into_data)
        except StorageToolError as error:
            documents.append(ErrorDocument.model_validate(error))
            codes.append(exit_code(error))
            if not Settings(context).is_json:
                output.say_error(error)
            continue
        documents.append(CheckDocument.model_validate(Checked(catalog, (*catalog.findings, *findings))))
        codes.append(_check_code(catalog, findings))
        if not Settings(context).is_json:
            reports.report_check(catalog, (*catalog.findings, *findings))
    if Settings(context).is_json:
        output.write_document(ManyChecks(configs=documents))
    return max(codes)


@click.command()
@click.argument("config", type=RUN_CONFIG, default=FOUND, metavar="[RUN_CONFIG]")
@shared_options
@click.pass_context
def show(context: click.Context, config: str) -> int:
    """Show each backend with the stores and providers that refer to it.

    Example: llama-storage-tui show run.yaml --json
    """
    catalog = open_catalog(context, config)
    if Settings(context).is_json:
        output.write_document(ShowDocument.model_validate(catalog))
    else:
        reports.report_show(catalog)
    return ExitCode.DONE
