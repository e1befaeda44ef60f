"""Run configs for the verdicts at start, one peculiarity each, made from a plain config of the version's own time.

No name of a server that could be reached stands in them, and no store but SQLite: what decides is the config alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

Config = dict[str, Any]
Version = tuple[int, int, int]

HOME: Final = "/nonexistent/operator"

_SQL: Final = {"backend": "sql_default"}
_KV: Final = {"backend": "kv_default"}


def written(value: object) -> str:
    """Return a config or a part of one as YAML."""
    # The same text as the pure writer's in a twentieth of its time.
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper))


def plain(version: Version, folder: str) -> Config:
    """A config that starts: the stores of its time, and a provider for each API that keeps something."""
    old_agents = version < (0, 7, 0)
    stores: Config = {
        "metadata": {**_KV, "namespace": "registry"},
        "inference": {**_SQL, "table_name": "inference_store"},
        "conversations": {**_SQL, "table_name": "openai_conversations"},
    }
    if version >= (1, 0, 0):
        stores |= {name: {**_SQL, "table_name": name} for name in ("prompts", "connectors")}
    elif version >= (0, 4, 0):
        stores["prompts"] = {**_KV, "namespace": "prompts"}
        if version >= (0, 5, 0):
            stores["connectors"] = {**_KV, "namespace": "connectors"}
    persistence: Config = {"responses": {**_SQL, "table_name": "responses"}}
    if version < (1, 0, 0):
        persistence["agent_state"] = {**_KV, "namespace": "agents"}
    batches = (
        {"sqlstore": {**_SQL, "table_name": "batches"}}
        if version >= (1, 0, 0)
        else {"kvstore": {**_KV, "namespace": "batches"}}
    )
    files = {"storage_dir": f"{folder}/files", "metadata_store": {**_SQL, "table_name": "files_metadata"}}
    tool = "inline::rag-runtime" if old_agents else "inline::file-search"
    providers = {
        "inference": [_provider("sentence-transformers", "inline::sentence-transformers", {})],
        "vector_io": [
            _provider("faiss", "inline::faiss", {"persistence": {**_KV, "namespace": "vector_io::faiss"}})
        ],
        "files": [_provider("localfs", "inline::localfs", files)],
        "tool_runtime": [_provider("search", tool, {})],
        "batches": [_provider("reference", "inline::reference", batches)],
        "agents" if old_agents else "responses": [
            _provider(
                "builtin",
                "inline::meta-reference" if old_agents else "inline::builtin",
                {"persistence": persistence},
            )
        ],
    }
    if version < (1, 0, 0):
        providers["safety"] = [_provider("guard", "inline::llama-guard", {"excluded_categories": []})]
    return {
        "version": 2,
        "image_name": "case",
        "apis": sorted(providers),
        "providers": providers,
        "storage": {
            "backends": {
                "kv_default": {"type": "kv_sqlite", "db_path": f"{folder}/kv.db"},
                "sql_default": {"type": "sql_sqlite", "db_path": f"{folder}/sql.db"},
            },
            "stores": stores,
        },
    }


def _provider(name: str, type_: str, config: Config) -> Config:
    return {"provider_id": name, "provider_type": type_, "config": config}


Change = Callable[[Config], object]

_ALWAYS: Final = (0, 0, 0)
_CASES: Final[dict[str, tuple[Callable[[Config], object], Version, Version]]] = {}


def _case(name: str, *, since: Version = _ALWAYS, until: Version = (9, 0, 0)) -> Callable[[Change], Change]:
    def keep(change: Change) -> Change:
        _CASES[name] = (change, since, until)
        return change

    return keep


def _simple(name: str, change: Callable[[Config], object], **versions: Version) -> None:
    _case(name, **versions)(change)


def _config(config: Config, api: str) -> Config:
    found: Config = config["providers"][api][0]["config"]
    return found


def _agents(config: Config) -> Config:
    return _config(config, "agents" if "agents" in config["providers"] else "responses")


def _batch_store(config: Config) -> Config:
    found: Config = next(iter(_config(config, "batches").values()))
    return found


def _without(config: Config, *apis: str) -> Config:
    config["apis"] = [api for api in config["apis"] if api not in apis]
    return config


def _drop(config: Config, *apis: str) -> Config:
    _without(config, *apis)
    for api in apis:
        config["providers"].pop(api, None)
    return config


def _rename(config: Config, family: str, name: str) -> Config:
    for part, key in ((config["storage"], "stores"), (config, "providers")):
        part[key] = yaml.safe_load(written(part[key]).replace(f"{family}_default", name))
    config["storage"]["backends"][name] = config["storage"]["backends"].pop(f"{family}_default")
    return config


_POSTGRES: Final = {"host": "db.invalid", "port": "five", "db": "stack", "user": "stack", "password": "x"}
_INLINE_KV: Final = {"type": "kv_sqlite", "db_path": "/srv/never.db"}

_simple("plain", lambda _: None)
_simple("apis-left-out", lambda config: config.pop("apis"))
_simple("apis-empty", lambda config: config.update(apis=[]))

for _api, _needer in (
    ("inference", "vector_io"),
    ("vector_io", "tool_runtime"),
    ("files", "batches"),
    ("tool_runtime", "agents"),
):
    _simple(f"apis-without-{_api}", lambda config, api=_api: _without(config, api))  # type: ignore[misc]
    _simple(f"providers-without-{_api}", lambda config, api=_api: _drop(config, api))  # type: ignore[misc]
    _simple(
        f"only-the-list-of-{_api}-is-empty",
        lambda config, api=_api: config["providers"].update({api: []}),  # type: ignore[misc]
    )
_simple("apis-without-safety", lambda config: _without(config, "safety"), until=(1, 0, 0))
_simple(
    "apis-left-out-and-no-files",
    lambda config: (config.pop("apis"), config["providers"].pop("files")),
)
_simple("provider-is-disabled", lambda config: config["providers"]["files"][0].update(provider_id=""))
_simple(
    "provider-id-says-disabled",
    lambda config: config["providers"]["files"][0].update(provider_id="__disabled__"),
)

for _gone in (
    "agents",
    "responses",
    "telemetry",
    "eval",
    "scoring",
    "datasetio",
    "post_training",
    "safety",
    "interactions",
    "skills",
    "agnets",
):
    _simple(f"apis-name-{_gone}", lambda config, api=_gone: config["apis"].append(api))  # type: ignore[misc]
    _simple(f"empty-list-of-{_gone}", lambda config, api=_gone: config["providers"].setdefault(api, []))  # type: ignore[misc]
for _internal in ("inspect", "prompts", "connectors", "models", "vector_stores", "admin", "containers"):
    _simple(f"apis-name-{_internal}", lambda config, api=_internal: config["apis"].append(api))  # type: ignore[misc]
    _simple(f"empty-list-of-{_internal}", lambda config, api=_internal: config["providers"].update({api: []}))  # type: ignore[misc]
    _simple(
        f"provider-for-{_internal}",
        lambda config, api=_internal: config["providers"].update({api: [_provider("x", "inline::x", {})]}),  # type: ignore[misc]
    )
_simple(
    "unknown-provider",
    lambda config: config["providers"]["files"][0].update(provider_type="inline::localfsx"),
)

_simple(
    "kv-reference-without-namespace",
    lambda config: _config(config, "vector_io")["persistence"].pop("namespace"),
)
_simple(
    "kv-reference-without-backend", lambda config: _config(config, "vector_io")["persistence"].pop("backend")
)
_simple(
    "kv-reference-with-a-number",
    lambda config: _config(config, "vector_io")["persistence"].update(namespace=5),
)
_simple(
    "kv-reference-with-an-empty-namespace",
    lambda config: _config(config, "vector_io")["persistence"].update(namespace=""),
)
_simple("kv-reference-null", lambda config: _config(config, "vector_io").update(persistence=None))
_simple("kv-reference-text", lambda config: _config(config, "vector_io").update(persistence="kv_default"))
_simple("kv-reference-left-out", lambda config: _config(config, "vector_io").pop("persistence"))
_simple(
    "kv-reference-inline", lambda config: _config(config, "vector_io").update(persistence=dict(_INLINE_KV))
)
_simple(
    "kv-reference-with-another-key",
    lambda config: _config(config, "vector_io")["persistence"].update(note="x"),
)
_simple(
    "kv-reference-to-nowhere",
    lambda config: _config(config, "vector_io")["persistence"].update(backend="nowhere"),
)
_simple(
    "kv-reference-to-sql",
    lambda config: _config(config, "vector_io")["persistence"].update(backend="sql_default"),
)
_simple(
    "sql-reference-without-table", lambda config: _config(config, "files")["metadata_store"].pop("table_name")
)
_simple(
    "sql-reference-inline",
    lambda config: _config(config, "files").update(
        metadata_store={"type": "sql_sqlite", "db_path": "/srv/never.db"}
    ),
)
_simple("sql-reference-left-out", lambda config: _config(config, "files").pop("metadata_store"))
_simple(
    "sql-reference-to-nowhere",
    lambda config: _config(config, "files")["metadata_store"].update(backend="nowhere"),
)
_simple(
    "sql-reference-to-kv",
    lambda config: _config(config, "files")["metadata_store"].update(backend="kv_default"),
)
_simple("files-without-storage-dir", lambda config: _config(config, "files").pop("storage_dir"))
_simple(
    "responses-without-table", lambda config: _agents(config)["persistence"]["responses"].pop("table_name")
)
_simple(
    "responses-without-table-to-nowhere",
    lambda config: _agents(config)["persistence"].update(responses={"backend": "nowhere"}),
)
_simple(
    "responses-with-odd-queue",
    lambda config: _agents(config)["persistence"]["responses"].update(num_writers="many"),
)
_simple("responses-null", lambda config: _agents(config)["persistence"].update(responses=None))
_simple("agent-state-left-out", lambda config: _agents(config)["persistence"].pop("agent_state", None))
_simple(
    "agent-state-inline", lambda config: _agents(config)["persistence"].update(agent_state=dict(_INLINE_KV))
)
_simple("agents-persistence-left-out", lambda config: _agents(config).pop("persistence"))
_simple("batches-without-name", lambda config: _batch_store(config).popitem())
_simple("batches-left-out", lambda config: _config(config, "batches").clear())
_simple("batches-to-nowhere", lambda config: _batch_store(config).update(backend="nowhere"))

_simple(
    "connectors-to-nowhere",
    lambda config: config["storage"]["stores"]["connectors"].update(backend="nowhere"),
    since=(0, 5, 0),
    until=(1, 0, 0),
)
_simple(
    "connectors-to-sql",
    lambda config: config["storage"]["stores"]["connectors"].update(backend="sql_default"),
    since=(0, 5, 0),
    until=(1, 0, 0),
)
_simple("connectors-left-out", lambda config: config["storage"]["stores"].pop("connectors"), since=(0, 5, 0))


@_case("connectors-left-out-and-another-name", since=(0, 5, 0), until=(1, 0, 0))
def _default_connectors(config: Config) -> None:
    _rename(config, "kv", "main_kv")
    del config["storage"]["stores"]["connectors"]


_simple(
    "connectors-null", lambda config: config["storage"]["stores"].update(connectors=None), since=(0, 5, 0)
)
_simple("prompts-null", lambda config: config["storage"]["stores"].update(prompts=None), since=(0, 4, 0))
_simple("conversations-null", lambda config: config["storage"]["stores"].update(conversations=None))
_simple("metadata-null", lambda config: config["storage"]["stores"].update(metadata=None))
_simple("inference-store-null", lambda config: config["storage"]["stores"].update(inference=None))


@_case("inference-store-null-and-not-served")
def _no_inference(config: Config) -> None:
    config["storage"]["stores"]["inference"] = None
    _drop(config, "inference", "vector_io", "tool_runtime", "batches", "agents", "responses", "safety")


@_case("inference-store-null-and-apis-left-out")
def _no_inference_provider(config: Config) -> None:
    _no_inference(config)
    del config["apis"]


@_case("inference-store-null-and-apis-name-it-without-a-provider")
def _inference_without_provider(config: Config) -> None:
    _no_inference(config)
    config["apis"].append("inference")


_simple(
    "names-of-its-own", lambda config: (_rename(config, "kv", "main_kv"), _rename(config, "sql", "main_sql"))
)

_simple("kv-path-empty", lambda config: config["storage"]["backends"]["kv_default"].update(db_path=""))
_simple("sql-path-empty", lambda config: config["storage"]["backends"]["sql_default"].update(db_path=""))
_simple(
    "kv-path-empty-and-unused",
    lambda config: config["storage"]["backends"].update(spare={"type": "kv_sqlite", "db_path": ""}),
)
_simple(
    "sql-path-empty-and-unused",
    lambda config: config["storage"]["backends"].update(spare={"type": "sql_sqlite", "db_path": ""}),
)
_simple(
    "kv-path-bare-name", lambda config: config["storage"]["backends"]["kv_default"].update(db_path="kv.db")
)
_simple("kv-in-memory", lambda config: config["storage"]["backends"]["kv_default"].update(db_path=":memory:"))
_simple("kv-path-is-a-folder", lambda config: config["storage"]["backends"]["kv_default"].update(db_path="/"))

for _family in ("kv", "sql"):
    _simple(
        f"{_family}-port-text-and-unused",
        lambda config, family=_family: config["storage"]["backends"].update(  # type: ignore[misc]
            spare={"type": f"{family}_postgres", **_POSTGRES}
        ),
    )
    _simple(
        f"{_family}-port-text",
        lambda config, family=_family: config["storage"]["backends"].update(  # type: ignore[misc]
            {f"{family}_default": {"type": f"{family}_postgres", **_POSTGRES}}
        ),
    )


@_case("sql-port-text-and-one-provider")
def _bad_port_of_a_provider(config: Config) -> None:
    config["storage"]["backends"]["spare"] = {"type": "sql_postgres", **_POSTGRES}
    _config(config, "files")["metadata_store"]["backend"] = "spare"


@_case("kv-port-text-and-a-disabled-provider")
def _bad_port_of_nobody(config: Config) -> None:
    config["storage"]["backends"]["spare"] = {"type": "kv_postgres", **_POSTGRES}
    extra = _provider("", "inline::faiss", {"persistence": {"backend": "spare", "namespace": "x"}})
    config["providers"]["vector_io"].append(extra)


_simple(
    "quota-to-nowhere",
    lambda config: config.update(server={"quota": {"kvstore": {"backend": "nowhere", "namespace": "q"}}}),
)
_simple(
    "quota-to-sql",
    lambda config: config.update(server={"quota": {"kvstore": {"backend": "sql_default", "namespace": "q"}}}),
)
_simple(
    "shield-by-default-without-safety",
    lambda config: (_drop(config, "safety", "agents"), config.update(safety={"default_shield_id": "x"})),
)
_simple("shield-by-default", lambda config: config.update(safety={"default_shield_id": "x"}))
_simple(
    "safety-without-a-default", lambda config: (_drop(config, "safety", "agents"), config.update(safety={}))
)
_simple("external-providers-under-home", lambda config: config.update(external_providers_dir="~/providers.d"))
_simple("external-apis-under-home", lambda config: config.update(external_apis_dir="~/apis.d"))
_simple(
    "model-of-an-unknown-provider",
    lambda config: config.update(
        registered_resources={"models": [{"model_id": "m", "provider_id": "nobody"}]}
    ),
)
_simple(
    "model-of-a-disabled-provider",
    lambda config: config.update(
        registered_resources={"models": [{"model_id": "m", "provider_id": "__disabled__"}]}
    ),
)
_simple(
    "tool-group-of-an-unknown-provider",
    lambda config: config.update(
        registered_resources={"tool_groups": [{"toolgroup_id": "builtin::x", "provider_id": "nobody"}]}
    ),
)
_simple(
    "shield-of-an-unknown-provider",
    lambda config: config.update(
        registered_resources={"shields": [{"shield_id": "x", "provider_id": "nobody"}]}
    ),
)


@_case("embedding-model-without-inference")
def _embedding_without_models(config: Config) -> None:
    _drop(config, "inference", "vector_io", "tool_runtime", "batches", "agents", "responses", "safety")
    config["vector_stores"] = {"default_embedding_model": {"provider_id": "p", "model_id": "m"}}


_simple(
    "tenancy-multi-without-vector-stores",
    lambda config: config.update(server={"tenancy": {"mode": "multi"}}),
    since=(1, 2, 0),
)


@_case("tenancy-multi-with-vector-stores", since=(1, 2, 0))
def _tenancy_multi(config: Config) -> None:
    config["server"] = {"tenancy": {"mode": "multi"}}
    config["storage"]["stores"]["vector_stores"] = {**_SQL, "table_name": "vector_store_metadata"}


_EMBEDDING: Final = {"model_id": "m", "provider_id": "sentence-transformers", "model_type": "embedding"}
_OF_NOBODY: Final = {"provider_id": "nobody", "model_id": "x"}


def _registered(kind: str, **entry: object) -> Change:
    return lambda config: config.update(registered_resources={kind: [entry]})


_simple("embedding-model-without-dimension", _registered("models", **_EMBEDDING))
_simple("embedding-model", _registered("models", **_EMBEDDING, metadata={"embedding_dimension": 3}))
_simple(
    "embedding-model-without-dimension-and-provider",
    _registered("models", **{**_EMBEDDING, "provider_id": ""}),
)
_simple(
    "default-embedding-model-of-nobody",
    lambda config: config.update(vector_stores={"default_embedding_model": dict(_OF_NOBODY)}),
)
_simple(
    "rewriting-model-of-nobody",
    lambda config: config.update(vector_stores={"rewrite_query_params": {"model": dict(_OF_NOBODY)}}),
)
_simple(
    "reranker-model-of-nobody",
    lambda config: config.update(vector_stores={"default_reranker_model": dict(_OF_NOBODY)}),
)
_simple(
    "default-vector-provider-of-nobody",
    lambda config: config.update(vector_stores={"default_provider_id": "nobody"}),
)


@_case("default-embedding-model-is-registered")
def _default_model(config: Config) -> None:
    _registered("models", **_EMBEDDING, metadata={"embedding_dimension": 3})(config)
    config["vector_stores"] = {
        "default_embedding_model": {"provider_id": "sentence-transformers", "model_id": "m"}
    }


_simple(
    "s3-without-bucket",
    lambda config: config["providers"].update(
        files=[_provider("s3", "remote::s3", {"metadata_store": {**_SQL, "table_name": "b"}})]
    ),
)


@_case("interactions-by-default-and-another-name", since=(0, 8, 0))
def _default_interactions(config: Config) -> None:
    config["providers"]["interactions"] = [_provider("b", "inline::builtin", {})]
    config["apis"].append("interactions")
    _rename(config, "sql", "main_sql")


@_case("skills-without-persistence", since=(1, 1, 0))
def _bare_skills(config: Config) -> None:
    config["providers"]["skills"] = [_provider("b", "inline::builtin", {})]
    config["apis"].append("skills")


_simple(
    "quota-inline",
    lambda config: config.update(server={"quota": {"kvstore": {"type": "sqlite", "db_path": "/srv/q.db"}}}),
)
_simple(
    "inference-store-off-and-to-nowhere",
    lambda config: config["storage"]["stores"]["inference"].update(enabled=False, backend="nowhere"),
)
_simple(
    "vector-metadata-to-kv",
    lambda config: _config(config, "vector_io").update(metadata_store={**_KV, "table_name": "x"}),
)


_OWN: Final = "sentence-transformers"
_DIMENSION: Final = {"metadata": {"embedding_dimension": 3}}


def _models(*entries: Config, default: str | None = None, setting: str = "default_embedding_model") -> Change:
    def change(config: Config) -> None:
        config["registered_resources"] = {"models": [dict(entry) for entry in entries]}
        if default is not None:
            chosen: Config = {"provider_id": _OWN, "model_id": default}
            config["vector_stores"] = {
                setting: {"model": chosen} if setting == "rewrite_query_params" else chosen
            }

    return change


_M: Final = {**_EMBEDDING, **_DIMENSION}
_simple("default-embedding-model-that-its-provider-lacks", _models(default="nosuch"))
_simple("default-embedding-model-that-its-provider-lists", _models(default="nomic-ai/nomic-embed-text-v1.5"))
_simple("default-embedding-model-beside-a-registered-one", _models(_M, default="n"))
_simple(
    "default-embedding-model-is-registered-with-its-prefix",
    _models({**_M, "model_id": f"{_OWN}/m"}, default="m"),
)
_simple("default-embedding-model-with-its-prefix", _models(_M, default=f"{_OWN}/m"))
_simple(
    "default-embedding-model-by-the-name-of-the-provider",
    _models({**_M, "provider_model_id": "n"}, default="n"),
)
_simple("default-embedding-model-under-another-name", _models({**_M, "provider_model_id": "n"}, default="m"))
_simple("default-embedding-model-is-an-llm", _models({"model_id": "m", "provider_id": _OWN}, default="m"))
_simple(
    "default-embedding-model-is-registered-for-all",
    _models({**_M, "provider_id": "all"}, default="m"),
    since=(0, 8, 0),
)
_simple(
    "default-embedding-model-is-registered-with-no-provider", _models({**_M, "provider_id": ""}, default="m")
)
_simple(
    "default-embedding-model-is-registered-without-a-provider",
    _models({key: value for key, value in _M.items() if key != "provider_id"}, default="m"),
)
_simple(
    "default-embedding-model-of-a-text-dimension",
    _models({**_M, "metadata": {"embedding_dimension": "many"}}, default="m"),
)
_simple("embedding-model-of-a-text-dimension", _models({**_M, "metadata": {"embedding_dimension": "many"}}))
_simple("rewriting-model-that-its-provider-lacks", _models(default="nosuch", setting="rewrite_query_params"))
_simple(
    "rewriting-model-is-registered",
    _models({"model_id": "m", "provider_id": _OWN}, default="m", setting="rewrite_query_params"),
)
_simple("rewriting-model-is-an-embedding-model", _models(_M, default="m", setting="rewrite_query_params"))
_simple("reranker-model-that-its-provider-lacks", _models(default="nosuch", setting="default_reranker_model"))
_simple(
    "reranker-model-is-an-llm",
    _models({"model_id": "m", "provider_id": _OWN}, default="m", setting="default_reranker_model"),
)
_simple(
    "reranker-model-is-registered",
    _models(
        {"model_id": "m", "provider_id": _OWN, "model_type": "rerank"},
        default="m",
        setting="default_reranker_model",
    ),
    since=(0, 4, 0),
)

_simple("model-twice-alike", _models(_M, _M))
_simple("model-twice-and-its-metadata-differs", _models(_M, {**_M, "metadata": {"embedding_dimension": 4}}))
_simple("model-twice-and-its-provider-name-differs", _models(_M, {**_M, "provider_model_id": "n"}))
_simple("model-twice-and-its-type-differs", _models(_M, {"model_id": "m", "provider_id": _OWN}))
_simple("model-twice-once-with-its-prefix", _models(_M, {**_M, "model_id": f"{_OWN}/m"}))
_simple(
    "model-twice-once-with-its-prefix-and-metadata-differs",
    _models(_M, {**_M, "model_id": f"{_OWN}/m", "metadata": {"embedding_dimension": 4}}),
)
_simple("model-twice-once-with-its-name-written-out", _models(_M, {**_M, "provider_model_id": "m"}))
_simple("model-twice-with-a-note", _models(_M, {**_M, "metadata": {"embedding_dimension": 3, "note": 1}}))
_simple("model-thrice-and-the-last-differs", _models(_M, _M, {**_M, "provider_model_id": "n"}))
_simple(
    "model-that-its-provider-lists-too",
    _models(
        {
            "model_id": "nomic-ai/nomic-embed-text-v1.5",
            "provider_id": _OWN,
            "model_type": "embedding",
            "metadata": {"embedding_dimension": 5},
        }
    ),
)
_simple(
    "model-twice-for-all-and-its-metadata-differs",
    _models(
        {**_M, "provider_id": "all"}, {**_M, "provider_id": "all", "metadata": {"embedding_dimension": 4}}
    ),
    since=(0, 8, 0),
)

_LLAMA_GUARD: Final = {"shield_id": "s", "provider_id": "guard", "provider_shield_id": "m"}


def _shields(*entries: Config, default: str | None = None) -> Change:
    def change(config: Config) -> None:
        config["registered_resources"] = {
            "models": [{"model_id": "m", "provider_id": _OWN}],
            "shields": [dict(entry) for entry in entries],
        }
        if default is not None:
            config["safety"] = {"default_shield_id": default}

    return change


_simple("shield-registered", _shields(_LLAMA_GUARD))
_simple("shield-without-a-model", _shields({**_LLAMA_GUARD, "provider_shield_id": None}))
_simple("shield-by-default-is-registered", _shields(_LLAMA_GUARD, default="s"))
_simple("shield-by-default-is-not-registered", _shields(_LLAMA_GUARD, default="t"))
_simple("shield-by-default-by-the-name-of-the-provider", _shields(_LLAMA_GUARD, default="m"))
_simple(
    "shield-by-default-is-registered-with-no-provider",
    _shields({**_LLAMA_GUARD, "provider_id": ""}, default="s"),
)
_simple(
    "shield-by-default-is-registered-without-a-provider",
    _shields({"shield_id": "s", "provider_shield_id": "m"}, default="s"),
)
_simple("shield-twice-alike", _shields(_LLAMA_GUARD, _LLAMA_GUARD))
_simple("shield-twice-and-it-differs", _shields(_LLAMA_GUARD, {**_LLAMA_GUARD, "params": {"a": 1}}))
_simple(
    "shield-twice-and-its-name-differs", _shields(_LLAMA_GUARD, {**_LLAMA_GUARD, "provider_shield_id": "n"})
)

_STORE: Final = {
    "vector_store_id": "v",
    "provider_id": "faiss",
    "embedding_model": f"{_OWN}/m",
    "embedding_dimension": 3,
}


def _vector_stores(*entries: Config) -> Change:
    def change(config: Config) -> None:
        config["registered_resources"] = {
            "models": [dict(_M)],
            "vector_stores": [dict(entry) for entry in entries],
        }

    return change


_simple("vector-store-registered", _vector_stores(_STORE))
_simple("vector-store-of-an-unknown-model", _vector_stores({**_STORE, "embedding_model": "nosuch"}))
_simple("vector-store-of-a-model-without-its-provider", _vector_stores({**_STORE, "embedding_model": "m"}))
_simple(
    "vector-store-of-a-listed-model",
    _vector_stores({**_STORE, "embedding_model": f"{_OWN}/nomic-ai/nomic-embed-text-v1.5"}),
)
_simple("vector-store-of-another-dimension", _vector_stores({**_STORE, "embedding_dimension": 4}))
_simple("vector-store-of-an-unknown-provider", _vector_stores({**_STORE, "provider_id": "nobody"}))
_simple("vector-store-with-no-provider", _vector_stores({**_STORE, "provider_id": ""}))
_simple("vector-store-twice-alike", _vector_stores(_STORE, _STORE))
_simple("vector-store-twice-and-it-differs", _vector_stores(_STORE, {**_STORE, "embedding_dimension": 4}))
_simple(
    "vector-db-of-an-unknown-model",
    _registered(
        "vector_dbs", vector_db_id="v", provider_id="faiss", embedding_model="nosuch", embedding_dimension=3
    ),
)


@_case("vector-store-of-an-llm")
def _store_of_an_llm(config: Config) -> None:
    _vector_stores(_STORE)(config)
    config["registered_resources"]["models"] = [{"model_id": "m", "provider_id": _OWN}]


def _groups(*entries: Config) -> Change:
    return lambda config: config.update(
        registered_resources={"tool_groups": [dict(entry) for entry in entries]}
    )


_GROUP: Final = {"toolgroup_id": "builtin::rag", "provider_id": "search"}
_simple("tool-group-twice-alike", _groups(_GROUP, _GROUP))
_simple("tool-group-twice-and-it-differs", _groups(_GROUP, {**_GROUP, "args": {"a": 1}}))


@_case("dataset-twice-and-it-differs", until=(0, 8, 0))
def _datasets(config: Config) -> None:
    config["apis"].append("datasetio")
    config["providers"]["datasetio"] = [
        _provider("localfs", "inline::localfs", {"kvstore": {**_KV, "namespace": "datasetio"}})
    ]
    entry = {"dataset_id": "d", "provider_id": "localfs", "purpose": "eval/question-answer"}
    config["registered_resources"] = {
        "datasets": [
            {**entry, "source": {"type": "uri", "uri": uri}, "metadata": {}}
            for uri in ("file:///a", "file:///b")
        ]
    }


_PATHS: Final = {
    "below-a-file": "{folder}/plain/x.db",
    "far-below-a-file": "{folder}/plain/a/b/x.db",
    "of-a-folder": "{folder}/somewhere",
    "of-no-database": "{folder}/plain",
    "below-a-broken-link": "{folder}/link/x.db",
    "in-a-missing-folder": "{folder}/missing/x.db",
}
for _name, _path in _PATHS.items():
    for _family in ("kv", "sql"):
        if (_family, _name) == ("sql", "in-a-missing-folder"):
            # It fails, and the config alone cannot tell: another machine may have the folder.
            continue

        @_case(f"{_family}-path-{_name}")
        def _odd_path(config: Config, family: str = _family, path: str = _path) -> None:
            backend = config["storage"]["backends"][f"{family}_default"]
            backend["db_path"] = path.format(folder=backend["db_path"].rpartition("/")[0])

    @_case(f"files-folder-{_name}")
    def _odd_folder(config: Config, path: str = _path) -> None:
        files = _config(config, "files")
        files["storage_dir"] = path.format(folder=files["storage_dir"].rpartition("/")[0])


def _external(key: str, path: str, change: Change | None = None) -> Change:
    def changed(config: Config) -> None:
        folder = config["storage"]["backends"]["kv_default"]["db_path"].rpartition("/")[0]
        config[key] = path.format(folder=folder)
        if change is not None:
            change(config)

    return changed


def _outside(type_: str, **entry: object) -> Change:
    return lambda config: config["providers"]["files"].append({**_provider("ext", type_, {}), **entry})


for _key in ("external_providers_dir", "external_apis_dir"):
    _simple(f"{_key}-missing", _external(_key, "{folder}/nowhere"))
    _simple(f"{_key}-empty-text", _external(_key, ""))
    _simple(f"{_key}-is-a-file", _external(_key, "{folder}/plain"))
    _simple(f"{_key}-is-empty", _external(_key, "{folder}/somewhere"))
    _simple(
        f"{_key}-with-a-known-and-an-unknown-provider",
        _external(_key, "{folder}/somewhere", _outside("inline::localfsx")),
    )
    _simple(f"{_key}-of-broken-yaml", _external(_key, "{folder}/broken.d"))
_simple(
    "external-provider-in-its-folder",
    _external("external_providers_dir", "{folder}/providers.d", _outside("remote::outside")),
)
_simple(
    "external-provider-under-another-api",
    _external(
        "external_providers_dir",
        "{folder}/providers.d",
        lambda config: config["providers"]["batches"].append(_provider("ext", "remote::outside", {})),
    ),
)
_simple(
    "external-provider-inline-and-not-remote",
    _external("external_providers_dir", "{folder}/providers.d", _outside("inline::outside")),
)
_simple("external-provider-and-no-folder", _outside("remote::outside"))
_simple(
    "external-api-in-its-folder",
    _external("external_apis_dir", "{folder}/apis.d", lambda config: config["apis"].append("weather")),
)
_simple(
    "external-api-that-is-not-there",
    _external("external_apis_dir", "{folder}/apis.d", lambda config: config["apis"].append("wether")),
)
_simple(
    "external-api-with-an-empty-list",
    _external("external_apis_dir", "{folder}/apis.d", lambda config: config["providers"].update(weather=[])),
)
_simple("module-that-is-not-installed", _outside("remote::outside", module="no_such_package_here"))
_simple("module-with-a-version", _outside("remote::outside", module="no_such_package_here==1.0"))
_simple("module-of-a-shipped-type", _outside("inline::localfs", module="no_such_package_here"))
_simple(
    "module-null",
    _outside(
        "inline::localfs",
        module=None,
        config={"storage_dir": "x", "metadata_store": {**_SQL, "table_name": "y"}},
    ),
)
_simple(
    "module-empty",
    _outside(
        "inline::localfs",
        module="",
        config={"storage_dir": "x", "metadata_store": {**_SQL, "table_name": "y"}},
    ),
)
_simple(
    "module-of-a-disabled-provider",
    _outside("remote::outside", module="no_such_package_here", provider_id=""),
)

_BATCH_SETTINGS: Final[dict[str, tuple[Any, ...]]] = {
    "max_concurrent_batches": ("many", 5.5, "5", None, True, [], 0, -1),
    "max_concurrent_requests_per_batch": ("many", 0),
}
for _setting, _values in _BATCH_SETTINGS.items():
    for _value in _values:
        _simple(
            f"batches-{_setting}-{_value}",
            lambda config, name=_setting, value=_value: _config(config, "batches").update({name: value}),  # type: ignore[misc]
        )
for _api, _setting, _value in (
    ("files", "ttl_secs", "long"),
    ("files", "storage_dir", 5),
    ("files", "nosuch", 5),
    ("safety", "excluded_categories", "none"),
    ("vector_io", "persistence", []),
    ("batches", "nosuch", 5),
):
    _simple(
        f"setting-of-{_api}-{_setting}-{_value}",
        lambda config, api=_api, name=_setting, value=_value: _config(config, api).update({name: value}),  # type: ignore[misc]
        **({"until": (1, 0, 0)} if _api == "safety" else {}),
    )
_REMOTE_SETTINGS: Final[dict[str, tuple[Config, ...]]] = {
    "remote::vllm": (
        {"base_url": 5},
        {"url": "x"},
        {"base_url": "no url"},
        {"max_tokens": "many"},
        {"tls_verify": 5},
        {"api_token": 5},
        {},
    ),
    "remote::openai": ({"api_key": 5}, {"base_url": []}, {}),
    "remote::bedrock": ({"region_name": 5},),
}
for _type, _bad in _REMOTE_SETTINGS.items():
    for _index, _settings in enumerate(_bad):
        _simple(
            f"setting-of-{_type.removeprefix('remote::')}-{'-'.join(f'{key}-{value}' for key, value in _settings.items())}",
            lambda config, type_=_type, settings=_settings: config["providers"]["inference"].append(
                _provider("r", type_, dict(settings))
            ),  # type: ignore[misc]
        )


BEYOND_THE_CONFIG: Final = frozenset(
    {
        "external-provider-in-its-folder",
        "module-that-is-not-installed",
        "module-with-a-version",
        "module-of-a-shipped-type",
        "module-of-a-disabled-provider",
    }
)
"""Cases that fail because a package is not installed where they were recorded: the config alone does not show that."""


def lay_out(folder: Path) -> None:
    """Lay out the files that some cases name, beside the stores."""
    (folder / "plain").write_text("plain text\n")
    (folder / "somewhere").mkdir()
    (folder / "link").symlink_to("nowhere-at-all")
    outside = folder / "providers.d" / "remote" / "files"
    outside.mkdir(parents=True)
    spec = {
        "adapter_type": "outside",
        "module": "no_such_package_here",
        "pip_packages": [],
        "config_class": "no_such_package_here.Config",
    }
    (outside / "outside.yaml").write_text(yaml.safe_dump(spec))
    (folder / "apis.d").mkdir()
    api = {"module": "no_such_package_here", "name": "weather", "pip_packages": [], "protocol": "Weather"}
    (folder / "apis.d" / "weather.yaml").write_text(yaml.safe_dump(api))
    broken = folder / "broken.d" / "remote" / "files"
    broken.mkdir(parents=True)
    for place in (broken, folder / "broken.d"):
        (place / "outside.yaml").write_text("a: [\n")


def names(version: Version) -> Iterator[str]:
    """Every case of a version."""
    for name, (_, since, until) in _CASES.items():
        if since <= version < until:
            yield name


def case(name: str, version: Version, folder: str) -> Config:
    """The config of a case, with its files in a folder."""
    config = plain(version, folder)
    _CASES[name][0](config)
    return config


def cases(version: Version, folder: str) -> Iterator[tuple[str, Config]]:
    """Every case of a version, by name, with its files in a folder."""
    for name in names(version):
        yield name, case(name, version, folder)
