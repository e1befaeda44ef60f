"""What shells complete besides commands and options: names that the run config holds, and words that are known without it.

Nothing is contacted and no store is read: a config that is a file is read as `show` reads it, and one from stdin is left alone.
Whatever goes wrong is no completion: a prompt is no place for an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

from llama_storage_tui.services.requests import FOUND

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.requests import LoadRequest

FROM_STDIN: Final = "-"
BREAKS: Final = ":="
"""Of what bash takes a word apart at, the characters that ours may hold."""

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@add_completion_class
class Bash(BashComplete):
    """Click's completion for bash, but with the words of the shell put together again.

    Bash takes words apart at `:` and `=`, of which namespaces and `--for=1` are full, and replaces only what follows the last of
    them. Files join the other answers: Click's script clears those when it comes to `file`. Bash quotes an answer only where it
    takes it for the name of a file.
    """

    name = "bash"
    source_template = BashComplete.source_template.replace(
        """COMPREPLY=()
            compopt -o default""",
        """compopt -o filenames
            COMPREPLY+=($(compgen -f -- "$value"))""",
    ).replace(
        "COMPREPLY+=($value)",
        """[[ $value == *[^[:alnum:]_.:@+=-]* ]] && compopt -o filenames
            COMPREPLY+=("$value")""",
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one at the cursor, and what there is of that one."""
        words, _ = self._words()
        return words[1:-1], words[-1]

    def complete(self) -> str:
        """Return the answers, each without what bash leaves of the word."""
        words, left = self._words()
        found = self.get_completions(words[1:-1], words[-1])
        for item in found:
            item.value = str(item.value).removeprefix(left)
        return "\n".join(map(self.format_completion, found))

    @staticmethod
    def _words() -> tuple[list[str], str]:
        """Return the words up to the cursor, and the part of the last one that bash does not replace."""
        at = int(os.environ["COMP_CWORD"])
        parts = [*split_arg_string(os.environ["COMP_WORDS"]), ""][: at + 1]
        words: list[str] = []
        left = ""
        is_open = False
        for part in parts:
            is_break = part != "" and not part.strip(BREAKS)
            if words and (is_break or is_open):
                left = words[-1] + part if is_break else words[-1]
                words[-1] += part
            else:
                left = ""
                words.append(part)
            is_open = is_break
        return words, left


@add_completion_class
class Zsh(ZshComplete):
    """Click's completion for zsh, which replaced the whole of `--for=1` by the value."""

    name = "zsh"
    source_template = ZshComplete.source_template.replace(
        "    for type key descr", "    compset -P '--*='\n\n    for type key descr", 1
    )


@add_completion_class
class Fish(FishComplete):
    """Click's completion for fish, which cut descriptions at their first comma, and offered nothing behind `--for=`."""

    name = "fish"
    source_template = FishComplete.source_template.replace("string split ", "string split -m 1 ", 1)

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return the answers for the whole word, which is what fish replaces."""
        found = super().get_completions(args, incomplete)
        option, is_joined, _ = incomplete.partition("=")
        if is_joined and option.startswith("--"):
            for item in found:
                item.value = f"{option}={str(item.value).removeprefix(f'{option}=')}"
        return found


def _known(words: Callable[[], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del context, parameter
        return _items(words(), incomplete)

    return complete


def _configured(names: Callable[[Catalog, click.Context], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del parameter
        catalog = _catalog(context)
        return [] if catalog is None else _items(names(catalog, context), incomplete)

    return complete


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    # A name with a line break in it would be two answers.
    fitting = (word for word in dict.fromkeys(words) if word.startswith(incomplete) and word.isprintable())
    return [CompletionItem(word) for word in fitting]


def _catalog(context: click.Context) -> Catalog | None:
    # Imported here, as a completion of a command's name needs none of it.
    from llama_storage_tui.cli.settings import Settings
    from llama_storage_tui.services.catalog import open_at_once

    config = context.params.get("config") or FOUND
    if config == FROM_STDIN:
        return None
    try:
        request: LoadRequest = Settings(context).request(config)
        return open_at_once(request).catalog
    except Exception:  # noqa: BLE001 - see above
        return None


def _backends(catalog: Catalog, context: click.Context) -> Iterable[str]:
    given = context.params.get("backends") or ()
    return [backend.name for backend in catalog.backends if backend.name not in given]


def _namespaces(catalog: Catalog, context: click.Context) -> Iterable[str]:
    if context.params.get("words"):
        return []  # a key comes next, and keys are in the store
    backend = context.params.get("backend")
    return [
        reference.namespace
        for reference in catalog.references
        if reference.backend == backend and reference.namespace
    ]


def _tables(catalog: Catalog, context: click.Context) -> Iterable[str]:
    backend = context.params.get("backend")
    return [
        table
        for reference in catalog.references
        if reference.backend == backend and reference.physical is not None
        for table in reference.physical.tables
    ]


def _versions() -> Iterable[str]:
    from llama_storage_tui.upstream.versions import RELEASES

    return [str(release) for release in RELEASES]


def _statuses() -> Iterable[str]:
    from llama_storage_tui.upstream.resuming import STATUSES

    return STATUSES


def _families() -> Iterable[str]:
    from llama_storage_tui.upstream.objects import FAMILIES

    return [family.name for family in FAMILIES]


backends: Final = _configured(_backends)
namespaces: Final = _configured(_namespaces)
tables: Final = _configured(_tables)
versions: Final = _known(_versions)
families: Final = _known(_families)
statuses: Final = _known(_statuses)
