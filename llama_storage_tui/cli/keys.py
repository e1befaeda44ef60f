"""`namespaces`, `keys` and `get`: what lies in a key-value backend."""

from __future__ import annotations

import click

from llama_storage_tui.cli import output, shell_completion
from llama_storage_tui.cli.asking import PAGE_LIMIT, ask
from llama_storage_tui.cli.data_json import keys_json
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import RUN_CONFIG, shared_options
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.word_order import wrong_words
from llama_storage_tui.model.data import KeyPage, StoredValue
from llama_storage_tui.services import browse
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import stored_bytes, with_letters


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", shell_complete=shell_completion.backends)
@click.option("--fast", is_flag=True, help="Use estimated counts.")
@shared_options
@click.pass_context
def namespaces(context: click.Context, config: str, backend: str, *, fast: bool) -> int:
    """List the namespaces of a key-value backend, with counts.

    Example: llama-storage-tui namespaces run.yaml kv_default
    """
    listing = ask(context, config, lambda session: browse.namespaces(session, backend, fast=fast))
    if Settings(context).is_json:
        from llama_storage_tui.cli.data_documents import NamespacesDocument

        output.write_document(NamespacesDocument.model_validate(listing))
    else:
        from llama_storage_tui.cli import reports

        reports.report_namespaces(listing)
    return ExitCode.DONE


def _wanted(context: click.Context, namespace: str | None, *, unassigned: bool) -> str | None:
    if unassigned:
        return None
    if namespace is None:
        raise wrong_words(
            context,
            "A namespace is missing",
            help="Name one, or use --unassigned for the keys outside all of them.",
        )
    return namespace


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", shell_complete=shell_completion.backends)
@click.argument("namespace", required=False, shell_complete=shell_completion.namespaces)
@click.option("--unassigned", is_flag=True, help="List the keys outside every known namespace.")
@click.option("--prefix", default="", help="Only keys that begin with TEXT.")
@PAGE_LIMIT
@click.option("--after", metavar="CURSOR", help="The page after CURSOR.")
@click.option("--exact", is_flag=True, help="Fill the page, however many keys have to be looked at.")
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
    exact: bool,
) -> int:
    """List the keys of a namespace, in key order, page by page.

    Example: llama-storage-tui keys run.yaml kv_default registry --prefix distributions:
    """
    wanted = _wanted(context, namespace, unassigned=unassigned)

    async def question(session: Session) -> KeyPage:
        found = await browse.namespace(session, backend, wanted)
        return await browse.keys(
            session, backend, found, prefix=prefix, limit=limit, after=after, exact=exact
        )

    page = ask(context, config, question)
    if Settings(context).is_json:
        output.write_json(keys_json(page))
    else:
        from llama_storage_tui.cli import reports

        reports.report_keys(page)
        if not page.keys and page.is_complete:
            reports.report_nothing(context, "keys")
    return ExitCode.DONE


@click.command()
@click.argument("config", type=RUN_CONFIG, metavar="RUN_CONFIG")
@click.argument("backend", shell_complete=shell_completion.backends)
@click.argument(
    "words", nargs=-1, required=True, metavar="NAMESPACE KEY", shell_complete=shell_completion.namespaces
)
@click.option("--unassigned", is_flag=True, help="Print a key outside every known namespace.")
@click.option("--raw", is_flag=True, help="Print the stored bytes unchanged, even to a terminal.")
@shared_options
@click.pass_context
def get(
    context: click.Context, config: str, backend: str, words: tuple[str, ...], *, unassigned: bool, raw: bool
) -> int:
    """Print one value.

    Example: llama-storage-tui get run.yaml kv_default prompts prompts:v1:pmpt_1:default
    """
    if len(words) != (1 if unassigned else 2):
        raise wrong_words(
            context,
            "get takes NAMESPACE KEY, or --unassigned KEY",
            help="For example: llama-storage-tui get run.yaml kv_default prompts KEY",
        )
    wanted, key = (None, words[0]) if unassigned else (words[0], words[1])

    async def question(session: Session) -> StoredValue:
        found = await browse.namespace(session, backend, wanted)
        return await browse.value(session, backend, found, key)

    stored = ask(context, config, question)
    value = stored.value
    if Settings(context).is_json:
        from llama_storage_tui.cli.data_documents import GetDocument

        output.write_document(GetDocument.model_validate(stored))
    elif raw or not output.stdout_is_terminal():
        output.write_bytes(stored_bytes(value))
    else:
        output.write_text(
            value.hex(" ")
            if isinstance(value, bytes)
            else "NULL"
            if value is None
            else with_letters(str(value))
        )
    return ExitCode.DONE
