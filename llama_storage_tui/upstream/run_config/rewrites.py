"""What a version's loader changes in a document before it validates it.

Up to 0.8 the command line reads the file with a legacy form upgraded and `version` overwritten, and the server then reads the
same file as it stands: both have to pass. From 1.0 both read it the first way.

Source: `core/configure.py`, `cli/stack/run.py`, `core/server/server.py`, and the store models of ogx. Left out because they
cannot change the verdict: the name turned into text (the schema takes any), and the default of `server.tenancy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.version import Version
from llama_storage_tui.upstream.run_config.problems import Loc, Problem, ProblemKind

_ALWAYS_UPGRADES: Final = Version(0, 3, 1)
_ONE_READING: Final = Version(1, 0, 0)

RESOLVED_COPY: Final = Version(1, 2, 0)
"""From here on the server reads a copy of the file that has lost unknown keys."""

_LEGACY_KEYS: Final = ("version", "routing_table", "api_providers", "provider_map", "apis_to_serve")

_LEGACY_STORAGE: Final = {
    "backends": {
        "kv_default": {"type": "kv_sqlite", "db_path": "kvstore.db"},
        "sql_default": {"type": "sql_sqlite", "db_path": "sql_store.db"},
    },
    "stores": {
        "metadata": {"backend": "kv_default", "namespace": "registry"},
        "inference": {"backend": "sql_default", "table_name": "inference_store"},
        "conversations": {"backend": "sql_default", "table_name": "openai_conversations"},
    },
}
"""What a document with a routing_table gets; the files stand in the server's own directory, `~/.llama` or `~/.ogx`."""


@dataclass(frozen=True, slots=True)
class ValidatedDocument:
    """A document as the version validates it; `moved` maps a place in it to where that stands in the file."""

    document: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    moved: Mapping[Loc, Loc] = field(default_factory=dict)


def readings(document: Mapping[str, Any], version: Version) -> tuple[ValidatedDocument, ...]:
    """Return what has to pass for the document to load; what makes a loader crash becomes a problem."""
    # A falsy logging_config is not looked at.
    plain = {
        key: value
        for key, value in document.items()
        if isinstance(key, str) and (key != "logging_config" or value)
    }
    odd = tuple(_odd_keys(document, version))
    upgraded = _upgraded(plain, odd) if _has_legacy_form(plain, version) else None
    if version < _ONE_READING:
        return (
            (ValidatedDocument(plain, odd),)
            if upgraded is None
            else (upgraded, ValidatedDocument(plain, odd))
        )
    return (_with_sql_stores(upgraded or ValidatedDocument({**plain, "version": 2}, odd)),)


def _odd_keys(document: Mapping[str, Any], version: Version) -> Iterator[Problem]:
    """Both mappings are handed over as keyword arguments, which have to be text."""
    if not all(isinstance(key, str) for key in document):
        yield Problem((), ProblemKind.WRONG_TYPE, "Every key at the top level must be text.")
    logging = document.get("logging_config") if version < RESOLVED_COPY else None
    if isinstance(logging, Mapping) and not all(isinstance(key, str) for key in logging):
        yield Problem(("logging_config",), ProblemKind.WRONG_TYPE, "Every key must be text.")


def _has_legacy_form(document: Mapping[str, Any], version: Version) -> bool:
    # 0.3.0 looks at the form only where `version` does not already say 2.
    return "routing_table" in document and (version >= _ALWAYS_UPGRADES or document.get("version") != 2)


def _upgraded(document: Mapping[str, Any], odd: tuple[Problem, ...]) -> ValidatedDocument:
    """Turn routing_table and api_providers into providers, and apis_to_serve into apis."""
    problems = list(odd)
    moved: dict[Loc, Loc] = {}
    providers: dict[str, list[Any]] = {}
    table = document["routing_table"]
    if not isinstance(table, Mapping):
        problems.append(Problem(("routing_table",), ProblemKind.WRONG_TYPE, "Must be a mapping."))
        table = {}
    for api, entries in table.items():
        problems += _crashes(("routing_table", api), entries)
        providers[api] = [_provider(entry) for entry in entries] if isinstance(entries, list) else []
    name, single = _single_providers(document)
    if single and not isinstance(single, Mapping):
        problems.append(Problem((name,), ProblemKind.WRONG_TYPE, "Must be a mapping."))
    elif single:
        for api, entry in single.items():
            if isinstance(entry, Mapping) and "provider_type" in entry:
                problems += _crashes((name, api), [entry])
                providers[api] = [_provider(entry)]
                moved["providers", api, 0] = (name, api)
    if "apis_to_serve" not in document:
        message = "apis_to_serve is required by routing_table."
        problems.append(Problem(("apis_to_serve",), ProblemKind.MISSING, message))
    result = {key: value for key, value in document.items() if key not in _LEGACY_KEYS}
    result |= {"providers": providers, "apis": document.get("apis_to_serve", [])}
    result.setdefault("storage", _LEGACY_STORAGE)
    moved |= {("apis",): ("apis_to_serve",), ("providers",): ("routing_table",)}
    return ValidatedDocument(result, tuple(problems), moved)


def _single_providers(document: Mapping[str, Any]) -> tuple[str, Any]:
    name = "api_providers" if "api_providers" in document else "provider_map"
    return name, document.get(name)


def _crashes(place: Loc, entries: object) -> Iterator[Problem]:
    """Yield a problem where upgrading one API's entries would crash; their types are the schema's business."""
    is_empty = isinstance(entries, Mapping | str | bytes | set) and not entries
    if not is_empty and not (isinstance(entries, list) and all(map(_has_both, entries))):
        message = "Every provider of a routing_table needs provider_type and config."
        yield Problem(place, ProblemKind.INVALID, message)


def _has_both(entry: object) -> bool:
    return isinstance(entry, Mapping) and "provider_type" in entry and "config" in entry


def _provider(entry: Any) -> dict[str, Any]:  # noqa: ANN401 - anything that stands in the list
    given = entry if isinstance(entry, Mapping) and _has_both(entry) else {"provider_type": "", "config": {}}
    return {"provider_id": "", "provider_type": given["provider_type"], "config": given["config"]}


def _with_sql_stores(reading: ValidatedDocument) -> ValidatedDocument:
    """Turn key-value references of prompts and connectors into SQL references."""
    document = reading.document
    storage = document.get("storage")
    stores = storage.get("stores") if isinstance(storage, Mapping) else None
    if not isinstance(storage, Mapping) or not isinstance(stores, Mapping):
        return reading
    problems = list(reading.problems)
    moved = dict(reading.moved)
    changed: dict[str, Any] = {}
    for name in ("prompts", "connectors"):
        reference = stores.get(name)
        if not isinstance(reference, Mapping) or "namespace" not in reference or "table_name" in reference:
            continue
        place = ("storage", "stores", name)
        changed[name] = sql_reference(name, reference)
        moved[*place, "table_name"] = (*place, "namespace")
        if not isinstance(reference.get("backend", ""), str):
            problems.append(Problem((*place, "backend"), ProblemKind.WRONG_TYPE, "Must be text."))
    rewritten = {**document, "storage": {**storage, "stores": {**stores, **changed}}}
    return ValidatedDocument(rewritten, tuple(problems), moved)


def sql_reference(name: str, reference: Mapping[Any, Any]) -> dict[Any, Any]:  # a file's keys are anything
    """Rename the namespace to a table, and the backend as two pieces of the loader do, which differ."""
    result = {key: value for key, value in reference.items() if key != "namespace"}
    result["table_name"] = reference["namespace"]
    if name == "connectors":
        result.setdefault("backend", "sql_default")
    backend = result.get("backend")
    if isinstance(backend, str):
        is_prompts = name == "prompts"
        result["backend"] = re.sub("^kv_" if is_prompts else "kv_", "sql_", backend)
    return result
