"""What shells complete besides commands and options: names that the run config holds, and words that are known without it.

Nothing is contacted and no store is read: a config that is a file is read as `show` reads it, and one from stdin is left alone.
Whatever goes wrong is no completion: a prompt is no place for an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from llama_storage_tui.services.requests import FOUND

if TYPE_CHECKING:
    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.requests import LoadRequest

FROM_STDIN: Final = "-"

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@add_completion_class
class Bash(BashComplete):
    """Click's script for bash, but files join the other answers: Click's clears those when it comes to `file`."""

    name = "bash"
    source_template = BashComplete.source_template.replace(
        """COMPREPLY=()
            compopt -o default""",
        """compopt -o filenames
            COMPREPLY+=($(compgen -f -- "$value"))""",
    )


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
