"""What an operator wants to know of a MongoDB server, by commands that change nothing.

`ping`, `hello`, `buildInfo` and `connectionStatus`; of the collection `count` without a condition, and `listIndexes`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from pymongo.errors import OperationFailure

from llama_storage_tui.backends.mongodb.connecting import Client, FailedMongoConnection, ask, limits
from llama_storage_tui.backends.mongodb.pipelines import indexes_on_key
from llama_storage_tui.backends.mongodb.role import answer_of
from llama_storage_tui.backends.mongodb.role_rules import MongoAnswer, is_on_this_machine
from llama_storage_tui.backends.mongodb.target import MongoTarget
from llama_storage_tui.backends.protocols import Prober
from llama_storage_tui.deferred import dataclass
from llama_storage_tui.model.data import Cell, Probe
from llama_storage_tui.model.limits import Timeouts

_WRITES: Final = frozenset({"insert", "update", "remove"})
_WRITERS_OF_DATABASE: Final = frozenset({"readWrite", "dbOwner"})
_WRITERS_OF_ALL: Final = frozenset({"readWriteAnyDatabase", "root"})


@dataclass(frozen=True, slots=True)
class _Answer:
    facts: MongoAnswer
    version: str
    latency_ms: float
    collection: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class MongoProber(Prober):
    """The test of a MongoDB collection, or of a login alone."""

    target: MongoTarget
    timeouts: Timeouts

    async def probe(self, *, thorough: bool = False) -> Probe:
        """Connect as servers do, and describe; there is nothing more thorough than that. Raises BackendError."""
        del thorough
        target, timeouts = self.target, self.timeouts
        started = time.perf_counter()

        async def question(client: Client) -> _Answer:
            latency_ms = (time.perf_counter() - started) * 1000
            facts = await answer_of(client, target, seconds=timeouts.query)
            build = await client.admin.command("buildInfo", **limits(timeouts.query))
            about = (
                {} if target.collection is None else await _about_collection(client, target, timeouts.query)
            )
            return _Answer(facts, str(build.get("version", "")), latency_ms, about)

        found = await ask(target, target.password, question, connect=timeouts.connect, answer=timeouts.query)
        if isinstance(found, FailedMongoConnection):
            raise found.error
        facts = found.facts
        return Probe(
            server=f"MongoDB {found.version}",
            user=", ".join(f"{user}@{database}" for user, database in facts.users) or None,
            tls="TLS" if target.uses_tls else None,
            is_writable=may_write(facts, target) if facts.is_writable else False,
            latency_ms=found.latency_ms,
            details={**_details(facts, target), **found.collection},
            warnings=tuple(_warnings(facts, target)),
        )


async def _about_collection(client: Client, target: MongoTarget, seconds: float | None) -> dict[str, Cell]:
    """Return how many documents there are and what is indexed, without reading any; what the user may not ask is left out."""
    collection = client[target.database][str(target.collection)]
    found: dict[str, Cell] = {}
    with suppress(OperationFailure):
        found["documents (estimate)"] = await collection.estimated_document_count(**limits(seconds))
    with suppress(OperationFailure):
        indexes = [index async for index in await collection.list_indexes()]
        # A collection that is there has at least the index on _id.
        if indexes:
            is_emptied = any(
                [*index["key"]] == ["expiration"] and "expireAfterSeconds" in index for index in indexes
            )
            found["index on key"] = _index_on_key(indexes)
            found["expired keys"] = (
                "removed by the server (TTL index)" if is_emptied else "stay (no TTL index)"
            )
    return found


def _index_on_key(indexes: Sequence[Mapping[str, Any]]) -> str:
    """Return what an index does for keys; one with another order of letters does nothing."""
    usable = indexes_on_key(indexes)
    if not usable:
        return "none: lists look at the collection itself"
    return "unique" if any(index.get("unique") for index in usable) else "not unique"


def may_write(facts: MongoAnswer, target: MongoTarget) -> bool | None:
    """Tell whether the user may change the collection; None where the server does not list its privileges."""
    for role, home in facts.roles:
        if (role in _WRITERS_OF_DATABASE and home == target.database) or (
            role in _WRITERS_OF_ALL and home == "admin"
        ):
            return True
    if not facts.privileges:
        return None
    allowed = {
        action
        for privilege in facts.privileges
        if _covers(privilege.get("resource"), target)
        for action in privilege.get("actions") or ()
    }
    return allowed >= _WRITES


def _covers(resource: Any, target: MongoTarget) -> bool:  # noqa: ANN401 - the server's
    if not isinstance(resource, Mapping):
        return False
    if resource.get("anyResource") is True:
        return True
    return resource.get("db") in ("", target.database) and resource.get("collection") in (
        "",
        target.collection,
    )


def _details(facts: MongoAnswer, target: MongoTarget) -> dict[str, Cell]:
    kind = f"the primary of set {facts.set_name}" if facts.set_name else "a standalone server"
    if facts.is_sharded:
        kind = "a router of a sharded cluster"
    elif not facts.is_writable:
        kind = "a member that takes no changes"
    return {
        "address": facts.address,
        "server is": kind,
        "database": target.database,
        "collection": target.collection,
        "authentication database": target.auth_source if target.user else None,
        "roles": ", ".join(f"{role}@{database}" for role, database in facts.roles) or None,
    }


def _warnings(facts: MongoAnswer, target: MongoTarget) -> Iterator[str]:
    if not facts.is_writable:
        yield "This member is not the primary: a server could read from it but not write."
    if not target.user:
        yield "Servers connect without a login: whoever reaches this address may do as much as they may."
    if not target.uses_tls and not is_on_this_machine(facts):
        yield "The connection is not encrypted."
