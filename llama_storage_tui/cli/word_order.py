"""Words in the wrong order, or misspelt: say which order is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llama_storage_tui.errors import UsageError

if TYPE_CHECKING:
    import click

PROGRAM = "llama-storage-tui"


def unknown_subcommand(group: str, config: str, words: Sequence[str], known: Iterable[str]) -> UsageError:
    """Return the error for a group whose word after the config is none of its subcommands."""
    names = tuple(known)
    if config in names:
        return UsageError(
            f"{group} takes the config first, then {config}",
            help=f"Did you mean: {_call(group, words[0], config, *words[1:])}",
        )
    meant = nearest(words[0], names)
    suggestion = f"Did you mean {meant}? " if meant else ""
    return UsageError(
        f"{group} has no command {words[0]!r}", help=f"{suggestion}There are: {', '.join(names)}."
    )


def unknown_command(first: str, rest: Sequence[str], known: Iterable[str]) -> UsageError:
    """Return the error for a first word that is no command, and has words behind it, which a config alone would not have."""
    names = tuple(known)
    if rest[0] in names:
        return UsageError(
            f"The command comes first, then the config: {rest[0]} {first}",
            help=f"Did you mean: {_call(rest[0], first, *rest[1:])}",
        )
    if Path(first).is_file():
        return UsageError(
            f"The app takes only run configs; {rest[0]!r} is not a file",
            help=f"A command comes before the config. There are: {', '.join(names)}.",
        )
    meant = nearest(first, names)
    help_ = f"Did you mean: {_call(meant, *rest)}" if meant else f"There are: {', '.join(names)}."
    return UsageError(f"There is no command {first!r}", help=help_)


def config_elsewhere(config: str, words: Iterable[object]) -> str | None:
    """Return a hint where the config's name is no file, and another word of the call is one."""
    if Path(config).exists():
        return None
    files = [
        word for word in _words(words) if isinstance(word, str) and word != config and Path(word).is_file()
    ]
    return f"The config comes right behind the command: {files[0]}" if files else None


def wrong_words(context: click.Context, sentence: str, *, help: str) -> UsageError:  # noqa: A002 - UsageError's own
    """Return the error for words that a command cannot use: with the right order where the config stands in another's place."""
    hint = config_elsewhere(str(context.params.get("config")), context.params.values())
    if hint is not None and context.info_name is not None:
        return UsageError(f"{context.info_name} takes the config first", help=f"{hint}.")
    return UsageError(sentence, help=help)


def _words(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from value if isinstance(value, tuple) else (value,)


def nearest(word: str, names: Sequence[str]) -> str | None:
    """Return the name that a word is most likely a misspelling of, None where it is none."""
    from difflib import get_close_matches  # here: a call without a mistake must not pay for it

    return next(iter(get_close_matches(word, names, n=1)), None)


def _call(*words: str) -> str:
    import shlex

    return " ".join((PROGRAM, *map(shlex.quote, words)))
