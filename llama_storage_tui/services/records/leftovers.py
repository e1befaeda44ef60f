"""Objects that an earlier release wrote and a server of the chosen version no longer reads: raw keys in an upgraded SQLite file."""

from __future__ import annotations

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.families import KeyLayout, KeyPlace, RecordFamily
from llama_storage_tui.model.notices import Notice, NoticeKind
from llama_storage_tui.services.records.places import places_of
from llama_storage_tui.services.session import Session
from llama_storage_tui.upstream.consumers import keeps_namespaces

_TYPE = "kv_sqlite"


async def leftovers(session: Session, family: RecordFamily) -> tuple[Notice, ...]:
    """Return a notice for each backend that holds keys of a family as releases before ogx 1.0 wrote them.

    From 1.0 on SQLite keys begin with a namespace, and some families lie in tables; no release moves what was there.
    """
    catalog = session.catalog
    keys = [key for layout in family.layouts if isinstance(layout, KeyLayout) for key in layout.keys]
    heads = tuple(dict.fromkeys(key.partition("{id}")[0] for key in keys))
    if not heads or not keeps_namespaces(_TYPE, catalog.version.chosen):
        return ()
    # An empty namespace is none: keys are raw there in every version.
    raw = {
        place.backend
        for place in places_of(catalog, family)
        if isinstance(place, KeyPlace) and not place.lead
    }
    found: list[Notice] = []
    for backend in catalog.backends:
        if backend.type == _TYPE and backend.name not in raw:
            number = await _number(session, backend.name, heads)
            if number:
                version = str(catalog.version.chosen)
                kind = NoticeKind.KEYS_OF_EARLIER_RELEASE
                found.append(Notice(kind, backend.name, family.name, version, count=number))
    return tuple(found)


async def _number(session: Session, backend: str, heads: tuple[str, ...]) -> int:
    try:
        reader = (await session.reader(backend)).key_values
        return (await reader.count(KeySelection(heads), fast=True)).value
    except (BackendError, NotFoundError):
        return 0
