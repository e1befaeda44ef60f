"""Record what the packages' own key-value stores leave in Redis, MongoDB and PostgreSQL; see README.md.

Run it by hand with the interpreter of an environment that holds ``llama-stack`` or ``ogx`` and the drivers, and servers that nothing
else uses. The package's own classes write; what lies in the servers afterwards is read with the plain drivers.
"""

import argparse
import asyncio
import datetime as dt
import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LATER = dt.datetime(2999, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
WRITTEN: list[tuple[str, str, str, dt.datetime | None]] = [
    (
        "registry",
        "distributions:registry:v10::model:openai/gpt-4o",
        '{"identifier": "openai/gpt-4o", "type": "model", "provider_id": "openai", "owner": null}',
        None,
    ),
    (
        "registry",
        "distributions:registry:v10::model:m\u00fcnchen/\u6a21\u578b",
        '{"identifier": "m\\u00fcnchen"}',
        None,
    ),
    ("prompts", "prompts:v1:pmpt_1:default", "2", None),
    ("prompts", "prompts:v1:pmpt_1:2", '{"prompt": "Say \\"hi\\" to {{ name }}", "version": 2}', None),
    ("agents", "session:a:b", '{"session_id": "b", "turns": []}', None),
    ("vector_io::faiss", "faiss_index:v3::vs_1", '{"index": "AAEC", "chunks": "{\\"a\\": 1}"}', None),
    ("vector_io::faiss", "openai_vector_stores:v3::vs_1", "{}", None),
    ("quota", "quota:alice:window", "41", LATER),
    ("vertexai_thought_signatures", "call_1", "signature \U0001f512", LATER),
    ("", "bare", "", None),
]


def installed() -> tuple[str, str]:
    for name in ("ogx", "llama-stack"):
        try:
            return name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise SystemExit("neither ogx nor llama-stack is installed")


async def write(root: str, type_: str, fields: dict[str, Any]) -> None:
    """Write with the package's own class, one for each namespace as its servers make them; one value is written and taken back."""
    types: Any = importlib.import_module(f"{root}.core.storage.datatypes")
    engine = {"kv_redis": "Redis", "kv_mongodb": "MongoDB", "kv_postgres": "Postgres"}[type_]
    config = getattr(types, f"{engine}KVStoreConfig")
    room: Any = importlib.import_module(f"{root}.core.storage.kvstore.{engine.lower()}")
    made: dict[str, Any] = {}
    for namespace, key, value, expiration in WRITTEN:
        if namespace not in made:
            made[namespace] = getattr(room, f"{engine}KVStoreImpl")(
                config(**fields, namespace=namespace or None)
            )
            await made[namespace].initialize()
        # Into a column without a zone servers of that time wrote naive times.
        is_naive = expiration is not None and engine == "Postgres" and root == "llama_stack"
        await made[namespace].set(
            key, value, expiration.replace(tzinfo=None) if expiration is not None and is_naive else expiration
        )
    await made["agents"].set("agent:gone", "{}")
    await made["agents"].delete("agent:gone")


async def redis(root: str, port: int) -> object:
    import redis.asyncio

    await write(root, "kv_redis", {"host": "127.0.0.1", "port": port})
    client: Any = redis.asyncio.Redis(port=port)
    found = []
    async for key in client.scan_iter():
        left = await client.pexpiretime(key)
        found.append(
            {
                "key": key.hex(),
                "type": (await client.type(key)).decode(),
                "value": (await client.get(key)).hex(),
                "expires_ms": left if left > 0 else None,
            }
        )
    await client.aclose()
    return sorted(found, key=lambda each: str(each["key"]))


async def mongodb(root: str, port: int, user: str, password: str) -> object:
    from bson import json_util
    from pymongo import AsyncMongoClient

    fields = {"host": "127.0.0.1", "port": port, "db": "stack", "user": user, "password": password}
    await write(root, "kv_mongodb", {**fields, "collection_name": "keys"})
    client: Any = AsyncMongoClient("127.0.0.1", port, username=user, password=password)
    collection = client["stack"]["keys"]
    documents = await collection.find({}, {"_id": 0}).sort("key").to_list()
    indexes = {
        name: {
            each: value for each, value in index.items() if each in ("key", "unique", "expireAfterSeconds")
        }
        for name, index in (await collection.index_information()).items()
    }
    await client.close()
    return {"documents": json.loads(json_util.dumps(documents)), "indexes": indexes}


async def postgres(root: str, port: int, user: str, password: str, database: str) -> object:
    import asyncpg

    login = {"host": "127.0.0.1", "port": port, "user": user, "password": password}
    await write(root, "kv_postgres", {**login, "db": database, "table_name": "recorded"})
    connection: Any = await asyncpg.connect(**login, database=database)
    columns = await connection.fetch(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'recorded'"
        " ORDER BY ordinal_position"
    )
    indexes = await connection.fetch(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'recorded' ORDER BY indexname"
    )
    rows = await connection.fetch(
        'SELECT key, value, expiration::text FROM recorded ORDER BY key COLLATE "C"'
    )
    await connection.execute("DROP TABLE recorded")
    await connection.close()
    return {
        "columns": [list(each) for each in columns],
        "indexes": [each[0] for each in indexes],
        "rows": [list(each) for each in rows],
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis", type=int, metavar="PORT")
    parser.add_argument("--mongodb", nargs=3, metavar=("PORT", "USER", "PASSWORD"))
    parser.add_argument("--postgres", nargs=4, metavar=("PORT", "USER", "PASSWORD", "DATABASE"))
    given = parser.parse_args()
    name, version = installed()
    root = name.replace("-", "_")
    found: dict[str, object] = {
        "header": {"package": name, "version": version, "date": dt.datetime.now(dt.UTC).date().isoformat()},
        "written": [
            [namespace, key, value, None if expiration is None else expiration.isoformat()]
            for namespace, key, value, expiration in WRITTEN
        ],
    }
    if given.redis:
        found["redis"] = await redis(root, given.redis)
    if given.mongodb:
        port, *login = given.mongodb
        found["mongodb"] = await mongodb(root, int(port), *login)
    if given.postgres:
        port, *login = given.postgres
        found["postgres"] = await postgres(root, int(port), *login)
    path = HERE / "stores" / f"{name}-{version}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
