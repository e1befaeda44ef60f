"""Read a migrated store with a package's own classes, or make one: run by hand, in an environment with that package and faiss-cpu.

    PYTHONPATH=. python tests/oracle/record_migration.py schemas                  # the tables that the package creates
    PYTHONPATH=. python tests/oracle/record_migration.py read FOLDER NAME         # what it reads in FOLDER, as NAME.json
    PYTHONPATH=. python tests/oracle/record_migration.py write FOLDER             # 0.3.5 only: a store of its own

A folder of 0.2 holds `sqlite/*.db` and `distributions/starter/prompts.db`, one of a later version `kvstore.db` and `sql_store.db`.
"""

# mypy: ignore-errors
# The packages are not installed where this is checked.

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import importlib.util
import json
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.oracle.migration_stores import save, saved

POSTGRES = os.environ.get("POSTGRES", "")
"""HOST:PORT:USER:PASSWORD:DATABASE of a store to read in place of the files; a folder then only names the conversations."""
SELECT_IDS = "SELECT id FROM openai_conversations ORDER BY 1"
NAMESPACES = {"metadata": "registry", "prompts": "prompts", "batches": "batches", "faiss": "vector_io::faiss"}


def version() -> tuple[str, tuple[int, ...]]:
    for package in ("ogx", "llama-stack"):
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        return f"{package}-{found}", tuple(int(part) for part in found.split("."))
    sys.exit("no package is installed")


NAME, VERSION = version()
ROOT = "ogx" if NAME.startswith("ogx") else "llama_stack"


def module(*names: str) -> Any:  # noqa: ANN401 - modules
    """Return the first of some modules that is there."""
    for name in names:
        try:
            return importlib.import_module(f"{ROOT}.{name}")
        except ModuleNotFoundError as error:
            if ROOT not in (error.name or ""):
                raise
    sys.exit(f"none of {names}")


def plain(value: Any) -> Any:  # noqa: ANN401 - pydantic
    """Return a model as JSON has it."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    return json.loads(value.model_dump_json()) if hasattr(value, "model_dump_json") else value


class Stores:
    """The package's classes over the files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if VERSION >= (0, 3):
            types = module("core.storage.datatypes")
            if POSTGRES:
                host, port, user, rest = POSTGRES.split(":", 3)
                password, _, database = rest.rpartition(":")
                login = {"host": host, "port": port, "user": user, "password": password, "db": database}
                kv, sql = types.PostgresKVStoreConfig(**login), types.PostgresSqlStoreConfig(**login)
            else:
                kv = types.SqliteKVStoreConfig(db_path=str(folder / "kvstore.db"))
                sql = types.SqliteSqlStoreConfig(db_path=str(folder / "sql_store.db"))
            keys = module("core.storage.kvstore.kvstore", "providers.utils.kvstore.kvstore")
            tables = module("core.storage.sqlstore.sqlstore", "providers.utils.sqlstore.sqlstore")
            keys.register_kvstore_backends({"kv": kv})
            tables.register_sqlstore_backends({"sql": sql})
            self.kvstore_impl = keys.kvstore_impl
            self.types = types

    def sql(self, table: str, file: str) -> Any:  # noqa: ANN401 - the package's
        """Return what leads to a table."""
        if VERSION >= (0, 3):
            return self.types.SqlStoreReference(table_name=table, backend="sql")
        config = module("providers.utils.sqlstore.sqlstore")
        return config.SqliteSqlStoreConfig(db_path=str(self.folder / "sqlite" / file))

    def keys(self, name: str, file: str) -> Any:  # noqa: ANN401 - the package's
        """Return what leads to keys."""
        if VERSION >= (0, 3):
            return self.types.KVStoreReference(namespace=NAMESPACES[name], backend="kv")
        config = module("providers.utils.kvstore.config")
        path = self.folder / ("distributions/starter/prompts.db" if name == "prompts" else f"sqlite/{file}")
        return config.SqliteKVStoreConfig(db_path=str(path))

    async def kv(self, name: str, file: str) -> Any:  # noqa: ANN401 - the package's
        """Return a key-value store."""
        kvstore_impl = (
            self.kvstore_impl if VERSION >= (0, 3) else module("providers.utils.kvstore.kvstore").kvstore_impl
        )
        return await kvstore_impl(self.keys(name, file))

    async def responses(self) -> Any:  # noqa: ANN401 - the package's
        reference = self.sql("responses", "responses_store.db")
        if VERSION >= (0, 3):
            reference = self.types.ResponsesStoreReference(**reference.model_dump())
        store = module("providers.utils.responses.responses_store").ResponsesStore(reference, [])
        await store.initialize()
        return store

    async def completions(self) -> Any:  # noqa: ANN401 - the package's
        reference = self.sql("inference_store", "inference_store.db")
        if VERSION >= (0, 3):
            reference = self.types.InferenceStoreReference(**reference.model_dump())
        store = module("providers.utils.inference.inference_store").InferenceStore(reference, [])
        await store.initialize()
        return store

    async def files(self) -> Any:  # noqa: ANN401 - the package's
        found = module("providers.inline.files.localfs.files")
        config = module("providers.inline.files.localfs.config").LocalfsFilesImplConfig(
            storage_dir=os.environ["FILES_STORAGE_DIR"],
            metadata_store=self.sql("files_metadata", "files_metadata.db"),
        )
        impl = found.LocalfsFilesImpl(config, [])
        await impl.initialize()
        return impl

    async def conversations(self) -> Any:  # noqa: ANN401 - the package's
        found = module("core.conversations.conversations").ConversationServiceImpl
        impl = found.__new__(found)
        impl.policy, impl.deps = [], {}
        reference = self.sql("openai_conversations", "")
        impl._conversations_ref = reference
        stores = SimpleNamespace(conversations=reference)
        config = SimpleNamespace(storage=SimpleNamespace(stores=stores))
        found.__init__(impl, SimpleNamespace(config=config, run_config=config, policy=[]), {})
        await impl.initialize()
        return impl

    async def prompts(self) -> Any:  # noqa: ANN401 - the package's
        found = module("core.prompts.prompts").PromptServiceImpl
        impl = found.__new__(found)
        if VERSION >= (1, 0):
            impl.policy, impl._prompts_ref = [], self.sql("prompts", "")
            await impl.initialize()
        else:
            impl.kvstore = await self.kv("prompts", "")
        return impl

    async def batches(self) -> Any:  # noqa: ANN401 - the package's
        found = module("providers.inline.batches.reference.batches").ReferenceBatchesImpl
        impl = found.__new__(found)
        if VERSION >= (1, 0):
            table = module("core.storage.sqlstore.authorized_sqlstore")
            impl.sql_store = await table.authorized_sqlstore(self.sql("batches", ""), [])
            await impl.initialize()
        else:
            impl.kvstore = await self.kv("batches", "batches.db")
        return impl

    async def faiss(self) -> Any:  # noqa: ANN401 - the package's
        found = module("providers.inline.vector_io.faiss.faiss")
        config = module("providers.inline.vector_io.faiss.config").FaissVectorIOConfig
        name = "persistence" if VERSION >= (0, 3) else "kvstore"
        made = config(**{name: self.keys("faiss", "faiss_store.db")})
        impl = found.FaissVectorIOAdapter(made, SimpleNamespace(), None)
        await impl.initialize()
        return impl

    async def registry(self) -> Any:  # noqa: ANN401 - the package's
        found = module("core.store.registry").DiskDistributionRegistry
        return found(await self.kv("metadata", "registry.db"))


async def pages(ask: Any, name: str, **fields: object) -> list[Any]:  # noqa: ANN401 - the package's
    """Ask a list for all that it has: with a request object in later versions."""
    if VERSION >= (0, 4) and name:
        api = importlib.import_module("ogx_api" if ROOT == "ogx" else "llama_stack_api")
        request = getattr(api, name, None)
        if request is not None:
            return plain((await ask(request(**fields))).data)
    return plain((await ask(**fields)).data)


async def read(folder: Path) -> dict[str, Any]:
    """Return what the package's classes read."""
    stores = Stores(folder)
    found: dict[str, Any] = {}
    found["responses"] = plain((await (await stores.responses()).list_responses(limit=1000)).data)
    completions = await stores.completions()
    listed = await completions.list_chat_completions(limit=1000)
    found["completions"] = plain(listed.data)
    found["files"] = await pages((await stores.files()).openai_list_files, "ListFilesRequest", limit=1000)
    prompts = await stores.prompts()
    found["prompts"] = plain((await prompts.list_prompts()).data)
    found["prompt versions"] = {}
    for each in found["prompts"]:
        found["prompt versions"][each["prompt_id"]] = await one(
            prompts.list_prompt_versions, "ListPromptVersionsRequest", prompt_id=each["prompt_id"]
        )
    if POSTGRES and VERSION < (1, 0):
        found |= await prompts_one_by_one(prompts, saved(f"reading-{folder.name}"))
    found["batches"] = await pages((await stores.batches()).list_batches, "ListBatchesRequest", limit=100)
    faiss = await stores.faiss()
    found["vector stores"] = plain((await faiss.openai_list_vector_stores(limit=100)).data)
    found["vector indexes"] = {
        id_: [plain(chunk) for _, chunk in sorted(index.index.chunk_by_index.items())]
        for id_, index in sorted(faiss.cache.items())
    }
    found["chunks"] = {}
    for store in found["vector stores"]:
        for file in faiss.openai_vector_stores[store["id"]]["file_ids"]:
            contents = await faiss._load_openai_vector_store_file_contents(store["id"], file)
            found["chunks"][f"{store['id']}:{file}"] = contents
    found["registry"] = plain(await (await stores.registry()).get_all())
    if VERSION >= (0, 3):
        found["conversations"] = await conversations(stores, folder)
    return found


async def prompts_one_by_one(prompts: Any, named: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - the package's
    """Return the prompts that another recording names.

    Before 1.0 no list of prompts finds any in PostgreSQL, whoever wrote them: `keys_in_range` gives keys with their namespace, and
    `get` puts it before them once more.
    """

    async def get(id_: str, *version: int) -> Any:  # noqa: ANN401 - JSON
        if VERSION < (0, 4):
            return plain(await prompts.get_prompt(id_, *version))
        request = importlib.import_module("llama_stack_api").GetPromptRequest
        return plain(
            await prompts.get_prompt(request(prompt_id=id_, **dict(zip(("version",), version, strict=False))))
        )

    return {
        "prompts": [await get(each["prompt_id"]) for each in named["prompts"]],
        "prompt versions": {
            id_: [await get(id_, each["version"]) for each in versions]
            for id_, versions in named["prompt versions"].items()
        },
    }


async def one(ask: Any, name: str, **fields: object) -> list[Any]:  # noqa: ANN401 - the package's
    if VERSION < (0, 4):
        return plain((await ask(*fields.values())).data)
    return await pages(ask, name, **fields)


async def conversations(stores: Stores, folder: Path) -> dict[str, Any]:
    impl = await stores.conversations()
    with closing(sqlite3.connect(folder / "sql_store.db")) as connection:
        is_there = "openai_conversations" in names(connection)
        ids = [id_ for (id_,) in connection.execute(SELECT_IDS)] if is_there else []
    found = {}
    for id_ in ids:
        if VERSION < (0, 4):
            items = plain((await impl.list(id_, limit=100, order="asc")).data)
        else:
            items = await pages(
                impl.list_items, "ListItemsRequest", conversation_id=id_, limit=100, order="asc"
            )
        found[id_] = items
    return found


async def schemas() -> list[dict[str, Any]]:
    """Return the tables that the package creates in empty files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sqlite").mkdir()
        os.environ["FILES_STORAGE_DIR"] = str(folder / "files")
        stores = Stores(folder)
        responses, completions, files = (
            await stores.responses(),
            await stores.completions(),
            await stores.files(),
        )
        if VERSION >= (0, 3):
            await stores.conversations()
        if VERSION >= (1, 0):
            await later(stores)
        # Whatever is asked first creates the tables that were announced by then.
        await files.openai_list_files(*_empty("ListFilesRequest"))
        await responses.list_responses(limit=1)
        await completions.list_chat_completions(limit=1)
        found = []
        for path in sorted(folder.rglob("*.db")):
            with closing(sqlite3.connect(path)) as connection:
                found += [described(connection, name) for name in names(connection)]
        return sorted(found, key=lambda table: table["name"])


def _empty(name: str) -> tuple[Any, ...]:
    if VERSION < (0, 4):
        return ()
    api = importlib.import_module("ogx_api" if ROOT == "ogx" else "llama_stack_api")
    return (getattr(api, name)(),)


async def later(stores: Stores) -> None:
    """Announce the tables that came with ogx."""
    await stores.prompts()
    await stores.batches()
    table = module("core.storage.sqlstore.authorized_sqlstore").authorized_sqlstore
    connectors = module("core.connectors.connectors").ConnectorServiceImpl
    impl = connectors.__new__(connectors)
    impl.policy, impl._connectors_ref = [], stores.sql("connectors", "")
    await impl.initialize()
    mixin = module("providers.utils.memory.openai_vector_store_mixin").OpenAIVectorStoreMixin
    await mixin._create_metadata_tables(
        SimpleNamespace(metadata_store=await table(stores.sql("vector_stores", ""), []))
    )
    interactions = module("providers.utils.interactions.interactions_store").InteractionsStore
    await interactions(stores.sql("interactions", ""), []).initialize()
    if VERSION >= (1, 3):
        queue = module("core.jobs.queue").JobQueue
        tables = module("core.storage.sqlstore.sqlstore")
        await queue(await tables._sqlstore_impl(stores.sql("jobs", ""))).initialize()


def names(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'kvstore'")
    return [name for (name,) in rows]


def described(connection: sqlite3.Connection, table: str) -> dict[str, Any]:
    """Return a table as SQLite describes it."""
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    indexes = [row[1] for row in connection.execute(f'PRAGMA index_list("{table}")') if row[3] == "c"]
    return {
        "name": table,
        "columns": [[name, type_, not not_null, bool(key)] for _, name, type_, not_null, _, key in columns],
        "indexes": {
            index: [row[2] for row in connection.execute(f'PRAGMA index_info("{index}")')]
            for index in sorted(indexes)
        },
    }


def main() -> None:
    """Do what the first word says."""
    # ogx looks for the tables of a tokenizer, which are on the net; nothing here counts tokens.
    if importlib.util.find_spec("tiktoken") is not None:
        importlib.import_module("tiktoken").get_encoding = lambda name: name
    if sys.argv[1] == "schemas":
        save(f"schemas-{NAME}", asyncio.run(schemas()))
    elif sys.argv[1] == "read":
        save(sys.argv[3], asyncio.run(read(Path(sys.argv[2]))))


if __name__ == "__main__":
    main()
