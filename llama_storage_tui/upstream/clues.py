"""What a run config's own words say about the release that it was written for.

Most of it is read off the tables of this room: a field, a store, an API or a provider that some releases do not have speaks for
those that have it. The rest are habits of releases that no table has, dated below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Dated, Version
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.consumers import CONSUMERS
from llama_storage_tui.upstream.providers import api_entries, provider_entries
from llama_storage_tui.upstream.run_config.facts import Shape
from llama_storage_tui.upstream.run_config.server import SERVER
from llama_storage_tui.upstream.run_config.stack import STACK
from llama_storage_tui.upstream.run_config.storage import BACKENDS
from llama_storage_tui.upstream.run_config.stores import INFERENCE_REFERENCE, store_entries


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing in the file and the versions that it speaks for: from `low` (inclusive) to `below` (exclusive).

    A strong clue is something that another version rejects or does not have; a weak one is only the habit of a version, or
    something that others ignore, and counts where it does not contradict the strong ones.
    """

    because: str
    low: Version | None = None
    below: Version | None = None
    is_strong: bool = True


STRONG_KEYS: Final = frozenset({"distro_name", "connectors"})
"""Keys of the top level that are no habit: files that have them mean what only these releases do."""
STRONG_SERVER_KEYS: Final = frozenset({"tenancy", "insecure", "quota"})
STRONG_BACKEND_FIELDS: Final = frozenset({"connection_string"})
"""Without it such a file lacks the fields that other releases require."""

EARLY_EXPRESSIONS: Final = Clue(
    "${env.X:default} and ${env.X+value} are expanded until 0.2.12",
    below=changes.EXPRESSION_OPERATORS,
    is_strong=False,
)
INLINE_STORES: Final = Clue("metadata_store and inference_store belong to 0.2", below=changes.CATALOG)
NO_STORAGE: Final = Clue("storage may be left out since 0.4", low=changes.STORAGE_OPTIONAL, is_strong=False)
STORAGE: Final = Clue("storage exists since 0.3", low=changes.CATALOG)
WITHOUT_PROMPTS: Final = Clue(
    "storage.stores without prompts belongs to 0.3", below=changes.PROMPTS_STORE, is_strong=False
)
OGX_FOLDER: Final = Clue("the ~/.ogx folder is used since 0.8", low=changes.OGX, is_strong=False)
LLAMA_FOLDER: Final = Clue("the ~/.llama folder was used before 0.8", below=changes.OGX, is_strong=False)
PERSISTENCE_STORE: Final = Clue("persistence_store belongs to 0.2", below=changes.CATALOG)
TELEMETRY_API: Final = Clue("the telemetry API takes no providers since 0.3", below=changes.CATALOG)


def of_api(name: str) -> Iterator[Clue]:
    """Yield what the name of an API says, in `apis` or `providers`."""
    if name == "telemetry":
        yield TELEMETRY_API
    else:
        yield from _clue(f"the {name} API", api_entries(name))


def of_key(name: str) -> Iterator[Clue]:
    """Yield what a key of the top level says."""
    yield from _clue(f"the key {name}", _facts(STACK, name), is_strong=name in STRONG_KEYS)


def of_server_key(name: str) -> Iterator[Clue]:
    """Yield what a key of `server` says."""
    yield from _clue(f"server.{name}", _facts(SERVER, name), is_strong=name in STRONG_SERVER_KEYS)


def of_backend_field(type_: str, name: str) -> Iterator[Clue]:
    """Yield what a field of a backend says."""
    shape = BACKENDS.get(type_)
    if shape is not None:
        is_strong = name in STRONG_BACKEND_FIELDS
        what = name if is_strong else f"{name} of {type_}"
        yield from _clue(what, _facts(shape, name), is_strong=is_strong)


def of_store(name: str, family: Family | None) -> Iterator[Clue]:
    """Yield what a store says that is written as a reference of that family; None where the file does not show which.

    1.0 and later rewrite references of prompts and connectors from the key-value family to SQL: that form is no proof.
    """
    entries = store_entries(name)
    if len({entry.spec.family for entry in entries}) == 1:
        yield from _clue(f"storage.stores.{name}", entries)
    elif family is not None:
        what = f"storage.stores.{name} as a {_FAMILIES[family]} store"
        found = [entry for entry in entries if entry.spec.family is family]
        yield from _clue(what, found, is_strong=family is Family.SQL)


_FAMILIES: Final = {Family.KV: "key-value", Family.SQL: "SQL"}


def of_inference_field(name: str) -> Iterator[Clue]:
    """Yield what a field of the inference store says."""
    yield from _clue(f"storage.stores.inference.{name}", _facts(INFERENCE_REFERENCE, name))


def of_provider(api: str, type_: str) -> Iterator[Clue]:
    """Yield what a provider's type says: other releases start without it, or were given it from elsewhere."""
    yield from _clue(f"{type_} of {api}", provider_entries(api, type_), is_strong=False)


def of_reference(api: str, type_: str, path: tuple[str, ...]) -> Iterator[Clue]:
    """Yield what a reference says that stands in a provider's config."""
    entries = [row for row in CONSUMERS if row.api == api and row.path == path and type_ in row.types]
    yield from _clue(f"{'.'.join(path)} of {api}", entries)


def of_missing_references(api: str, type_: str, config: Mapping[object, object]) -> Iterator[Clue]:
    """Yield what it says that a provider lacks a reference without which some releases do not start it."""
    rows = [row for row in CONSUMERS if row.api == api and type_ in row.types and row.is_required]
    for path in dict.fromkeys(row.path for row in rows):
        if _holds(config, path):
            continue
        low, below = _span([row for row in rows if row.path == path])
        what = f"{type_} of {api} starts without {'.'.join(path)}"
        if low is not None and below is None:
            yield Clue(f"{what} before {_short(low)}", below=low, is_strong=False)
        elif below is not None and low is None:
            yield Clue(f"{what} since {_short(below)}", low=below, is_strong=False)


def _holds(config: Mapping[object, object], path: tuple[str, ...]) -> bool:
    found: object = config
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found is not None


def _facts(shape: Shape, name: str) -> list[Dated]:
    return [fact for fact in shape.facts if fact.name == name]


def _clue(what: str, entries: Iterable[Dated], *, is_strong: bool = True) -> Iterator[Clue]:
    """Yield the releases that have one of the entries, unless all or none have."""
    low, below = _span(entries)
    if low is not None and below is not None:
        yield Clue(f"{what} exists from {_short(low)} until {_short(below)}", low, below, is_strong)
    elif low is not None:
        yield Clue(f"{what} exists since {_short(low)}", low=low, is_strong=is_strong)
    elif below is not None:
        yield Clue(f"{what} was removed in {_short(below)}", below=below, is_strong=is_strong)


def _span(entries: Iterable[Dated]) -> tuple[Version | None, Version | None]:
    """Return the first release that has one of the entries, and the first after them; None where that is the end of the table."""
    found = list(entries)
    if not found:
        return None, None
    first = min(entry.since or changes.CATALOG for entry in found)
    ends = [entry.until for entry in found]
    below = None if None in ends else max(end for end in ends if end is not None)
    return None if first <= changes.CATALOG else first, below


def _short(version: Version) -> str:
    return str(version) if version.patch else f"{version.major}.{version.minor}"
