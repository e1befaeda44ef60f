"""Record what a start of ogx makes of the stores of item_upgrade_cases.py: run by hand, in an environment with that package.

    PYTHONPATH=. python tests/oracle/record_item_upgrade.py [--postgres HOST:PORT:USER:PASSWORD:DATABASE]

Writes tests/oracle/item_upgrade/<package>-<version>-<engine>.json. The package's own conversation service starts on each store, as
it is and after the advice. With --postgres the tables of that database are dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.metadata
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.oracle.item_upgrade_cases import ADVICE, STATES

conversations: Any = importlib.import_module("ogx.core.conversations.conversations")
datatypes: Any = importlib.import_module("ogx.core.storage.datatypes")
sqlstore: Any = importlib.import_module("ogx.core.storage.sqlstore.sqlstore")

FOLDER = Path(__file__).parent / "item_upgrade"
TABLES = ("conversation_items", "conversation_items_v1", "kept_items")
MARKS = "conversation_migrations"


async def run(url: str, script: str) -> None:
    """Run statements, each of its own."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in script.split("; "):
            await connection.exec_driver_sql(statement)
    await engine.dispose()


async def start(backend: Any) -> str | None:  # noqa: ANN401 - the package's own
    """Start the package's conversation service; return the error that stops it."""
    sqlstore.register_sqlstore_backends({"sql": backend})
    reference = datatypes.SqlStoreReference(backend="sql", table_name="openai_conversations")
    config = SimpleNamespace(storage=SimpleNamespace(stores=SimpleNamespace(conversations=reference)))
    service = conversations.ConversationServiceImpl(
        conversations.ConversationServiceConfig.model_construct(config=config, policy=[]), {}
    )
    try:
        await service.initialize()
    except Exception as error:  # noqa: BLE001 - any refusal is an answer
        return f"{type(error).__name__}: {error}".splitlines()[0][:120]
    return None


async def look(url: str) -> dict[str, Any]:
    """Return the ids in each table, and whether the mark is set."""
    engine = create_async_engine(url)
    found: dict[str, Any] = {}
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        for table in TABLES:
            if table in names:
                column = "it" if "it" in await columns(connection, table) else "id"
                rows = await connection.exec_driver_sql(f"SELECT {column} FROM {table} ORDER BY 1")
                found[table] = [row[0] for row in rows]
        found["is_marked"] = MARKS in names and bool(
            (await connection.exec_driver_sql(f"SELECT count(*) FROM {MARKS}")).scalar()
        )
    await engine.dispose()
    return found


async def columns(connection: Any, table: str) -> list[str]:  # noqa: ANN401 - SQLAlchemy's
    """Return a table's columns."""
    return [
        each["name"] for each in await connection.run_sync(lambda sync: sa.inspect(sync).get_columns(table))
    ]


async def main() -> None:
    """Record every state, as it is and after the advice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres")
    server = parser.parse_args().postgres
    found: dict[str, Any] = {}
    for name, state in STATES.items():
        for advised in (False, True):
            script = f"{state}; {ADVICE[name]}" if advised and name in ADVICE else state
            if advised and name not in ADVICE:
                continue
            with tempfile.TemporaryDirectory() as folder:
                if server:
                    host, port, user, password, database = server.split(":")
                    url = f"postgresql+asyncpg://{user}:{password}@{host}:{port}/{database}"
                    backend: Any = datatypes.PostgresSqlStoreConfig(
                        host=host, port=int(port), db=database, user=user, password=password
                    )
                    for table in ("openai_conversations", MARKS, *TABLES):
                        await run(url, f"DROP TABLE IF EXISTS {table}")
                else:
                    url = f"sqlite+aiosqlite:///{folder}/store.db"
                    backend = datatypes.SqliteSqlStoreConfig(db_path=f"{folder}/store.db")
                await run(url, script)
                error = await start(backend)
                found[f"{name}, as advised" if advised else name] = {"error": error, **await look(url)}
    version = importlib.metadata.version("ogx")
    target = FOLDER / f"ogx-{version}-{'postgres' if server else 'sqlite'}.json"
    lines = (f"{json.dumps(name)}: {json.dumps(each)}" for name, each in found.items())
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


asyncio.run(main())
