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

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@add_completion_class
class Bash(BashComplete):
    """Click's script for bash, but files join the other answers, and words are not broken at the colons of a namespace.

    Click's clears all other answers when it comes to `file`. Bash hands out `vector_io::faiss` as three words, and puts an answer
    in the place of the last: so the line itself is read, and what stands before the last colon is taken off the answers.
    """

    name = "bash"
    source_template = (
        BashComplete.source_template.replace(
            """COMPREPLY=()
            compopt -o default""",
            """compopt -o filenames
            COMPREPLY+=($(compgen -f -- "$value"))""",
        )
        .replace(
            """    local response

""",
            """    local response
    local line="${COMP_LINE:0:$COMP_POINT}"
    local word="${line##*[[:space:]]}"
    local before=""
    if [[ "$COMP_WORDBREAKS" == *:* ]]; then
        before="${word%%"${word##*:}"}"
    fi

""",
        )
        .replace('COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD', 'COMP_WORDS="$line" COMP_CWORD=-1')
        .replace("COMPREPLY+=($value)", 'COMPREPLY+=("${value#"$before"}")')
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words of the line up to the cursor, and the one that is begun there."""
        if os.environ["COMP_CWORD"] != "-1":
            return super().get_completion_args()  # an older script, which somebody has kept
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        return (words, "") if line[-1:].isspace() else (words[:-1], (words or [""])[-1])


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


def known(words: Callable[[], Iterable[str]]) -> Complete:
    """Return what completes words that are known without a config."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del context, parameter
        return matching(words(), incomplete)

    return complete


def _configured(names: Callable[[Catalog, click.Context], Iterable[str]]) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del parameter
        catalog = _catalog(context)
        return [] if catalog is None else matching(names(catalog, context), incomplete)

    return complete


def matching(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Return the words that begin with what is typed, each once."""
    # A name with a line break in it would be two answers.
    fitting = (word for word in dict.fromkeys(words) if word.startswith(incomplete) and word.isprintable())
    return [CompletionItem(word) for word in fitting]


def _catalog(context: click.Context) -> Catalog | None:
    # Imported here, as a completion of a command's name needs none of it.
    from llama_storage_tui.cli.settings import Settings
    from llama_storage_tui.services.catalog import open_at_once

    # Of `responses RUN_CONFIG list` the group takes the config.
    parent = context.parent
    config = context.params.get("config") or (parent and parent.params.get("config")) or FOUND
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


def _models(catalog: Catalog, context: click.Context) -> Iterable[str]:  # noqa: ARG001 - as the others
    """Return the models that the config registers, by the names that requests give."""
    return [found.identifier for found in catalog.registrations if found.type == "model"]


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


def _families() -> Iterable[str]:
    from llama_storage_tui.upstream.families import OBJECTS

    return [family.name for family in OBJECTS]


backends: Final = _configured(_backends)
namespaces: Final = _configured(_namespaces)
tables: Final = _configured(_tables)
versions: Final = known(_versions)
families: Final = known(_families)
models: Final = _configured(_models)
