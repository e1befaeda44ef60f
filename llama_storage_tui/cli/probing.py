"""`test`: connect to the backends and describe what answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.services.probe import ProbeResult, all_names, probe_all

if TYPE_CHECKING:
    from llama_storage_tui.services.session import Session


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backends", nargs=-1, metavar="[BACKEND]…", shell_complete=shell_completion.backends)
@click.option("--thorough", is_flag=True, help="Also check the files' integrity and count exactly.")
@shared_options
@click.pass_context
def test(context: click.Context, config: str, backends: tuple[str, ...], *, thorough: bool) -> int:
    """Connect to the backends, and describe what answers.

    All are asked at once.

    Example: llama-storage-tui test run.yaml sql_default --timeout 2
    """

    async def question(session: Session) -> list[ProbeResult]:
        found = {result.backend: result async for result in probe_all(session, backends, thorough=thorough)}
        order = backends or all_names(session)
        return [found[name] for name in dict.fromkeys(order)]

    results = ask(context, config, question)
    # Imported here: the servers were asked before there is anything to say.
    if Settings(context).is_json:
        from llama_storage_tui.cli.data_json import test_json

        output.write_json(test_json(results))
    else:
        from llama_storage_tui.cli.reports import report_test

        report_test(results)
    return ExitCode.DONE if all(result.is_ok for result in results) else ExitCode.WRONG
