"""`tables` and `rows`: what lies in a SQL backend."""

from __future__ import annotations

from typing import Final

import click

from llama_storage_tui.cli import output, reports, shell_completion
from llama_storage_tui.cli.asking import LIMIT, ask, order_of
from llama_storage_tui.cli.data_documents import RowsDocument, TableBody, TablesDocument, row_body
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.records.following import FOLLOW, write_as_stored
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.data import Filter, RowQuery
from llama_storage_tui.services import browse, export
from llama_storage_tui.services.records.following import RowFollower
from llama_storage_tui.services.records.row_conditions import HELP, parse_condition


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", shell_complete=shell_completion.backends)
@click.option("--fast", is_flag=True, help="Use estimated counts.")
@shared_options
@click.pass_context
def tables(context: click.Context, config: str, backend: str, *, fast: bool) -> int:
    """List the tables of a backend, with columns and counts.

    Example: llama-storage-tui tables run.yaml sql_default --fast
    """
    entries = ask(context, config, lambda session: browse.tables(session, backend, fast=fast))
    if Settings(context).is_json:
        output.write_document(
            TablesDocument(backend=backend, tables=[TableBody.model_validate(entry) for entry in entries])
        )
    else:
        reports.report_tables(entries)
    return ExitCode.DONE


PAGE: Final = 100


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", shell_complete=shell_completion.backends)
@click.argument("table", shell_complete=shell_completion.tables)
@click.option("--columns", metavar="A,B", help="Only these columns, in this order.")
@click.option(
    "--where",
    multiple=True,
    metavar="COL=VALUE",
    help=f"Only rows that meet this condition; repeatable, combined with AND. {HELP}",
)
@click.option("--where-null", multiple=True, metavar="COL", help="Only rows whose COL is NULL; repeatable.")
@click.option(
    "--order-by", metavar="COL[:desc]", help="Order by this column; without it, by the primary key."
)
@click.option("--limit", type=LIMIT, metavar="N", help="Rows of a page (default 100).")
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
@click.option("--all", "everything", is_flag=True, help="Stream every row.")
@FOLLOW
@click.option(
    "--format",
    "format_",
    type=click.Choice([format_.value for format_ in export.ExportFormat]),
    default="jsonl",
    help="With --all.",
)
@shared_options
@click.pass_context
def rows(
    context: click.Context,
    config: str,
    backend: str,
    table: str,
    *,
    columns: str | None,
    where: tuple[str, ...],
    where_null: tuple[str, ...],
    order_by: str | None,
    limit: int | None,
    after: str | None,
    everything: bool,
    follow: bool,
    format_: str,
) -> int:
    """Print rows of a table: a page, or all with --all.

    With --follow each row is written as it is stored.

    Example: llama-storage-tui rows run.yaml sql_default responses --order-by created_at:desc --limit 5
    """
    if everything and (limit is not None or after is not None):
        raise UsageError(
            "--all streams every row and cannot be combined with --limit or --after",
            help="Leave --all out for a page.",
        )
    query = RowQuery(
        table,
        tuple(name.strip() for name in columns.split(",")) if columns else (),
        (*(Filter(name, None) for name in where_null), *map(parse_condition, where)),
        order_of(order_by) if order_by else None,
        limit or PAGE,
        after,
    )
    if follow:
        if everything or limit is not None or order_by is not None:
            raise UsageError(
                "--follow writes rows as they are stored and cannot be combined with --all, --limit or --order-by",
                help="Leave one of them out.",
            )
        write_as_stored(
            context,
            config,
            lambda row: row_body(row.columns, row.cells),
            lambda session: RowFollower(session, backend, query),
        )
        return ExitCode.DONE
    if everything:
        kind = export.ExportFormat(format_)
        ask(
            context,
            config,
            lambda session: export.write_rows(session, backend, query, kind, output.write_raw),
        )
        return ExitCode.DONE
    page = ask(context, config, lambda session: browse.rows(session, backend, query))
    if Settings(context).is_json:
        output.write_document(RowsDocument.model_validate(page))
    else:
        reports.report_rows(page)
        if not page.rows:
            reports.report_nothing(context, "rows")
    return ExitCode.DONE
