"""What shells complete besides commands and options: names that the run config holds, and words that are known without it.

Nothing is contacted and no store is read: a config that is a file is read as `show` reads it, and one from stdin is left alone.
Whatever goes wrong is no completion: a prompt is no place for an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click

from llama_storage_tui.services.requests import FOUND

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from llama_storage_tui.model.catalog import Catalog
    from llama_storage_tui.services.requests import LoadRequest

FROM_STDIN: Final = "-"

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


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
    from click.shell_completion import (
        CompletionItem,  # here: every command is declared with what completes its words
    )

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
