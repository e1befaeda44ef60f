"""MongoDB: keys, logins, password changes and connection tests. The only room that imports pymongo, an optional driver."""

from __future__ import annotations

from typing import Final

from llama_storage_tui.backends.mongodb.target import MongoTarget, container, location, mongo_target
from llama_storage_tui.backends.mongodb.uri import host_fault
from llama_storage_tui.backends.spec import BulkCopy, EngineSpec, Roles, later

ENGINE: Final = EngineSpec(
    name="MongoDB",
    types=("kv_mongodb",),
    target=MongoTarget,
    read_target=mongo_target,
    location=location,
    container=container,
    reader=later(f"{__name__}.reader", "mongo_reader"),
    bulk_copy=BulkCopy(later(f"{__name__}.source", "MongoSource"), None, only_moves=True),
    roles=Roles(later(f"{__name__}.role", "MongoRole"), later(f"{__name__}.role_change", "MongoRoleWriter")),
    driver="pymongo (4.13 or newer)",
    extra="mongo",
    host_fault=host_fault,
)
