"""Where a reference's rows really are: the reader's tables or key families, in the container of its backend."""

from __future__ import annotations

from llama_storage_tui.backends.registry import engine_of_type
from llama_storage_tui.config.document import Path
from llama_storage_tui.config.masking import mask_userinfo
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Backend, Family, Physical, Reference
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.consumers import CONFIGURED, find_consumer, keeps_namespaces
from llama_storage_tui.upstream.providers import is_shipped_provider


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader of a reference uses: raw key families or tables. None of a reference that no code reads."""

    keys: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    is_external: bool = False
    """The provider is not of the packages: how it uses the reference is assumed from its shape."""


def provider_layout(
    version: Version, api: str, type_: str, steps: Path, *, is_external: bool
) -> Layout | None:
    """Return what reads a provider's reference at `steps` of its config; None where no shipped code does."""
    names = tuple(step for step in steps if isinstance(step, str))
    consumer = None if is_external else find_consumer(api, type_, names, version)
    if consumer is not None:
        return Layout(consumer.keys, consumer.tables)
    if is_external or not is_shipped_provider(api, type_, version):
        return Layout(tables=(CONFIGURED,), is_external=True)
    return None


def physical_place(
    version: Version, backend: Backend, reference: Reference, layout: Layout
) -> Physical | None:
    """Return where a server of that version keeps a reference's rows on a backend."""
    container = container_of(backend)
    if reference.family is Family.SQL:
        tables = tuple(
            reference.table if table == CONFIGURED and reference.table else table for table in layout.tables
        )
        return Physical(container, tuple(table for table in tables if table != CONFIGURED))
    if reference.namespace is None:
        return None
    # An empty namespace is none: the server then writes raw keys everywhere.
    if reference.namespace and keeps_namespaces(backend.type, version):
        return Physical(container, prefixes=(f"{reference.namespace}:",))
    return Physical(container, prefixes=layout.keys)


def container_of(backend: Backend) -> str:
    """Name what holds a backend's rows: the key-value table, the collection, the database."""
    engine = engine_of_type(backend.type)
    return backend.location if engine is None else mask_userinfo(engine.container(backend))
