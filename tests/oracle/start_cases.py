"""Run configs for the verdicts at start, one peculiarity each, made from a plain config of the version's own time.

No name of a server that could be reached stands in them, and no store but SQLite: what decides is the config alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
