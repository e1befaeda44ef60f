"""Run configs over throw-away stores, loaded as the program loads them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from llama_storage_tui.demo.deployment import DEMOS
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.limits import Timeouts
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.configs import catalog_of
from tests.patience import PATIENCE
from tests.servers import PASSWORD, ROLE
from tests.stores import (
    ADMINISTRATOR,
    MONGO_PASSWORD,
    KeyStore,
    MongoStore,
    PostgresStore,
    RedisStore,
    SqliteStore,
    Store,
)


@cache
def _demo(name: str) -> tuple[tempfile.TemporaryDirectory[str], LoadRequest]:
    """Make the folder of a demo that others are copied from; it is removed when the process ends."""
    kept = tempfile.TemporaryDirectory()
    return kept, DEMOS[name](Path(kept.name))


def copy_demo(folder: Path, name: str = "catalog") -> LoadRequest:
    """Lay out in a folder what a demo's maker does, in a part of its time."""
    kept, made = _demo(name)
    shutil.copytree(kept.name, folder, dirs_exist_ok=True)
    return replace(
        made,
        config=str(folder / Path(made.config).name),
        env_files=tuple(str(folder / Path(name).name) for name in made.env_files),
        environ={"HOME": str(folder)},
        path_map=tuple((server, str(folder)) for server, _ in made.path_map),
    )


def backend_of(store: Store | KeyStore, family: str, **changes: object) -> dict[str, object]:
    """Return the settings of a backend on a store; `family` is `kv` or `sql`."""
    match store:
        case SqliteStore():
            found: dict[str, object] = {"type": f"{family}_sqlite", "db_path": str(store.path)}
        case PostgresStore():
            found = {
                "type": f"{family}_postgres",
                "host": "127.0.0.1",
                "port": store.server.port,
                "db": store.database,
                "user": ROLE,
                "password": PASSWORD,
            }
            found |= {"table_name": "kvstore"} if family == "kv" else {}
        case RedisStore() if family == "kv":
            found = {"type": "kv_redis", "host": "127.0.0.1", "port": store.server.port}
        case MongoStore() if family == "kv":
            found = {
                "type": "kv_mongodb",
                "host": "127.0.0.1",
                "port": store.server.port,
                "db": "stack",
                "user": ADMINISTRATOR,
                "password": MONGO_PASSWORD,
                "collection_name": store.collection,
            }
        case _:
            # Of an engine without tables: a file that nothing writes.
            found = {"type": "sql_sqlite", "db_path": "/nowhere/sql.db"}
    return found | changes


def config_of(
    backends: Mapping[str, Mapping[str, object]],
    stores: Mapping[str, Mapping[str, str]],
    providers: Mapping[str, object] | None = None,
) -> str:
    """Return a run config; JSON is YAML."""
    return json.dumps(
        {
            "version": 2,
            "distro_name": "demo",
            "apis": ["inference"],
            "providers": dict(providers or {}),
            "storage": {"backends": dict(backends), "stores": dict(stores)},
        }
    )


@dataclass(frozen=True)
class Deployment:
    """A catalog of one store: its key-value side `kv_default`, its tables `sql_default`."""

    catalog: Catalog

    def session(self, **limits: float) -> Session:
        """Open a session; who asks closes it."""
        return Session(self.catalog, Timeouts(**{"connect": PATIENCE, "query": PATIENCE, **limits}))


def deployment(
    store: Store | KeyStore,
    version: str = "1.5.0",
    *,
    stores: Mapping[str, Mapping[str, str]] | None = None,
    providers: Mapping[str, object] | None = None,
    **changes: object,
) -> Deployment:
    """Return a deployment whose backends both lie in one store."""
    backends = {
        "kv_default": backend_of(store, "kv", **changes),
        "sql_default": backend_of(store, "sql", **changes),
    }
    chosen = stores or {
        "metadata": {"backend": "kv_default", "namespace": "registry"},
        "inference": {"backend": "sql_default", "table_name": "inference_store"},
    }
    return Deployment(catalog_of(config_of(backends, chosen, providers), version))
