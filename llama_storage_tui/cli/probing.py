"""`test`: connect to the backends and describe what answers."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, reports, shell_completion
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.data_documents import ProbeBody, TestDocument
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.services.probe import all_names, probe_all
from llama_storage_tui.services.session import Session


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backends", nargs=-1, metavar="[BACKEND]…", shell_complete=shell_completion.backends)
@click.option("--thorough", is_flag=True, help="Also check the files' integrity and count exactly.")
@shared_options
@click.pass_context
def test(context: click.Context, config: str, backends: tuple[str, ...], *, thorough: bool) -> int:
    """Connect to the backends, all at once, and describe what answers.

    Example: llama-storage-tui test run.yaml sql_default --timeout 2
    """

    async def question(session: Session) -> list[ProbeBody]:
        found = {result.backend: result async for result in probe_all(session, backends, thorough=thorough)}
        order = backends or all_names(session)
        results = [found[name] for name in dict.fromkeys(order)]
        if not Settings(context).is_json:
            reports.report_test(results)
        return [ProbeBody.model_validate(result) for result in results]

    bodies = ask(context, config, question)
    if Settings(context).is_json:
        output.write_document(TestDocument(results=bodies))
    return ExitCode.DONE if all(body.ok for body in bodies) else ExitCode.WRONG
