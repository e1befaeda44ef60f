"""Which server a config was written for, from its own words.

No file names its version: `version: 2` has meant nothing since 0.2.13. But APIs, stores and fields came and went, and each that
stands in the file narrows the range. A strong clue is something that another version rejects or does not have; a weak one is
only the habit of a version, and counts where it does not contradict the strong ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from llama_storage_tui.config.document import mapping_at, provider_entries, strings
from llama_storage_tui.config.environment import EARLY_EXPRESSION
from llama_storage_tui.model.catalog import Family
from llama_storage_tui.model.version import Version, VersionGuess
from llama_storage_tui.upstream import changes, clues
from llama_storage_tui.upstream.clues import Clue
from llama_storage_tui.upstream.versions import RELEASES

LEGACY_STORES: Final = ("metadata_store", "inference_store", "conversations_store")


def guess_version(raw: Mapping[str, object], chosen: Version | None) -> VersionGuess:
    """Guess the version from the file as written (before expansion); `chosen` is the operator's own word."""
    low, below = RELEASES[0], None
    counted: list[Clue] = []
    contradicted: list[Clue] = []
    for clue in _strong_first(raw):
        limits = _limits([*counted, clue])
        if any(_lies_in(release, limits) for release in RELEASES):
            low, below = limits
            counted.append(clue)
        elif clue.is_strong:
            contradicted.append(clue)
    guess = max(release for release in RELEASES if _lies_in(release, (low, below)))
    because = _reasons(counted, contradicted)
    if not because:
        because = ("nothing in the file depends on the version: the newest is assumed",)
    return VersionGuess(guess, low, below, because, chosen or guess, chosen is not None)


Limits = tuple[Version, Version | None]


def _limits(counted: Iterable[Clue]) -> Limits:
    """Return the first version that all clues speak for, and the first after them."""
    low, below = RELEASES[0], None
    for clue in counted:
        low = max(low, clue.low) if clue.low else low
        below = min(x for x in (below, clue.below) if x is not None) if below or clue.below else None
    return low, below


def _lies_in(release: Version, limits: Limits) -> bool:
    low, below = limits
    return low <= release and (below is None or release < below)


def _reasons(counted: list[Clue], contradicted: list[Clue]) -> tuple[str, ...]:
    """Say what speaks for a guess and what against it. What set the limits comes first: the rest only agrees."""
    low, below = _limits(counted)
    ordered = sorted(
        counted,
        key=lambda clue: (clue.low != low or low == RELEASES[0]) and (clue.below != below or below is None),
    )
    against = (f"({clue.because}: contradicts the others)" for clue in contradicted)
    return tuple(dict.fromkeys((*(clue.because for clue in ordered), *against)))


def _strong_first(raw: Mapping[str, object]) -> list[Clue]:
    return sorted(_clues(raw), key=lambda clue: not clue.is_strong)


def _clues(raw: Mapping[str, object]) -> Iterator[Clue]:
    yield from _storage_clues(raw)
    yield from _expression_clues(raw)
    apis = raw.get("apis")
    providers = raw.get("providers")
    names = {
        name
        for source in (apis, providers)
        if isinstance(source, list | dict)
        for name in source
        if isinstance(name, str)
    }
    for name in sorted(names):
        yield from clues.of_api(name)
    for name in raw:
        yield from clues.of_key(name)
    if "telemetry" in names and "storage" in raw:
        yield clues.STORAGE
    for key in mapping_at(raw, "server"):
        yield from clues.of_server_key(str(key))
    yield from _provider_clues(raw)


def _storage_clues(raw: Mapping[str, object]) -> Iterator[Clue]:
    storage = raw.get("storage")
    if not isinstance(storage, Mapping):
        if any(name in raw for name in LEGACY_STORES):
            yield clues.INLINE_STORES
        elif "storage" not in raw:
            yield clues.NO_STORAGE
        return
    yield clues.STORAGE
    stores = storage.get("stores")
    if isinstance(stores, Mapping):
        yield from _store_clues(stores)
    for backend in mapping_at(storage, "backends").values():
        if isinstance(backend, Mapping):
            for name in backend:
                yield from clues.of_backend_field(str(backend.get("type")), str(name))
            yield from _default_directory_clues(backend)


def _default_directory_clues(backend: Mapping[object, object]) -> Iterator[Clue]:
    path = str(backend.get("db_path", ""))
    if "/.ogx/" in path:
        yield clues.OGX_FOLDER
    elif "/.llama/" in path:
        yield clues.LLAMA_FOLDER


def _store_clues(stores: Mapping[object, object]) -> Iterator[Clue]:
    if not isinstance(stores.get("prompts"), Mapping):
        yield clues.WITHOUT_PROMPTS
    for name, entry in stores.items():
        yield from clues.of_store(str(name), _family(entry))
    for name, value in mapping_at(stores, "inference").items():
        if value is not None:
            yield from clues.of_inference_field(str(name))


def _family(entry: object) -> Family | None:
    if not isinstance(entry, Mapping):
        return None
    return Family.SQL if "table_name" in entry else Family.KV


def _provider_clues(raw: Mapping[str, object]) -> Iterator[Clue]:
    for api, _, entry in provider_entries(raw):
        type_, config = str(entry.get("provider_type")), entry.get("config") or {}
        yield from clues.of_provider(api, type_)
        if not isinstance(config, Mapping):
            continue
        yield from clues.of_missing_references(api, type_, config)
        for name, value in config.items():
            if name == "persistence_store":
                yield clues.PERSISTENCE_STORE
            yield from clues.of_reference(api, type_, (str(name),))
            for inner in value if isinstance(value, Mapping) else ():
                yield from clues.of_reference(api, type_, (str(name), str(inner)))


def _expression_clues(raw: object) -> Iterator[Clue]:
    """Expressions of 0.2.12 and earlier; later servers take them as literal text, so they are no proof."""
    written = (text for _, text in strings(raw) if "${env." in text)
    found = (each for text in written for each in EARLY_EXPRESSION.finditer(text, 0, text.rfind("}") + 1))
    if any(each[2] == "+" or (each[2] == ":" and each[3][:1] not in ("=", "+", "-", "?")) for each in found):
        yield clues.EARLY_EXPRESSIONS


def other_guesses(raw: Mapping[str, object], guess: VersionGuess) -> Iterator[VersionGuess]:
    """Yield guesses of the newest release of every other minor version that no more strong clues speak against.

    Those with the fewest against them come first, and of these the newest.
    """
    found = _strong_first(raw)

    def against(release: Version) -> list[Clue]:
        return [clue for clue in found if clue.is_strong and not _lies_in(release, _limits([clue]))]

    seen = {(guess.guess.major, guess.guess.minor)}
    others: list[Version] = []
    for release in reversed(RELEASES):
        # What 0.2 refuses is not known here: it would seem to load anything.
        if (release.major, release.minor) in seen or release < changes.CATALOG:
            continue
        seen.add((release.major, release.minor))
        others.append(release)
    most = len(against(guess.guess))
    for release in sorted(others, key=lambda other: len(against(other))):
        contradicted = against(release)
        if len(contradicted) > most:
            return
        counted = [clue for clue in found if _lies_in(release, _limits([clue]))]
        low, below = _limits(counted)
        yield VersionGuess(release, low, below, _reasons(counted, contradicted), release)
