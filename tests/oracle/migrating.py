"""Bring small stores from one version to another as a plan says, in a loop of its own: what the packages then read is recorded.

    PYTHONPATH=. python tests/oracle/migrating.py FOLDER      # one folder for each pair, and one for each old store

Run in the project's own environment. Then, in an environment with each package, `record_migration.py read FOLDER/PAIR PAIR` with
FILES_STORAGE_DIR=/srv/new/files for pairs and /srv/llama/files for the old stores.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from llama_storage_tui.backends.sqlite.target import SqliteTarget
from llama_storage_tui.model.data import Cell, KeySelection
from llama_storage_tui.model.transfer import DataPlan, PlanChoices, TransferItem, TransferPlace
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.migration.planning import plan_data
from llama_storage_tui.services.requests import LoadRequest
from llama_storage_tui.services.session import Session
from tests.oracle.migration_stores import dump, restore, save, saved

OLD: Final = ("llama-stack-0.2.24", "llama-stack-0.3.5", "llama-stack-0.7.3")
PAIRS: Final = (
    ("llama-stack-0.2.24", "llama-stack-0.3.5"),
    ("llama-stack-0.2.24", "llama-stack-0.7.3"),
    ("llama-stack-0.2.24", "ogx-1.5.0"),
    ("llama-stack-0.3.5", "ogx-1.5.0"),
    ("llama-stack-0.7.3", "ogx-1.5.0"),
)
TYPES: Final = {
    "string": "VARCHAR",
    "text": "TEXT",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "json": "JSON",
}

_INLINE: Final = """
version: 2
image_name: starter
apis: [agents, batches, datasetio, files, inference, vector_io]
providers:
  vector_io:
  - {provider_id: faiss, provider_type: "inline::faiss", config: {kvstore: {type: sqlite, db_path: "${env.OLD}/sqlite/faiss_store.db"}}}
  files:
  - provider_id: localfs
    provider_type: inline::localfs
    config: {storage_dir: /srv/llama/files, metadata_store: {type: sqlite, db_path: "${env.OLD}/sqlite/files_metadata.db"}}
  agents:
  - provider_id: meta-reference
    provider_type: inline::meta-reference
    config:
      persistence_store: {type: sqlite, db_path: "${env.OLD}/sqlite/agents_store.db"}
      responses_store: {type: sqlite, db_path: "${env.OLD}/sqlite/responses_store.db"}
  datasetio:
  - {provider_id: localfs, provider_type: "inline::localfs", config: {kvstore: {type: sqlite, db_path: "${env.OLD}/sqlite/datasets.db"}}}
  batches:
  - {provider_id: reference, provider_type: "inline::reference", config: {kvstore: {type: sqlite, db_path: "${env.OLD}/sqlite/batches.db"}}}
metadata_store: {type: sqlite, db_path: "${env.OLD}/sqlite/registry.db"}
inference_store: {type: sqlite, db_path: "${env.OLD}/sqlite/inference_store.db"}
server: {port: 8321}
"""

_CATALOG: Final = """
version: 2
{name}: starter
apis: [{agents}, batches, files, inference, vector_io]
providers:
  vector_io:
  - {{provider_id: faiss, provider_type: "inline::faiss", config: {{persistence: {{namespace: "vector_io::faiss", backend: kv}}}}}}
  files:
  - provider_id: localfs
    provider_type: inline::localfs
    config: {{storage_dir: {files}, metadata_store: {{table_name: files_metadata, backend: sql}}}}
  {agents}:
  - provider_id: {provider}
    provider_type: inline::{provider}
    config:
      persistence:
        agent_state: {{namespace: agents, backend: kv}}
        responses: {{table_name: responses, backend: sql}}
  batches:
  - {{provider_id: reference, provider_type: "inline::reference", config: {batches}}}
storage:
  backends:
    kv: {{type: kv_{engine}, {kv}}}
    sql: {{type: sql_{engine}, {sql}}}
  stores:
    metadata: {{namespace: registry, backend: kv}}
    inference: {{table_name: inference_store, backend: sql}}
    conversations: {{table_name: openai_conversations, backend: sql}}
    {stores}
"""
_KEYS: Final = {"batches": "{kvstore: {namespace: batches, backend: kv}}"}
_NAMED: Final = {
    "llama-stack-0.3.5": {
        **_KEYS,
        "name": "image_name",
        "agents": "agents",
        "provider": "meta-reference",
        "stores": "",
    },
    "llama-stack-0.7.3": {
        **_KEYS,
        "name": "distro_name",
        "agents": "responses",
        "provider": "builtin",
        "stores": "prompts: {namespace: prompts, backend: kv}\n    connectors: {namespace: connectors, backend: kv}",
    },
    "ogx-1.5.0": {
        "name": "distro_name",
        "agents": "responses",
        "provider": "builtin",
        "batches": "{sqlstore: {table_name: batches, backend: sql}}",
        "stores": "prompts: {table_name: prompts, backend: sql}\n    connectors: {table_name: connectors, backend: sql}",
    },
}


def config_of(release: str, folder: str, files: str, login: str = "") -> str:
    """Return a run config of a release, with its stores in a folder, or in the PostgreSQL database of a login."""
    if release not in _NAMED:
        return _INLINE
    engine = "postgres" if login else "sqlite"
    kv, sql = (login or f'db_path: "{folder}/{name}.db"' for name in ("kvstore", "sql_store"))
    return _CATALOG.format(engine=engine, kv=kv, sql=sql, files=files, **_NAMED[release])


async def planned(
    old: str,
    new: str,
    source: Path,
    target: Path,
    choices: PlanChoices | None = None,
    *,
    knows_old: bool = True,
    login: str = "",
) -> DataPlan:
    """Return the plan from an old store to a folder of the new version, or to the PostgreSQL database of a login."""
    environ = {"OLD": str(source), "NEW": str(target), "LLAMA_STACK_CONFIG_DIR": str(source)}
    target.mkdir(parents=True, exist_ok=True)
    catalogs = []
    for release, folder, files in (
        (old, "${env.OLD}", "/srv/llama/files"),
        (new, "${env.NEW}", "/srv/new/files"),
    ):
        path = target / f"{release}.yaml"
        path.write_text(config_of(release, folder, files, login if release == new else ""))
        version = release.rpartition("-")[2]
        catalogs.append(load(LoadRequest(str(path), version=version, uses_environ=True, environ=environ)))
    async with Session(catalogs[1]) as session:
        return await plan_data(session, catalogs[0] if knows_old else None, choices)


def apply(plan: DataPlan) -> None:
    """Carry a plan out on SQLite files, as plainly as can be."""
    for item in plan.items:
        rows = [found for row in _read(item.source) for found in item.convert(row)]
        with closing(sqlite3.connect(_file(item.target))) as connection:
            _create(connection, item)
            for row in rows:
                _write(connection, item, row)
            connection.commit()


def _file(place: TransferPlace) -> Path:
    assert isinstance(place.target, SqliteTarget)
    return place.target.path


def _read(place: TransferPlace) -> list[dict[str, Cell]]:
    with closing(sqlite3.connect(_file(place))) as connection:
        found = connection.execute(f'SELECT * FROM "{place.container}" ORDER BY rowid')
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found]
    return rows if place.keys is None else [row for row in rows if _is_selected(place.keys, str(row["key"]))]


def _is_selected(keys: KeySelection, key: str) -> bool:
    found = max((len(each) for each in keys.include if key.startswith(each)), default=-1)
    return found > max((len(each) for each in keys.exclude if key.startswith(each)), default=-1)


def _create(connection: sqlite3.Connection, item: TransferItem) -> None:
    name, schema = item.target.container, item.target.schema
    if schema is None:
        if item.target.keys is not None:
            connection.execute(
                f'CREATE TABLE IF NOT EXISTS "{name}" (key TEXT PRIMARY KEY, value TEXT, expiration TIMESTAMP)'
            )
        return
    keys = ", ".join(column.name for column in schema.columns if column.is_primary_key)
    columns = ", ".join(f'"{column.name}" {TYPES[column.kind]}' for column in schema.columns)
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{name}" ({columns}, PRIMARY KEY ({keys}))')
    known = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
    for column in schema.columns:
        if column.name not in known:
            connection.execute(f'ALTER TABLE "{name}" ADD COLUMN "{column.name}" {TYPES[column.kind]}')


def _write(connection: sqlite3.Connection, item: TransferItem, row: Mapping[str, Cell]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    others = [name for name in row if name not in item.identity]
    keys = ", ".join(item.identity)
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    connection.execute(
        f'INSERT INTO "{item.target.container}" ({names}) VALUES ({marks}) ON CONFLICT ({keys}) DO UPDATE SET {sets}',
        list(row.values()),
    )


def migrate(old: str, new: str, folder: Path) -> Path:
    """Make a migrated store below a folder and return where it is."""
    source, target = folder / old, folder / f"{old}-to-{new}"
    if not source.exists():
        restore(saved(old), source)
    apply(asyncio.run(planned(old, new, source, target, PlanChoices(public_rows=True))))
    return target


if __name__ == "__main__":
    for old, new in PAIRS:
        migrated = migrate(old, new, Path(sys.argv[1]))
        save(migrated.name, dump(migrated))
