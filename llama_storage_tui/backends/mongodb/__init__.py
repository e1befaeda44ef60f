"""MongoDB: keys, logins, password changes and connection tests. The only room that imports pymongo, an optional driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llama_storage_tui.backends.mongodb.target import MongoTarget, container, location, mongo_target
from llama_storage_tui.backends.mongodb.uri import host_fault
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, Roles
from llama_storage_tui.model.limits import Timeouts

if TYPE_CHECKING:
    # Names of annotations only.
    from llama_storage_tui.backends.protocols import ItemSource, Reader, RoleLogin, RoleServer


def _reader(target: MongoTarget, timeouts: Timeouts) -> Reader:
    from llama_storage_tui.backends.mongodb.reader import mongo_reader

    return mongo_reader(target, timeouts=timeouts)


def _source(target: MongoTarget, timeouts: Timeouts) -> ItemSource:
    from llama_storage_tui.backends.mongodb.source import MongoSource

    return MongoSource(target, timeouts=timeouts)


def _login(target: MongoTarget, timeouts: Timeouts) -> RoleLogin:
    from llama_storage_tui.backends.mongodb.role import MongoRole

    return MongoRole(target, timeouts=timeouts)


def _server(target: MongoTarget, timeouts: Timeouts) -> RoleServer:
    from llama_storage_tui.backends.mongodb.role_change import MongoRoleWriter

    return MongoRoleWriter(target, timeouts=timeouts)


ENGINE: Final = EngineSpec(
    name="MongoDB",
    types=("kv_mongodb",),
    target=MongoTarget,
    read_target=mongo_target,
    location=location,
    container=container,
    reader=_reader,
    bulk_copy=BulkCopy(_source, None, only_moves=True),
    roles=Roles(_login, _server),
    driver="pymongo (4.13 or newer)",
    extra="mongo",
    host_fault=host_fault,
)
