"""One record of any family as it is read. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from llama_storage_tui.errors import BackendError, NotFoundError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.families import (
    Place,
    RecordDetail,
    RecordFamily,
)
from llama_storage_tui.next_steps import Advice, Step
from llama_storage_tui.services.records.documents import StoredObject, fields_of, links_of, whole
from llama_storage_tui.services.records.keys import key_object
from llama_storage_tui.services.records.masking import masked
from llama_storage_tui.services.records.places import needed_places, places_of
from llama_storage_tui.services.records.rows import stored_row
from llama_storage_tui.services.records.sources import KeySource, opened
from llama_storage_tui.services.session import Session
from llama_storage_tui.services.values import is_storable
from llama_storage_tui.upstream.families import find_family


async def read_record(session: Session, name: str, id_: str) -> RecordDetail:
    """Return one object as it is read, secrets masked; raises NotFoundError, UsageError, BackendError."""
    family = find_family(name)
    places = needed_places(session.catalog, family)
    sources = await opened(session, family, places)
    found: list[tuple[Place, StoredObject]] = []
    failures = [*sources.failures]
    for place, source in sources.sources.items() if is_storable(id_) else ():
        try:
            stored = (
                await key_object(source.key_values, source.place, id_)
                if isinstance(source, KeySource)
                else await stored_row(source, id_)
            )
        except BackendError as error:
            failures.append(error)
            continue
        if stored is not None:
            found.append((place, stored))
    if found:
        return _record(session.catalog, family, id_, found)
    if failures:
        raise failures[0]
    raise NotFoundError(
        f"There is no {id_!r} among {family.words}", help=Advice("", Step.LIST_OBJECTS, family.name)
    )


def _record(
    catalog: Catalog, family: RecordFamily, id_: str, found: Sequence[tuple[Place, StoredObject]]
) -> RecordDetail:
    place, stored = found[0]
    content = whole(id_, _hidden(stored.columns), masked(stored.document))
    fields, other = fields_of(content, family)
    also = [
        f"another object with this id is on backend {each.backend} ({each.path})" for each, _ in found[1:]
    ]
    # Links are made of the unmasked object, so that none leads to a row of asterisks.
    links = links_of(whole(id_, stored.columns, stored.document), family)
    # The API that a link leads to may be off.
    opened = {
        name: name is None or bool(places_of(catalog, find_family(name)))
        for name in {link.family for link in links}
    }
    return RecordDetail(
        family,
        place,
        id_,
        stored.key,
        stored.bytes,
        fields,
        other,
        tuple(link for link in links if opened[link.family]),
        (*stored.problems, *also),
    )


def _hidden(columns: Mapping[str, object]) -> dict[str, object]:
    return {name: masked(value, name, depth=1) for name, value in columns.items()}
