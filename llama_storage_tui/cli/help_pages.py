"""`help`: the topics that no command's `--help` has room for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from textwrap import TextWrapper
from typing import Final

import click
from click.shell_completion import CompletionItem

from llama_storage_tui import help as help_room
from llama_storage_tui.cli import output
from llama_storage_tui.cli.documents import Document
from llama_storage_tui.cli.exit_codes import ExitCode
from llama_storage_tui.cli.options import shared_options
from llama_storage_tui.cli.output import Colour, Toned
from llama_storage_tui.cli.settings import Settings
from llama_storage_tui.cli.shell_completion import matching
from llama_storage_tui.cli.word_order import nearest
from llama_storage_tui.errors import UsageError
from llama_storage_tui.model.bindings import AppSettings

APP_SETTINGS: Final = "llama_storage_tui.app_settings"
"""Where the call keeps the function that asks the app for them: a command knows no screen."""


class TopicBody(Document):
    """A topic and what it is about."""

    name: str
    about: str


class HelpDocument(Document):
    """The topics, or with one of them its text."""

    topics: list[TopicBody]
    topic: str | None = None
    text: str | None = None


class KeyBindingBody(Document):
    """What a key does, where, and the id that remaps it."""

    id: str
    keys: list[str]
    label: str
    help: str
    where: list[str]


class KeysHelpDocument(Document):
    """Every binding of the app, and the file that remaps them."""

    file: str
    keys: list[KeyBindingBody]


class ThemesHelpDocument(Document):
    """The themes of the app, and the file that chooses one."""

    file: str
    themes: list[str]


TOPICS: Final = {
    **{name: help_room.page(name).about for name in help_room.NAMES},
    "keys": "every key of the app with the id that remaps it",
    "themes": "the app's colours, and how to choose them",
}
TERM: Final = 16
"""Columns of a term; a longer one has a line to itself."""
WIDEST: Final = 100
"""Columns of a page of help: longer lines are hard to read."""


def complete_topic(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """Offer the topics, and the commands."""
    return matching(_names(context), incomplete)


def _names(context: click.Context) -> tuple[str, ...]:
    root = context.find_root()
    return (*TOPICS, *(root.command.list_commands(root) if isinstance(root.command, click.Group) else ()))


@click.command(name="help")
@click.argument("topic", required=False, shell_complete=complete_topic)
@shared_options
@click.pass_context
def help_(context: click.Context, topic: str | None) -> int:
    """List the topics of help, or explain a topic or a command.

    Example: llama-storage-tui help keys
    """
    is_json = Settings(context).is_json
    match topic:
        case None:
            _topics(is_json=is_json)
        case "keys":
            _keys(_settings(context), is_json=is_json)
        case "themes":
            _themes(_settings(context), is_json=is_json)
        case _ if topic in help_room.NAMES:
            _page(topic, is_json=is_json)
        case _:
            _command(context, topic, is_json=is_json)
    return ExitCode.DONE


def _settings(context: click.Context) -> AppSettings:
    ask: Callable[[], AppSettings] = context.meta[APP_SETTINGS]
    return ask()


def _topics(*, is_json: bool) -> None:
    if is_json:
        output.write_document(HelpDocument(topics=_bodies()))
        return
    output.write_table(("topic", "about"), [*TOPICS.items()], cut=None)
    output.write_line()
    output.write_line("Of a command: llama-storage-tui help COMMAND, or COMMAND --help.")


def _bodies() -> list[TopicBody]:
    return [TopicBody(name=name, about=about) for name, about in TOPICS.items()]


def _page(name: str, *, is_json: bool) -> None:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    text = "\n\n".join(
        "\n".join(_folded(entry, width) for entry in block) for block in help_room.page(name).blocks
    )
    if is_json:
        output.write_document(HelpDocument(topics=_bodies(), topic=name, text=text))
    else:
        output.write_text(text)


def _folded(entry: help_room.HelpEntry, width: int) -> str:
    hang = " " * (TERM + 3) if entry.term else ""
    fold = TextWrapper(width, hang, hang, break_on_hyphens=False, break_long_words=False)
    text = fold.fill(entry.text)
    if not entry.term:
        return text
    if len(entry.term) > TERM:
        return f"  {entry.term}\n{text}"
    return f"  {entry.term:<{TERM}} {text.lstrip()}"


def _keys(settings: AppSettings, *, is_json: bool) -> None:
    if is_json:
        output.write_document(
            KeysHelpDocument(
                file=settings.file, keys=[KeyBindingBody.model_validate(binding) for binding in settings.keys]
            )
        )
        return
    output.write_line(
        "Each key of the app can be another one. Write its id and the new key, or several, into"
    )
    output.write_line(f"  {settings.file}")
    output.write_line("for example:")
    output.write_line()
    output.write_text('  [keys]\n  "catalog.rotate" = "f8"\n  "screen.copy" = "y,ctrl+y"')
    output.write_line()
    output.write_table(
        ("id", "key", "what it does", "where"),
        [
            (
                Toned(binding.id, Colour.STRONG),
                ", ".join(binding.keys),
                binding.help,
                "; ".join(binding.where),
            )
            for binding in settings.keys
        ],
        cut=None,
    )


def _themes(settings: AppSettings, *, is_json: bool) -> None:
    if is_json:
        output.write_document(ThemesHelpDocument(file=settings.file, themes=[*settings.themes]))
        return
    output.write_line(f"The app has these themes: {', '.join(settings.themes)}; the first is the default.")
    output.write_line(
        "F2 offers them all while the app runs, ctrl+t switches between dark and light; what was"
    )
    output.write_line(
        "chosen last is remembered. To begin with one of them where none was chosen, write into"
    )
    output.write_line(f"  {settings.file}")
    output.write_line()
    output.write_text(f'  theme = "{settings.themes[1]}"')
    output.write_line()
    output.write_line("This line comes before the table [keys]. NO_COLOR=1 shows the app without colours.")


def _command(context: click.Context, name: str, *, is_json: bool) -> None:
    root = context.find_root()
    group = root.command
    found = group.get_command(root, name) if isinstance(group, click.Group) else None
    if found is None:
        names = _names(context)
        meant = nearest(name, names)
        suggestion = f"Did you mean {meant}? " if meant else ""
        raise UsageError(
            f"There is no topic and no command {name!r}", help=f"{suggestion}There are: {', '.join(names)}."
        )
    text = found.get_help(click.Context(found, parent=root, info_name=name))
    if is_json:
        output.write_document(HelpDocument(topics=_bodies(), topic=name, text=text))
    else:
        output.write_text(text)
