"""Where responses, chat completions and conversations lie: by what a server of the chosen version does with the references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from llama_storage_tui.errors import NotFoundError
from llama_storage_tui.model.catalog import Catalog, Family, Reference, ReferenceKind
from llama_storage_tui.model.responses import Place
from llama_storage_tui.next_steps import Advice, Step

CACHED_MESSAGES: Final = "conversation_messages"
CONVERSATIONS: Final = "openai_conversations"
CONVERSATION_ITEMS: Final = "conversation_items"

_RESPONSE_ENDINGS: Final = (".persistence.responses", ".responses_store")
_COMPLETION_PATHS: Final = ("storage.stores.inference", "inference_store", "inference_store.sql_store_config")


def response_places(catalog: Catalog) -> tuple[Place, ...]:
    """Return each table that holds responses, on any backend; raises NotFoundError where the config has none."""
    found = _places(catalog, _is_of_responses, lambda tables: tables[:1])
    if not found:
        raise _nowhere(catalog, "responses", "config.persistence.responses of a provider")
    return found


def cached_message_places(catalog: Catalog) -> tuple[Place, ...]:
    """Return each table of cached conversation messages, beside the responses."""
    return _places(catalog, _is_of_responses, lambda tables: [t for t in tables if t == CACHED_MESSAGES])


def completion_places(catalog: Catalog) -> tuple[Place, ...]:
    """Return each table that holds chat completions."""
    return _places(catalog, lambda reference: reference.path in _COMPLETION_PATHS, lambda tables: tables[:1])


def conversation_places(catalog: Catalog) -> tuple[Place, ...]:
    """Return each table of conversations."""
    return _places(catalog, _is_of_conversations, lambda tables: [t for t in tables if t == CONVERSATIONS])


def item_places(catalog: Catalog) -> tuple[Place, ...]:
    """Return each table of conversations' items."""
    return _places(
        catalog, _is_of_conversations, lambda tables: [t for t in tables if t == CONVERSATION_ITEMS]
    )


def _is_of_responses(reference: Reference) -> bool:
    return reference.kind is ReferenceKind.PROVIDER and reference.path.endswith(_RESPONSE_ENDINGS)


def _is_of_conversations(reference: Reference) -> bool:
    return reference.kind is ReferenceKind.STORE and reference.path == "storage.stores.conversations"


def _places(
    catalog: Catalog, is_meant: Callable[[Reference], bool], choose: Callable[[list[str]], list[str]]
) -> tuple[Place, ...]:
    found: dict[tuple[str, str], Place] = {}
    for reference in catalog.references:
        if reference.family is not Family.SQL or reference.physical is None or not reference.is_enabled:
            continue
        if reference.backend is None or catalog.backend(reference.backend) is None:
            continue
        if is_meant(reference):
            for table in choose(list(reference.physical.tables)):
                found.setdefault((reference.backend, table), Place(reference.backend, table, reference.path))
    return tuple(found.values())


def _nowhere(catalog: Catalog, what: str, needed: str) -> NotFoundError:
    return NotFoundError(
        f"A server of version {catalog.version.chosen} keeps no {what} with this config",
        where=catalog.config,
        help=Advice(f"They are kept where {needed} names a SQL backend.", Step.READ_AS_VERSION),
    )
