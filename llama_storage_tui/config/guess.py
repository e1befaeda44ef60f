"""Which server a config was written for, from its own words.

No file names its version: `version: 2` has meant nothing since 0.2.13. But APIs, stores and fields came and went, and each that
stands in the file narrows the range. A strong clue is something that another version rejects or does not have; a weak one is
only the habit of a version, and counts where it does not contradict the strong ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from llama_storage_tui.config.document import get
from llama_storage_tui.config.environment import EARLY_EXPRESSION
from llama_storage_tui.model.version import Version, VersionGuess
from llama_storage_tui.upstream import changes
from llama_storage_tui.upstream.versions import NEWEST, OLDEST_WITH_CATALOG, RELEASES

OLDEST: Final = Version(0, 2)
LEGACY_STORES: Final = ("metadata_store", "inference_store", "conversations_store")


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing in the file and the versions that it speaks for: from `low` (inclusive) to `below` (exclusive)."""

    because: str
    low: Version | None = None
    below: Version | None = None
    is_strong: bool = True


APIS: Final = {
    "agents": Clue("the agents API was renamed responses in 0.7", below=Version(0, 7)),
    "responses": Clue("the responses API exists since 0.7", low=Version(0, 7)),
    "datasetio": Clue("the datasetio API is gone in 0.8", below=Version(0, 8)),
    "eval": Clue("the eval API is gone in 0.8", below=Version(0, 8)),
    "scoring": Clue("the scoring API is gone in 0.8", below=Version(0, 8)),
    "post_training": Clue("the post_training API is gone in 0.8", below=Version(0, 8)),
    "safety": Clue("the safety API is gone in 1.0", below=Version(1, 0)),
    "telemetry": Clue("the telemetry API is gone in 0.3", below=Version(0, 3)),
    "interactions": Clue("the interactions API exists since 0.8", low=Version(0, 8)),
    "messages": Clue("the messages API exists since 0.8", low=Version(0, 8)),
    "skills": Clue("the skills API exists since 1.1", low=Version(1, 1)),
}
TOP_LEVEL: Final = {
    "distro_name": Clue("distro_name exists since 0.5", low=Version(0, 5)),
    "connectors": Clue("the top-level connectors list exists since 0.5", low=Version(0, 5)),
    "telemetry": Clue(
        "the top-level telemetry key is of 0.3", low=Version(0, 3), below=Version(0, 4), is_strong=False
    ),
    "registered_resources": Clue("registered_resources exists since 0.3", low=Version(0, 3), is_strong=False),
}
SERVER: Final = {
    "tenancy": Clue("server.tenancy exists since 1.2", low=Version(1, 2)),
    "insecure": Clue("server.insecure exists since 1.2", low=Version(1, 2)),
    "quota": Clue("server.quota is gone in 1.0", below=Version(1, 0)),
}
SQL_POSTGRES_FIELDS: Final = {
    "connection_string": Clue("connection_string exists since 1.4.1", low=Version(1, 4, 1)),
    "ssl_mode": Clue("ssl_mode on sql_postgres exists since 1.4", low=Version(1, 4), is_strong=False),
    "pool_size": Clue("pool_size on sql_postgres exists since 0.7", low=Version(0, 7), is_strong=False),
}
KV_POSTGRES_FIELDS: Final = {
    "connection_string": Clue("connection_string exists since 1.4.1", low=Version(1, 4, 1)),
    "pool_size": Clue("pool_size on kv_postgres exists since 1.0", low=Version(1, 0), is_strong=False),
    "command_timeout": Clue("command_timeout exists since 1.0.3", low=Version(1, 0, 3), is_strong=False),
}


def guess_version(raw: Mapping[str, object], chosen: Version | None) -> VersionGuess:
    """Guess the version from the file as written (before expansion); `chosen` is the operator's own word."""
    low, below = OLDEST, None
    because: list[str] = []
    counted: list[Clue] = []
    clues = list(_clues(raw))
    for clue in [*(c for c in clues if c.is_strong), *(c for c in clues if not c.is_strong)]:
        new_low = max(low, clue.low) if clue.low else low
        new_below = min(x for x in (below, clue.below) if x is not None) if below or clue.below else None
        if not any(new_low <= release and (new_below is None or release < new_below) for release in RELEASES):
            because.append(f"({clue.because}: contradicts the others)") if clue.is_strong else None
            continue
        low, below = new_low, new_below
        counted.append(clue)
    # What set the limits comes first: it is the reason; the rest only agrees.
    counted.sort(
        key=lambda clue: (clue.low != low or low == OLDEST) and (clue.below != below or below is None)
    )
    because = [*dict.fromkeys(clue.because for clue in counted), *because]
    fitting = [release for release in RELEASES if low <= release and (below is None or release < below)]
    guess = max(fitting, default=NEWEST)
    if not because:
        because.append("nothing in the file tells versions apart: the newest is assumed")
    return VersionGuess(guess, low, below, tuple(because), chosen or guess, chosen is not None)


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
    yield from (clue for name, clue in APIS.items() if name in names)
    yield from (clue for name, clue in TOP_LEVEL.items() if name in raw)
    if "telemetry" in names and "storage" in raw:
        yield Clue("storage exists since 0.3", low=Version(0, 3))
    server = raw.get("server")
    if isinstance(server, Mapping):
        yield from (clue for name, clue in SERVER.items() if name in server)
    if isinstance(providers, Mapping):
        yield from _provider_clues(providers)


def _storage_clues(raw: Mapping[str, object]) -> Iterator[Clue]:
    storage = raw.get("storage")
    if not isinstance(storage, Mapping):
        if any(name in raw for name in LEGACY_STORES):
            yield Clue("metadata_store and inference_store are of 0.2", below=Version(0, 3))
        elif "storage" not in raw:
            yield Clue("storage may be left out since 0.4", low=Version(0, 4), is_strong=False)
        return
    yield Clue("storage exists since 0.3", low=Version(0, 3))
    stores = storage.get("stores")
    if isinstance(stores, Mapping):
        yield from _store_clues(stores)
    backends = storage.get("backends")
    for backend in backends.values() if isinstance(backends, Mapping) else ():
        if isinstance(backend, Mapping):
            fields = {"sql_postgres": SQL_POSTGRES_FIELDS, "kv_postgres": KV_POSTGRES_FIELDS}.get(
                str(backend.get("type")), {}
            )
            yield from (clue for name, clue in fields.items() if name in backend)
            yield from _default_directory_clues(backend)


def _default_directory_clues(backend: Mapping[object, object]) -> Iterator[Clue]:
    path = str(backend.get("db_path", ""))
    if "/.ogx/" in path:
        yield Clue("the ~/.ogx folder is of 0.8 and later", low=Version(0, 8), is_strong=False)
    elif "/.llama/" in path:
        yield Clue("the ~/.llama folder is of versions before 0.8", below=Version(0, 8), is_strong=False)


def _store_clues(stores: Mapping[object, object]) -> Iterator[Clue]:
    prompts = stores.get("prompts")
    if isinstance(prompts, Mapping):
        if "table_name" in prompts:
            yield Clue("prompts lie in a SQL store since 1.0", low=Version(1, 0))
        elif "namespace" in prompts:
            # 1.0 and later rewrite such a reference on load: it is a habit of older versions and no proof.
            yield Clue(
                "prompts lay in a key-value store before 1.0",
                low=Version(0, 4),
                below=Version(1, 0),
                is_strong=False,
            )
    else:
        yield Clue("storage.stores without prompts is of 0.3", below=Version(0, 4), is_strong=False)
    connectors = stores.get("connectors")
    if isinstance(connectors, Mapping):
        if "table_name" in connectors:
            yield Clue("connectors lie in a SQL store since 1.0", low=Version(1, 0))
        else:
            yield Clue(
                "connectors lay in a key-value store from 0.5 to 0.8",
                low=Version(0, 5),
                below=Version(1, 0),
                is_strong=False,
            )
    if "vector_stores" in stores:
        yield Clue("storage.stores.vector_stores exists since 1.0", low=Version(1, 0))
    if get(stores, "inference", "enabled") is not None:
        yield Clue("storage.stores.inference.enabled exists since 1.4", low=Version(1, 4))


def _provider_clues(providers: Mapping[object, object]) -> Iterator[Clue]:
    for api, entries in providers.items():
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, Mapping):
                continue
            type_, config = entry.get("provider_type"), entry.get("config")
            if type_ == "inline::meta-reference":
                yield Clue(
                    "inline::meta-reference was renamed inline::builtin in 0.7",
                    below=Version(0, 7),
                    is_strong=False,
                )
            if type_ == "remote::neo4j":
                yield Clue("remote::neo4j exists since 1.3", low=Version(1, 3))
            if not isinstance(config, Mapping):
                continue
            if api == "batches" and "sqlstore" in config:
                yield Clue("batches lie in a SQL store since 1.0", low=Version(1, 0))
            if api == "batches" and "kvstore" in config:
                yield Clue("batches lay in a key-value store before 1.0", below=Version(1, 0))
            if "thought_signature_store" in config:
                yield Clue("thought_signature_store exists since 1.4", low=Version(1, 4))
            if "persistence_store" in config:
                yield Clue("persistence_store is of 0.2", below=Version(0, 3))


def _expression_clues(raw: object) -> Iterator[Clue]:
    """Expressions of 0.2.12 and earlier; later servers take them as literal text, so they are no proof."""
    todo = [raw]
    while todo:
        data = todo.pop()
        if isinstance(data, Mapping):
            todo += data.values()
        elif isinstance(data, list):
            todo += data
        elif (
            isinstance(data, str)
            and "${env." in data
            and any(
                found[2] == "+" or (found[2] == ":" and found[3][:1] not in ("=", "+", "-", "?"))
                for found in EARLY_EXPRESSION.finditer(data, 0, data.rfind("}") + 1)
            )
        ):
            yield Clue(
                "${env.X:default} and ${env.X+value} are expanded until 0.2.12",
                below=changes.EXPRESSION_OPERATORS,
                is_strong=False,
            )
            return


def other_guesses(raw: Mapping[str, object], guess: VersionGuess) -> Iterator[Version]:
    """Yield the newest release of every other minor version that no strong clue speaks against, newest first."""
    strong = [clue for clue in _clues(raw) if clue.is_strong]
    seen = {(guess.guess.major, guess.guess.minor)}
    for release in reversed(RELEASES):
        # What 0.2 refuses is not known here: it would seem to load anything.
        if (release.major, release.minor) in seen or release < OLDEST_WITH_CATALOG:
            continue
        if all(
            (clue.low is None or clue.low <= release) and (clue.below is None or release < clue.below)
            for clue in strong
        ):
            seen.add((release.major, release.minor))
            yield release
