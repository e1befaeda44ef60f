"""The commands on engines that have keys alone: what lies there is found and read like on every other engine."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.deployments import backend_of, config_of
from tests.redis_servers import RedisServer, redis_process
from tests.stores import LEAVES_SOCKETS, KeyStore, RedisStore

pytestmark = LEAVES_SOCKETS
V0_6 = ("--for", "0.6.1")
MODEL = {"identifier": "m1", "provider_id": "gone", "provider_resource_id": "m1", "type": "model"}
KEYS = {
    "registry:distributions:registry:v10::model:m1": json.dumps(MODEL),
    "prompts:prompts:v1:pmpt_1:default": "1",
    "prompts:prompts:v1:pmpt_1:1": json.dumps({"prompt": "Hi", "version": 1, "prompt_id": "pmpt_1"}),
    "somebody-else:1": "x",
}


@pytest.fixture(params=["redis", "mongo"])
def config(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a deployment of 0.6 whose keys lie in such an engine, beside one that is not there."""
    monkeypatch.chdir(tmp_path)
    store: KeyStore = request.getfixturevalue(f"{request.param}_store")
    store.fill(KEYS)
    backends: dict[str, dict[str, object]] = {
        "kv": backend_of(store, "kv"),
        "dead": {"type": "kv_redis", "host": "127.0.0.1", "port": 1},
        "sql": {"type": "sql_sqlite", "db_path": str(tmp_path / "sql.db")},
    }
    stores = {
        "metadata": {"backend": "kv", "namespace": "registry"},
        "prompts": {"backend": "kv", "namespace": "prompts"},
        "inference": {"backend": "sql", "table_name": "inference_store"},
        "conversations": {"backend": "sql", "table_name": "openai_conversations"},
    }
    path = tmp_path / "run.yaml"
    providers = {"inference": [{"provider_id": "there", "provider_type": "remote::ollama", "config": {}}]}
    path.write_text(config_of(backends, stores, providers))
    return str(path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["test", "kv"], 0),
        (["test", "dead"], 1),
        (["namespaces", "kv"], 0),
        (["namespaces", "dead"], 3),
        (["keys", "kv", "registry"], 0),
        (["keys", "kv", "nowhere"], 1),
        (["keys", "dead", "--unassigned"], 3),
        (["get", "kv", "prompts", "prompts:v1:pmpt_1:default"], 0),
        (["get", "kv", "prompts", "prompts:v1:pmpt_2:default"], 1),
        (["tables", "kv"], 2),
        (["rows", "kv", "kvstore"], 2),
        (["objects"], 0),
    ],
)
def test_every_command_ends_with_the_exit_code_of_its_answer(
    config: str, run: Run, words: list[str], code: int
) -> None:
    command, *rest = words
    answer = run(command, config, *rest, *V0_6, "--json")
    assert answer.code == code, answer.out + answer.err
    assert json.loads(answer.out)


def test_namespaces_keys_and_values_are_those_that_servers_wrote(config: str, run: Run) -> None:
    found = run("namespaces", config, "kv", *V0_6, "--json").json
    assert {each["name"]: each["keys"] for each in found["namespaces"]} == {"registry": 1, "prompts": 2}
    page = run(
        "keys", config, "kv", "prompts", "--prefix", "prompts:prompts:v1:pmpt_1:d", *V0_6, "--json"
    ).json
    assert [each["key"] for each in page["keys"]] == ["prompts:prompts:v1:pmpt_1:default"]
    assert (page["complete"], page["next"]) == (True, None)
    assert page["total"] in (len(KEYS), None)
    value = run("get", config, "kv", "prompts", "prompts:v1:pmpt_1:1", *V0_6, "--json").json
    assert value["value"]["prompt"] == "Hi"
    stray = run("keys", config, "kv", "--unassigned", *V0_6, "--json").json
    assert [each["key"] for each in stray["keys"]] == ["somebody-else:1"]


def test_objects_of_old_versions_are_listed(config: str, run: Run) -> None:
    for family, id_ in (("prompts", "pmpt_1"), ("registry", "m1")):
        listed = run("objects", config, family, *V0_6, "--json")
        assert listed.code == 0
        assert id_ in listed.out


def test_what_is_no_string_is_named_and_never_shown_as_a_value(
    redis_store: RedisStore, tmp_path: Path, run: Run
) -> None:
    redis_store.fill(KEYS)
    key = "registry:distributions:registry:v10::model:m2"
    redis_store.server.said("RPUSH", key, "a", "b")
    path = tmp_path / "run.yaml"
    stores = {"metadata": {"backend": "kv", "namespace": "registry"}}
    path.write_text(config_of({"kv": backend_of(redis_store, "kv")}, stores))
    answer = run("get", str(path), "kv", "registry", key, *V0_6)
    assert (answer.code, answer.out) == (1, "")
    assert "a list is stored there" in answer.err
    listed = run("objects", str(path), "registry", *V0_6)
    shown = run("objects", str(path), "registry", "model:m2", *V0_6)
    assert (listed.code, shown.code) == (0, 0)
    for text in (listed.out, shown.err):
        assert "a list is stored there" in text


def test_a_check_of_the_data_finds_stale_providers_and_keys_of_nobody(config: str, run: Run) -> None:
    findings = run("check", config, "--data", *V0_6, "--json").json["findings"]
    assert {"stale-provider", "unnamed-keys"} <= {finding["rule"] for finding in findings}


def test_a_server_that_wants_a_password_is_explained_and_one_in_the_host_is_masked(
    redis_server: RedisServer, tmp_path: Path, run: Run
) -> None:
    del redis_server  # skips where there is none
    with redis_process("--requirepass", "made-up-word") as server:
        backends = {
            "kv": {"type": "kv_redis", "host": "127.0.0.1", "port": server.port, "password": "made-up-word"},
            "trick": {"type": "kv_redis", "host": ":made-up-word@127.0.0.1", "port": server.port},
        }
        path = tmp_path / "run.yaml"
        path.write_text(config_of(backends, {"metadata": {"backend": "kv", "namespace": "registry"}}))
        refused = run("test", str(path), "kv", *V0_6, "--json")
        answered = run("test", str(path), "trick", *V0_6, "--json")
        shown = run("show", str(path), *V0_6, "--json")
    assert refused.code == 1
    assert refused.json["results"][0]["error"]["kind"] == "authentication"
    assert "no field for a password" in refused.json["results"][0]["error"]["help"]
    assert answered.code == 0
    assert "made-up-word" not in refused.out + answered.out + shown.out


def test_nothing_of_the_environment_is_used(config: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "REDIS_HOST", "REDIS_PASSWORD", "MONGODB_URI", "MONGODB_HOST"):
        monkeypatch.setitem(os.environ, name, "made-up")
    assert run("test", config, "kv", *V0_6).code == 0
