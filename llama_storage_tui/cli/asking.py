"""What every command does first, load the config, say its notices, open a session and ask one question; and last, answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

import click

from llama_storage_tui.cli import output
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.word_order import config_elsewhere
from llama_storage_tui.errors import ConfigError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.data import Order
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.left_pending import is_anything_pending
from llama_storage_tui.services.requests import LoadRequest

if TYPE_CHECKING:
    from llama_storage_tui.cli.documents import Document
    from llama_storage_tui.services.session import Session

Answer = TypeVar("Answer")

FOUND: Final = "@"
STDIN: Final = "-"
LIMIT: Final = click.IntRange(1, 10_000)
PAGE_LIMIT: Final = click.option(
    "--limit", type=LIMIT, metavar="N", default=100, show_default=True, help="Entries of a page."
)


def order_of(text: str) -> Order:
    """Return the order that COL, COL:asc or COL:desc asks for."""
    name, _, direction = text.rpartition(":")
    if direction not in ("asc", "desc"):
        name, direction = text, "asc"
    return Order(name, is_descending=direction == "desc")


def open_with(context: click.Context, config: str, reading: Callable[[LoadRequest], Answer]) -> Answer:
    """Say what is pending on a config, read it in some way, and return what that gives."""
    request = Settings(context).request(config)
    if config != STDIN and is_anything_pending(request):
        _say_what_is_pending(request)
    try:
        return reading(request)
    except ConfigError as error:
        hint = None if config == STDIN else config_elsewhere(config, context.params.values())
        if hint is not None:
            error.help = hint
        raise


def _say_what_is_pending(request: LoadRequest) -> None:
    # Imported here: almost no call finds a change half done, and what journals hold is much to import.
    from llama_storage_tui.reports.pending import notice_help
    from llama_storage_tui.services.rotation import pending
    from llama_storage_tui.services.transfer.pending import pending_transfer

    for found in pending.notices(request):
        output.say_notice(help_words(notice_help(found)))
    if (transfer := pending_transfer(request)) is not None:
        output.say_notice(help_words(notice_help(transfer)))


def open_catalog(context: click.Context, config: str) -> Catalog:
    """Load a config and say its notices, a pending password change first."""
    catalog = open_with(context, config, load)
    output.say_notices(catalog.notices)
    return catalog


def ask(context: click.Context, config: str, question: Callable[[Session], Awaitable[Answer]]) -> Answer:
    """Load a config, open a session, ask one question, close the session."""
    catalog = open_catalog(context, config)
    timeouts = Settings(context).timeouts
    # Imported here: what asks nobody needs no event loop.
    from llama_storage_tui.cli.waiting import wait_for
    from llama_storage_tui.services.session import Session

    async def answer() -> Answer:
        async with Session(catalog, timeouts) as session:
            return await question(session)

    return wait_for(answer())


def write_answer(
    context: click.Context, found: Answer, document: type[Document], report: Callable[[Answer], object]
) -> ExitCode:
    """Write what was found: as one JSON document, or by `report` for people."""
    if Settings(context).is_json:
        output.write_document(document.model_validate(found))
    else:
        report(found)
    return ExitCode.DONE
