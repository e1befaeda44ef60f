"""`list --follow` of every family: JSON Lines, one for each record as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, get_args

import click
from pydantic import BaseModel

from llama_storage_tui.cli import output
from llama_storage_tui.cli.asking import ask
from llama_storage_tui.cli.documents import Document
from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.errors import UsageError
from llama_storage_tui.reports.notices import notice_words
from llama_storage_tui.services.records.following import Lost, Polling
from llama_storage_tui.services.session import Session

FOLLOW = click.option(
    "--follow",
    is_flag=True,
    help="Write each one as a line of JSON as soon as it is stored, until ctrl+c; the filters apply.",
)

Following = Callable[[Session], Polling[Any]]
Written = Callable[[Any], BaseModel | Mapping[str, object]]
"""Makes what is written of something that was stored."""


def body_of(document: type[Document]) -> type[Document]:
    """Return what a list's document has for each of its records: its first field is the list of them."""
    first = next(iter(document.model_fields.values()))
    found: type[Document] = get_args(first.annotation)[0]
    return found


def write_as_stored(context: click.Context, config: str, written: Written, following: Following) -> None:
    """Write what is stored as lines of JSON, for as long as somebody reads them.

    Raises UsageError with `--after`, BackendError where the first look fails, ReaderGoneError.
    """
    if context.params.get("after") is not None:
        raise UsageError("--follow begins now and takes no --after", help="Leave one of them out.")

    async def follow(session: Session) -> None:
        talk = _Talk()
        async with aclosing(following(session).follow()) as looks:
            async for found in looks:
                output.check_reader()
                if isinstance(found, Lost):
                    talk.lost(found)
                    continue
                talk.found(notice_words(found.notices), found.ways, found.unseen)
                for record in found.records:
                    output.write_json_line(written(record))
                output.flush()

    ask(context, config, follow)


class _Talk:
    """What is said on stderr meanwhile: everything once, until it is another thing."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._is_lost = False
        self._unseen = 0

    def lost(self, found: Lost) -> None:
        """Say that a store does not answer, and that it is asked again."""
        if not self._is_lost:
            output.say_notice(f"{found.error.message.removesuffix('.')}. Retrying until it answers.")
        self._is_lost = True

    def found(self, notices: tuple[str, ...], ways: tuple[str, ...], unseen: int) -> None:
        """Say what is new of a look."""
        if self._is_lost:
            output.say("Connected again; what was stored meanwhile follows.")
            self._is_lost = False
        for notice in notices:
            if notice not in self._said:
                output.say_notice(notice)
        if not self._said:
            output.say(" ".join(("Following; ctrl+c ends it.", *map(help_words, ways))))
        self._said.update(("", *notices))
        if unseen > 2 * self._unseen:
            # Not with every row: it grows on and on where the server fills such room.
            output.say_notice(
                f"About {unseen:,} more rows were stored where following does not look; list without --follow shows them."
            )
            self._unseen = unseen
