"""What a config becomes on its way to a later release, and what it must not become."""

from __future__ import annotations

import pytest
import yaml

from llama_storage_tui.config.document import get
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.migrate.run import MigratedText, migrate_text
from llama_storage_tui.errors import RefusedError
from llama_storage_tui.model.migration import BackendLayout
from llama_storage_tui.model.version import Version

LEGACY = """\
# Licence
version: '2'
image_name: "shop"   # ours
apis: [agents, inference, vector_io, files, batches, eval, telemetry]
x-postgres: &pg
  type: postgres
  host: ${env.PGHOST:=db}
  user: app
  password: ${env.PGPASSWORD}
providers:
  inference: []
  vector_io:
  - provider_id: faiss
    provider_type: inline::faiss
    config:
      # what the index is called
      kvstore:
        type: sqlite
        namespace: mine
        db_path: /data/faiss.db
  files:
  - provider_id: localfs
    provider_type: inline::localfs
    config:
      storage_dir: ~/.llama/files
      metadata_store: *pg
  agents:
  - provider_id: meta
    provider_type: inline::meta-reference
    config:
      persistence_store: {type: sqlite, db_path: /data/agents.db}
      responses_store:
        <<: *pg
  batches:
  - provider_id: reference
    provider_type: inline::reference
    config:
      kvstore: {type: sqlite, db_path: /data/registry.db}
  eval:
  - provider_id: e
    provider_type: inline::meta-reference
    config:
      kvstore: {type: sqlite, db_path: /data/eval.db}
# the registry
metadata_store:
  type: sqlite
  db_path: "/data/registry.db"   # on the volume
# the chat log
inference_store:
  sql_store_config:
    type: postgres
    host: ${env.PGHOST:=db}
    port: "5432"
    user: app
    password: ${env.PGPASSWORD}
  max_write_queue_size: 50
  num_writers: 2
models: []
vector_dbs:
- vector_db_id: v   # it
  embedding_model: m
server:
  port: 8321
  quota:
    kvstore: {type: sqlite, db_path: /data/quota.db}
"""

CATALOG = """\
version: 2
image_name: shop
apis: [agents, batches, files]
providers:
  agents:
  - provider_id: meta
    provider_type: inline::meta-reference
    config:
      persistence:
        agent_state: {namespace: agents, backend: kv_one}
        responses: {table_name: responses, backend: sql_one}
  batches:
  - provider_id: reference
    provider_type: inline::reference
    config:
      kvstore:
        namespace: batches   # of batches
        backend: kv_two
  files:
  - provider_id: f
    provider_type: inline::localfs
    config: {storage_dir: /files, metadata_store: {table_name: files_metadata, backend: sql_one}}
storage:
  backends:
    kv_one: {type: kv_sqlite, db_path: /data/one.db}
    kv_two: {type: kv_redis}
    sql_one:
      type: sql_postgres
      user: app
      password: 'p%40ss'   # encoded
  stores:
    metadata: {namespace: registry, backend: kv_one}
    inference: {table_name: inference_store, backend: sql_one}
    conversations: {table_name: openai_conversations, backend: sql_one}
"""


def migrated(
    text: str, before: str, after: str, layout: str = "keep", *left: str, **variables: str
) -> MigratedText:
    return migrate_text(
        text,
        "run.yaml",
        before=Version.parse(before),
        after=Version.parse(after),
        layout=BackendLayout(layout),
        environment=merge([], variables),
        left=left,
    )


def at(text: str, path: str) -> object:
    return get(yaml.safe_load(text), *(int(step) if step.isdigit() else step for step in path.split(".")))


def kinds(found: MigratedText) -> set[str]:
    return {change.kind for change in found.changes}


def test_equal_connection_settings_become_one_backend() -> None:
    text = migrated(LEGACY, "0.2.24", "0.7.3").text
    assert at(text, "storage.backends").keys() == {  # type: ignore[attr-defined]
        "kv_default", "kv_faiss", "kv_agents", "kv_eval", "kv_quota", "sql_default", "kv_prompts",
    }  # fmt: skip
    assert at(text, "storage.stores.metadata") == {"namespace": "registry", "backend": "kv_default"}
    assert at(text, "providers.batches.0.config.kvstore") == {"namespace": "batches", "backend": "kv_default"}
    for path in (
        "providers.files.0.config.metadata_store",
        "providers.responses.0.config.persistence.responses",
    ):
        assert at(text, f"{path}.backend") == "sql_default"


def test_merged_there_is_one_backend_of_each_family_beside_the_old_registry() -> None:
    text = migrated(LEGACY, "0.2.24", "1.5.0", "merge").text
    backends = at(text, "storage.backends")
    assert isinstance(backends, dict)
    assert {name: entry["type"] for name, entry in backends.items()} == {
        "kv_default": "kv_sqlite",
        "sql_default": "sql_postgres",
    }
    assert backends["kv_default"]["db_path"] == "/data/kvstore.db"


def test_a_namespace_of_its_own_queue_settings_and_the_quota_are_carried() -> None:
    text = migrated(LEGACY, "0.2.24", "0.7.3").text
    assert at(text, "providers.vector_io.0.config.persistence") == {
        "namespace": "mine",
        "backend": "kv_faiss",
    }
    assert at(text, "storage.stores.inference") == {
        "table_name": "chat_completions",
        "backend": "sql_default",
        "max_write_queue_size": 50,
        "num_writers": 2,
    }
    assert at(text, "server.quota.kvstore") == {"namespace": "quota", "backend": "kv_quota"}


def test_comments_quotes_anchors_and_expressions_stay() -> None:
    text = migrated(LEGACY, "0.2.24", "1.5.0").text
    for kept in (
        "# Licence\n",
        'distro_name: "shop"   # ours\n',
        "x-postgres: &pg\n",
        "      # what the index is called\n      persistence:\n",
        "# the registry\nstorage:\n",
        '      db_path: "/data/registry.db"  # on the volume\n',
        "    # the chat log\n    inference:\n",
        "  - vector_store_id: v   # it\n",
    ):
        assert kept in text


def test_settings_that_come_by_an_alias_still_do() -> None:
    start, end = LEGACY.index("  sql_store_config:\n"), LEGACY.index("  max_write_queue_size")
    text = migrated(LEGACY[:start] + "  sql_store_config: *pg\n" + LEGACY[end:], "0.2.24", "0.7.3").text
    assert "    sql_default:\n      <<: *pg\n      type: sql_postgres\n" in text
    assert text.count("${env.PGPASSWORD}") == 1


def test_what_the_new_release_has_no_place_for_is_listed_with_its_line() -> None:
    found = migrated(LEGACY, "0.2.24", "1.5.0")
    lines = LEGACY.splitlines()
    said = {one.path: one for one in found.not_carried}
    assert said["server.quota"].line == lines.index("  quota:") + 1
    assert said["providers.eval"].line == lines.index("  eval:") + 1
    assert "sessions" in said["providers.agents[0].config.persistence_store"].reason
    assert not at(found.text, "server.quota")
    assert at(found.text, "apis") == ["responses", "inference", "vector_io", "files", "batches"]


def test_nothing_changes_when_the_result_is_migrated_again() -> None:
    for layout in ("keep", "merge"):
        for text, before in ((LEGACY, "0.2.24"), (CATALOG, "0.3.5")):
            first = migrated(text, before, "1.5.0", layout)
            again = migrated(first.text, "1.5.0", "1.5.0", layout)
            assert (again.text, again.changes) == (first.text, ())


def test_old_expressions_are_written_in_the_new_form_and_in_their_quotes() -> None:
    text = "a: ${env.X:one}\nb: '${env.Y+two}'\nc: \"${env.Z:=three}\"\nd: ${env.W}\n"
    assert migrated(text, "0.2.12", "0.2.24").text == (
        "a: ${env.X:=one}\nb: '${env.Y:+two}'\nc: \"${env.Z:=three}\"\nd: ${env.W}\n"
    )


def test_batches_and_prompts_go_to_sql_where_1_0_reads_them() -> None:
    text = migrated(CATALOG, "0.3.5", "1.5.0").text
    assert at(text, "providers.batches.0.config") == {
        "sqlstore": {"table_name": "batches", "backend": "sql_one"}
    }
    assert "# of batches" in text
    assert at(text, "storage.stores.prompts") == {"table_name": "prompts", "backend": "sql_one"}
    with_prompts = CATALOG + "    prompts: {namespace: prompts, backend: kv_one}\n"
    found = migrated(with_prompts, "0.7.3", "1.5.0").text
    assert at(found, "storage.stores.prompts") == {"table_name": "prompts", "backend": "sql_one"}


def test_a_store_without_a_value_gets_one_where_it_is() -> None:
    found = migrated(f"{CATALOG}    prompts: null\n    connectors:\n", "0.4.0", "1.5.0")
    assert found.text.count("prompts:") == found.text.count("connectors:") == 1
    assert at(found.text, "storage.stores.prompts") == {"table_name": "prompts", "backend": "sql_one"}
    assert at(found.text, "storage.stores.connectors") == {"table_name": "connectors", "backend": "sql_one"}


def test_stores_that_are_all_missing_come_under_one_key() -> None:
    text = CATALOG.partition("  stores:\n")[0]
    found = migrated(text, "0.7.3", "1.5.0")
    assert found.text.count("  stores:") == 1
    stores = at(found.text, "storage.stores")
    assert isinstance(stores, dict)
    assert {*stores} == {"metadata", "inference", "conversations", "prompts", "connectors"}
    assert migrated(found.text, "1.5.0", "1.5.0").text == found.text


def test_a_catalog_that_cannot_be_written_is_refused_as_a_whole() -> None:
    """What comes after it would make stores anew, and the old ones would be named nowhere."""
    for text, place in (
        (f"{LEGACY}storage: []\n", "metadata_store"),
        (f"{LEGACY}metadata_store: {{type: sqlite, db_path: /data/other.db}}\n", "metadata_store"),
    ):
        with pytest.raises(RefusedError) as refused:
            migrated(text, "0.2.24", "0.7.3")
        assert refused.value.where == place


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("providers: {inference: [{provider_id: a, provider_type: {x: 1}}]}", "0.5.4"),
        ("providers: {inference: [{provider_id: [a], provider_type: 'remote::vllm'}]}", "0.7.3"),
        (
            "providers: {agents: [{provider_type: 'inline::meta-reference', config: {kvstore: {type: sqlite, db_path: /a}}}]}",
            "0.2.24",
        ),
        ("registered_resources: {benchmarks: [a]}", "0.5.4"),
        ("x: &a {models: []}\n<<: *a", "0.2.24"),
    ],
)
def test_what_is_odd_is_left_or_told(text: str, before: str) -> None:
    found = migrated(f"version: 2\nimage_name: x\n{text}\n", before, "1.5.0")
    assert "storage" in found.text


def test_a_setting_without_a_value_is_as_good_as_none() -> None:
    assert (
        at(migrated("version: 2\nserver: {insecure: }\n", "1.1.0", "1.5.0").text, "server.insecure") is True
    )


def test_stores_that_a_release_ignores_are_told_wherever_they_are() -> None:
    found = migrated(LEGACY, "0.7.3", "1.5.0")
    told = {each.path for each in found.not_carried if "ignores" in each.reason}
    assert {"metadata_store", "inference_store", "providers.vector_io[0].config.kvstore"} <= told
    again = migrated(found.text, "1.5.0", "1.5.0")
    assert again.text == found.text


def test_two_names_of_one_field_are_left_to_the_operator() -> None:
    twice = LEGACY.replace("- vector_db_id: v   # it\n", "- vector_db_id: v\n  vector_store_id: w\n")
    found = migrated(twice, "0.2.24", "0.7.3")
    assert [each.reason.split(".")[0] for each in found.not_carried if "vector_dbs" in each.path] == [
        "vector_db_id is called vector_store_id now, and both are there: take one of them out"
    ]
    assert at(found.text, "registered_resources.vector_dbs.0.vector_db_id") == "v"


def test_prompts_of_0_3_stay_on_the_backend_of_the_metadata() -> None:
    text = migrated(CATALOG, "0.3.5", "0.7.3").text
    assert at(text, "storage.stores.prompts") == {"namespace": "prompts", "backend": "kv_one"}


def test_a_table_is_named_where_the_name_begins_to_count() -> None:
    text = migrated(CATALOG, "0.3.4", "0.5.4").text
    assert at(text, "storage.stores.inference.table_name") == "chat_completions"
    assert at(text, "providers.agents.0.config.persistence.responses.table_name") == "openai_responses"
    later = migrated(CATALOG, "0.5.0", "0.6.1").text
    assert at(later, "storage.stores.inference.table_name") == "inference_store"


def test_databases_and_tables_whose_default_changed_are_written_out() -> None:
    text = migrated(CATALOG, "0.7.3", "0.8.0").text
    assert at(text, "storage.backends.sql_one.db") == "llamastack"
    assert "default" not in kinds(migrated(CATALOG, "0.8.0", "1.5.0"))


def test_a_percent_encoded_password_is_decoded_once_it_goes_to_the_server_unchanged() -> None:
    text = migrated(CATALOG, "1.0.2", "1.0.3").text
    assert "password: 'p@ss'   # encoded\n" in text
    assert "password" not in kinds(migrated(CATALOG, "1.0.3", "1.5.0"))


def test_a_percent_encoded_variable_is_listed_and_its_value_is_never_written() -> None:
    text = CATALOG.replace("'p%40ss'", "${env.PW}")
    found = migrated(text, "1.0.2", "1.5.0", "keep", PW="s%40cret")
    (said,) = [one for one in found.not_carried if one.path.endswith("password")]
    assert "PW" in said.reason
    assert "s%40cret" not in found.text + said.reason
    assert "s@cret" not in found.text + said.reason


def test_a_server_without_a_certificate_goes_on_without_one() -> None:
    assert at(migrated(CATALOG, "1.1.0", "1.2.0").text, "server.insecure") is True
    secured = CATALOG + "server: {tls_certfile: /c, tls_keyfile: /k}\n"
    assert at(migrated(secured, "1.1.0", "1.2.0").text, "server") == {
        "tls_certfile": "/c",
        "tls_keyfile": "/k",
    }


def test_the_folder_that_ogx_renames_is_followed() -> None:
    assert "storage_dir: ~/.ogx/files\n" in migrated(LEGACY, "0.2.24", "0.8.0").text
    assert "storage_dir: ~/.llama/files\n" in migrated(LEGACY, "0.2.24", "0.7.3").text


def test_the_default_files_are_written_out_where_their_folder_changes() -> None:
    text = "version: 2\nimage_name: x\nproviders: {}\n"
    assert at(migrated(text, "0.7.3", "1.5.0").text, "storage.backends.kv_default.db_path") == (
        "${env.SQLITE_STORE_DIR:=~/.ogx/distributions}/kvstore.db"
    )


def test_merged_references_keep_apart_what_had_the_same_namespace() -> None:
    text = CATALOG.replace("namespace: batches ", "namespace: agents ")
    found = migrated(text, "0.3.5", "0.6.1", "merge").text
    assert at(found, "storage.backends").keys() == {"kv_one", "sql_one"}  # type: ignore[attr-defined]
    assert at(found, "providers.batches.0.config.kvstore") == {
        "namespace": "agents_kv_two",
        "backend": "kv_one",
    }


def test_a_half_migrated_file_gets_what_it_lacks() -> None:
    text = CATALOG.replace(
        "      kvstore:\n        namespace: batches   # of batches\n        backend: kv_two\n",
        "      kvstore: {type: redis}\n",
    )
    found = migrated(text, "0.3.5", "0.7.3").text
    assert at(found, "providers.batches.0.config.kvstore") == {"namespace": "batches", "backend": "kv_two"}
    assert at(found, "storage.backends").keys() == {"kv_one", "kv_two", "sql_one"}  # type: ignore[attr-defined]


def test_a_change_that_is_left_out_is_not_made() -> None:
    found = migrated(CATALOG, "0.3.5", "1.5.0", "keep", "tls:server.insecure", "renamed-key:image_name")
    assert "image_name: shop\n" in found.text
    assert "insecure" not in found.text
    assert not kinds(found) & {"tls", "renamed-key"}


def test_models_of_a_provider_that_goes_are_taken_out_with_it() -> None:
    text = (
        "version: 2\nimage_name: x\napis: [inference]\nproviders:\n  inference:\n"
        "  - {provider_id: t, provider_type: 'remote::tgi'}\n  - {provider_id: o, provider_type: 'remote::ollama'}\n"
        "models:\n- {model_id: a, provider_id: t}\n- {model_id: b, provider_id: o}\n"
    )
    found = migrated(text, "0.2.24", "1.5.0")
    assert at(found.text, "registered_resources.models") == [{"model_id": "b", "provider_id": "o"}]
    assert {one.path for one in found.not_carried} >= {
        "providers.inference[0]",
        "registered_resources.models[0]",
    }


def test_an_address_gets_the_path_that_the_provider_added_itself() -> None:
    text = (
        "version: 2\nimage_name: x\nproviders:\n  inference:\n  - provider_id: o\n    provider_type: remote::ollama\n"
        '    config: {url: "${env.OLLAMA_URL:=http://localhost:11434}"}\n'
    )
    found = migrated(text, "0.3.5", "0.4.0").text
    assert 'config: {base_url: "${env.OLLAMA_URL:=http://localhost:11434}/v1"}\n' in found


def test_a_policy_gets_the_store_without_which_1_2_does_not_start() -> None:
    text = CATALOG.replace(
        "  batches:\n",
        "  vector_io:\n  - {provider_id: q, provider_type: 'remote::qdrant', config: {}}\n  batches:\n",
        1,
    )
    text += "server:\n  auth:\n    access_policy:\n    - permit: {actions: [read]}\n"
    found = migrated(text, "1.1.0", "1.5.0").text
    assert at(found, "storage.stores.vector_stores") == {
        "table_name": "vector_store_metadata",
        "backend": "sql_one",
    }


def test_every_comment_is_kept_once_but_for_those_of_what_goes() -> None:
    lines = []
    for number, line in enumerate(LEGACY.splitlines()):
        indent = line[: len(line) - len(line.lstrip())]
        lines.append(f"{indent}# above {number}.")
        lines.append(line if "#" in line else f"{line}   # behind {number}.")
    first = LEGACY.splitlines().index("  eval:")
    gone = range(first, first + 5)
    for layout in ("keep", "merge"):
        text = migrated("\n".join(lines) + "\n", "0.2.24", "0.8.0", layout).text
        for number in set(range(LEGACY.count("\n"))) - {*gone}:
            assert text.count(f"# above {number}.") == 1, number
            assert text.count(f"# behind {number}.") == (0 if "#" in LEGACY.splitlines()[number] else 1), (
                number
            )
