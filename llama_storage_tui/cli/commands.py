"""The commands that read. Each loads the config, calls one service, and prints its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from llama_storage_tui.cli import output, reports
from llama_storage_tui.cli.documents import (
    DOCUMENTS,
    CheckDocument,
    ErrorDocument,
    GetDocument,
    KeyBody,
    KeysDocument,
    ManyChecks,
    NamespacesDocument,
    ProbeBody,
    RowsDocument,
    ShowDocument,
    TableBody,
    TablesDocument,
    TestDocument,
)
from llama_storage_tui.cli.exit_codes import ExitCode, exit_code
from llama_storage_tui.cli.options import Settings, shared_options
from llama_storage_tui.errors import StorageToolError, UsageError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Filter, KeyPage, Order, RowQuery, StoredValue
from llama_storage_tui.model.finding import Finding, Severity
from llama_storage_tui.services import browse, export
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.inspection import inspect_data
from llama_storage_tui.services.probe import probe_all
from llama_storage_tui.services.session import Session

Answer = TypeVar("Answer")

FOUND = "@"
LIMIT = click.IntRange(1, 10_000)


def open_catalog(context: click.Context, config: str) -> Catalog:
    """Load a config and say its notices."""
    catalog = load(Settings(context).request(config))
    for notice in catalog.notices:
        output.say(f"Notice: {notice}")
    return catalog


def ask(context: click.Context, config: str, question: Callable[[Session], Awaitable[Answer]]) -> Answer:
    """Load a config, open a session, ask one question, close the session."""
    catalog = open_catalog(context, config)
    timeouts = Settings(context).timeouts

    async def answer() -> Answer:
        async with Session(catalog, timeouts) as session:
            return await question(session)

    return asyncio.run(answer())


@click.command()
@click.argument("configs", nargs=-1, metavar="[RUN_CONFIG]…")
@click.option("--data", "looks_into_data", is_flag=True, help="Also look into the stores.")
@shared_options
@click.pass_context
def check(context: click.Context, configs: tuple[str, ...], *, looks_into_data: bool) -> int:
    """Say what a server would say to the config, and what it would get wrong silently.

    Example: llama-storage-tui check run.yaml --env-file .env
    """
    names = configs or (FOUND,)
    if len(names) == 1:
        catalog, findings = _checked(context, names[0], looks_into_data=looks_into_data)
        if Settings(context).is_json:
            output.write_document(CheckDocument.of(catalog, findings))
        else:
            reports.report_check(catalog, (*catalog.findings, *findings))
        return _check_code(catalog)
    return _check_many(context, names, looks_into_data=looks_into_data)


def _checked(
    context: click.Context, config: str, *, looks_into_data: bool
) -> tuple[Catalog, tuple[Finding, ...]]:
    if not looks_into_data:
        return open_catalog(context, config), ()

    async def question(session: Session) -> tuple[Catalog, tuple[Finding, ...]]:
        return session.catalog, await inspect_data(session)

    return ask(context, config, question)


def _check_code(catalog: Catalog) -> ExitCode:
    has_errors = any(finding.severity is Severity.ERROR for finding in catalog.findings)
    return ExitCode.WRONG if has_errors else ExitCode.DONE


def _check_many(context: click.Context, names: tuple[str, ...], *, looks_into_data: bool) -> int:
    documents: list[CheckDocument | ErrorDocument] = []
    codes: list[int] = []
    for name in names:
        try:
            catalog, findings = _checked(context, name, looks_into_data=looks_into_data)
        except StorageToolError as error:
            documents.append(ErrorDocument.of(error))
            codes.append(exit_code(error))
            if not Settings(context).is_json:
                output.say_error(error)
            continue
        documents.append(CheckDocument.of(catalog, findings))
        codes.append(_check_code(catalog))
        if not Settings(context).is_json:
            reports.report_check(catalog, (*catalog.findings, *findings))
    if Settings(context).is_json:
        output.write_document(ManyChecks(configs=documents))
    return max(codes)


@click.command()
@click.argument("config", default=FOUND, metavar="[RUN_CONFIG]")
@shared_options
@click.pass_context
def show(context: click.Context, config: str) -> int:
    """Show each backend with the stores and providers that refer to it.

    Example: llama-storage-tui show run.yaml --json
    """
    catalog = open_catalog(context, config)
    if Settings(context).is_json:
        output.write_document(ShowDocument.of(catalog))
    else:
        reports.report_show(catalog)
    return ExitCode.DONE


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backends", nargs=-1, metavar="[BACKEND]…")
@click.option("--thorough", is_flag=True, help="Also check the files' integrity and count exactly.")
@shared_options
@click.pass_context
def test(context: click.Context, config: str, backends: tuple[str, ...], *, thorough: bool) -> int:
    """Connect to the backends, all at once, and describe what answers.

    Example: llama-storage-tui test run.yaml sql_default --timeout 2
    """

    async def question(session: Session) -> list[ProbeBody]:
        found = {result.backend: result async for result in probe_all(session, backends, thorough=thorough)}
        order = backends or tuple(backend.name for backend in session.catalog.backends)
        results = [found[name] for name in dict.fromkeys(order)]
        if not Settings(context).is_json:
            reports.report_test(results)
        return [ProbeBody.of(result) for result in results]

    bodies = ask(context, config, question)
    if Settings(context).is_json:
        output.write_document(TestDocument(results=bodies))
    return ExitCode.DONE if all(body.ok for body in bodies) else ExitCode.WRONG


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.option("--fast", is_flag=True, help="Take estimates for counts.")
@shared_options
@click.pass_context
def namespaces(context: click.Context, config: str, backend: str, *, fast: bool) -> int:
    """List the namespaces of a key-value backend with their numbers of keys.

    Example: llama-storage-tui namespaces run.yaml kv_default
    """
    listing = ask(context, config, lambda session: browse.namespaces(session, backend, fast=fast))
    if Settings(context).is_json:
        output.write_document(NamespacesDocument.of(listing))
    else:
        reports.report_namespaces(listing)
    return ExitCode.DONE


def _wanted(namespace: str | None, *, unassigned: bool) -> str | None:
    if unassigned:
        return None
    if namespace is None:
        raise UsageError(
            "A namespace is missing", help="Name one, or use --unassigned for the keys outside all of them."
        )
    return namespace


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.argument("namespace", required=False)
@click.option("--unassigned", is_flag=True, help="The keys outside every known namespace.")
@click.option("--prefix", default="", help="Only keys that begin so.")
@click.option("--limit", type=LIMIT, default=100, show_default=True)
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
@shared_options
@click.pass_context
def keys(
    context: click.Context,
    config: str,
    backend: str,
    namespace: str | None,
    *,
    unassigned: bool,
    prefix: str,
    limit: int,
    after: str | None,
) -> int:
    """List the keys of a namespace, a page at a time, in key order.

    Example: llama-storage-tui keys run.yaml kv_default registry --prefix distributions:
    """
    wanted = _wanted(namespace, unassigned=unassigned)

    async def question(session: Session) -> KeyPage:
        found = await browse.namespace(session, backend, wanted)
        return await browse.keys(session, backend, found, prefix=prefix, limit=limit, after=after)

    page = ask(
        context,
        config,
        question,
    )
    if Settings(context).is_json:
        output.write_document(
            KeysDocument(
                keys=[KeyBody.of(entry) for entry in page.keys],
                next=page.next,
                complete=page.is_complete,
                scanned=page.scanned,
            )
        )
    else:
        reports.report_keys(page)
    return ExitCode.DONE


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.argument("words", nargs=-1, required=True, metavar="NAMESPACE KEY")
@click.option("--unassigned", is_flag=True, help="KEY alone: one outside every known namespace.")
@click.option("--raw", is_flag=True, help="The stored bytes as they are, on a terminal too.")
@shared_options
@click.pass_context
def get(
    context: click.Context, config: str, backend: str, words: tuple[str, ...], *, unassigned: bool, raw: bool
) -> int:
    """Print one value.

    Example: llama-storage-tui get run.yaml kv_default prompts prompts:v1:pmpt_1:default
    """
    if len(words) != (1 if unassigned else 2):
        raise UsageError("get takes NAMESPACE KEY, or --unassigned KEY")
    wanted, key = (None, words[0]) if unassigned else (words[0], words[1])

    async def question(session: Session) -> StoredValue:
        found = await browse.namespace(session, backend, wanted)
        return await browse.value(session, backend, found, key)

    stored = ask(context, config, question)
    value = stored.value
    if Settings(context).is_json:
        output.write_document(GetDocument.of(stored))
    elif raw or not output.stdout_is_terminal():
        content = (
            value
            if isinstance(value, bytes)
            else str("" if value is None else value).encode(errors="surrogatepass")
        )
        output.write_bytes(content)
    else:
        output.write_text(
            value.hex(" ") if isinstance(value, bytes) else "NULL" if value is None else str(value)
        )
    return ExitCode.DONE


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.option("--fast", is_flag=True, help="Take estimates for counts.")
@shared_options
@click.pass_context
def tables(context: click.Context, config: str, backend: str, *, fast: bool) -> int:
    """List the tables of a backend with their columns and numbers of rows.

    Example: llama-storage-tui tables run.yaml sql_default --fast
    """
    entries = ask(context, config, lambda session: browse.tables(session, backend, fast=fast))
    if Settings(context).is_json:
        output.write_document(
            TablesDocument(backend=backend, tables=[TableBody.of(entry) for entry in entries])
        )
    else:
        reports.report_tables(entries)
    return ExitCode.DONE


def _query(
    table: str,
    columns: str | None,
    where: tuple[str, ...],
    where_null: tuple[str, ...],
    order_by: str | None,
    limit: int,
    after: str | None,
) -> RowQuery:
    filters = [Filter(name, None) for name in where_null]
    for condition in where:
        name, separator, value = condition.partition("=")
        if not separator or not name:
            raise UsageError(f"{condition!r} is not COLUMN=VALUE", help="For NULL use --where-null COLUMN.")
        filters.append(Filter(name, value))
    order = None
    if order_by:
        name, _, direction = order_by.rpartition(":")
        if direction not in ("asc", "desc"):
            name, direction = order_by, "asc"
        order = Order(name, is_descending=direction == "desc")
    names = tuple(name.strip() for name in columns.split(",")) if columns else ()
    return RowQuery(table, names, tuple(filters), order, limit, after)


@click.command()
@click.argument("config", metavar="RUN_CONFIG")
@click.argument("backend")
@click.argument("table")
@click.option("--columns", metavar="A,B", help="Only these columns, in this order.")
@click.option("--where", multiple=True, metavar="COL=VALUE", help="Only rows whose COL is VALUE; repeatable.")
@click.option("--where-null", multiple=True, metavar="COL", help="Only rows whose COL is NULL; repeatable.")
@click.option("--order-by", metavar="COL[:desc]", help="Another order than the primary key's.")
@click.option("--limit", type=LIMIT, default=100, show_default=True)
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
@click.option("--all", "everything", is_flag=True, help="Stream every row.")
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
    limit: int,
    after: str | None,
    everything: bool,
    format_: str,
) -> int:
    """Print the rows of a table: a page, or with --all everything.

    Example: llama-storage-tui rows run.yaml sql_default responses --order-by created_at:desc --limit 5
    """
    query = _query(table, columns, where, where_null, order_by, limit, after)
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
        output.write_document(RowsDocument.of(page))
    else:
        reports.report_rows(page)
    return ExitCode.DONE


@click.command()
@click.argument("command", type=click.Choice([*DOCUMENTS]))
@shared_options
def schema(command: str) -> int:
    """Print the JSON schema of a command's answer.

    Example: llama-storage-tui schema check
    """
    output.write_json(DOCUMENTS[command].model_json_schema(by_alias=True))
    return ExitCode.DONE


COMMANDS = (check, show, test, namespaces, keys, get, tables, rows, schema)
