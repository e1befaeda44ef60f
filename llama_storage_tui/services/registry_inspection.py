"""Registered objects that a server of this version cannot serve, or does not start with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from llama_storage_tui.model.catalog import Backend, Family, Reference, Registration
from llama_storage_tui.model.data import KeySelection
from llama_storage_tui.model.finding import Finding, stops_start, warns
from llama_storage_tui.model.version import Version
from llama_storage_tui.services.session import Session
from llama_storage_tui.text import plural
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import keeps_namespaces
from llama_storage_tui.upstream.registered import API_OF, COMPARES_GIVEN_FIELDS, REGISTRY_HEAD

REGISTRATION_CONFLICT: Final = stops_start(
    id="registration-conflict",
    title="An object's registration in the config differs from what is stored",
    advice="Write the stored values into the config: they belong to what was made with them. Unregister the object through the "
    "server's API only where nobody needs it.",
    since=changes.CATALOG,
)
STALE_PROVIDER: Final = warns(
    id="stale-provider",
    title="Registered objects belong to providers that the config does not start",
    advice="Add the provider again under that id. Unregister an object through the server's API only where nobody needs it:"
    " what is "
    "registered of it, such as the embedding model of a vector store, is kept nowhere else.",
    since=changes.CATALOG,
)


async def stale_providers(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of registered objects of providers that the config does not have."""
    catalog = session.catalog
    if catalog.is_legacy or not catalog.providers:
        return
    reader = (await session.reader(backend.name)).key_values
    known = {(provider.api, provider.id) for provider in catalog.providers}
    stale: Counter[str] = Counter()
    for lead in leads_of(session, backend, "storage.stores.metadata"):
        async with aclosing(reader.stream(KeySelection((lead + REGISTRY_HEAD,)))) as batches:
            async for batch in batches:
                for stored in batch:
                    found = _provider_of(stored.value)
                    if found is not None and found not in known:
                        stale[found[1]] += 1
    if stale:
        names = ", ".join(f"{name}: {number:,}" for name, number in stale.most_common(5))
        number = sum(stale.values())
        yield STALE_PROVIDER.found_on(
            backend,
            f"{plural(number, 'registered object')} on {backend.name} {'belongs' if number == 1 else 'belong'} to providers that "
            f"this config does not start ({names}): requests for {'it' if number == 1 else 'them'} fail",
        )


async def conflicting_registrations(session: Session, backend: Backend) -> AsyncIterator[Finding]:
    """Tell of objects that the config registers otherwise than they are stored: the server does not start with them."""
    catalog = session.catalog
    served = {provider.api for provider in catalog.providers}
    wanted = [found for found in catalog.registrations if API_OF[found.type] in served]
    if not wanted:
        return
    reader = (await session.reader(backend.name)).key_values
    for lead in leads_of(session, backend, "storage.stores.metadata"):
        by_key = {f"{lead}{REGISTRY_HEAD}{found.type}:{found.identifier}": found for found in wanted}
        for stored in await reader.values_of(tuple(by_key)):
            registration = by_key[str(stored.entry.key)]
            conflicts = _conflicts(registration, stored.value, catalog.version.chosen)
            if conflicts:
                named = f"The {registration.type.replace('_', ' ')} {registration.identifier}"
                yield REGISTRATION_CONFLICT.found_on(
                    registration,
                    f"{named} is registered on {backend.name} with another "
                    f"{' and '.join(conflicts)}: {catalog.version.chosen.product} {catalog.version.chosen} does not start",
                )


def _conflicts(registration: Registration, stored: object, version: Version) -> list[str]:
    """Return in words what differs between a registration and what is stored under its identifier."""
    data = _object(stored)
    if data is None:
        return []
    found = []
    for name, value in registration.fields:
        held = data.get(name, _DEFAULTS.get(name))
        # A provider may add to the metadata when it registers a model: only what the config says itself is compared.
        same = (
            all(key in held and held[key] == item for key, item in value.items())
            if isinstance(value, dict) and isinstance(held, dict)
            else held == value
        )
        if not same:
            found.append(f"{name} ({_shown(held)}, the config has {_shown(value)})")
    if version < COMPARES_GIVEN_FIELDS and data.get("owner") is not None:
        found.append("owner (a signed-in user, the config has none)")
    return found


_DEFAULTS: Final = {"source": "via_register_api", "model_type": "llm", "metadata": {}}


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _object(stored: object) -> dict[str, Any] | None:
    """Parse what is stored; None where it is no JSON object."""
    try:
        data = json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _provider_of(value: object) -> tuple[str, str] | None:
    """Return API and provider id of a registered object; None where it cannot be read or needs none."""
    data = _object(value) or {}
    api, id_ = API_OF.get(str(data.get("type"))), data.get("provider_id")
    return (api, id_) if api is not None and isinstance(id_, str) and id_ else None


def leads_of(session: Session, backend: Backend, path: str) -> tuple[str, ...]:
    """Return what stands before the raw keys of the references on a backend whose path begins so."""
    version = session.catalog.version.chosen
    found: list[Reference] = [
        reference
        for reference in session.catalog.references_to(backend.name)
        if reference.path.startswith(path)
        and reference.family is Family.KV
        and reference.physical is not None
    ]
    has_namespaces = keeps_namespaces(backend.type, version)
    written = (f"{each.namespace}:" if each.namespace and has_namespaces else "" for each in found)
    return tuple(dict.fromkeys(written))
