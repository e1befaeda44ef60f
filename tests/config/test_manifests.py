"""What a file is, before it is judged: manifests around a run config, and files that are something else."""

import base64

import pytest
import yaml

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.config.document import ConfigDocument, get, parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.edit.scalar import document_splice
from llama_storage_tui.config.edit.splice import Splice
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.config.manifests import find_run_config
from llama_storage_tui.errors import ConfigError, UsageError
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.reports.notices import notice_words
from tests.configs import SQLITE

CONFIG = """\
version: 2
distro_name: shop
providers: {inference: []}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: /data/kv.db}
    sql_default:
      type: sql_postgres
      host: ${env.DB_HOST}
      db: ${env.DB_NAME:=shop}
      user: shop
      password: ${env.DB_PASSWORD}
"""
PASSWORD = ("storage", "backends", "sql_default", "password")


def config_map(name: str = "shop-config", namespace: str = "a", text: str = CONFIG) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"ogx.io/watch": "true"}},
        "data": {"config.yaml": text},
    }


def server(**spec: object) -> dict[str, object]:
    return {
        "apiVersion": "ogx.io/v1beta1",
        "kind": "OGXServer",
        "metadata": {"name": "shop", "namespace": "a"},
        "spec": spec,
    }


def secret(value: str, **metadata: object) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-secret", "labels": {"ogx.io/watch": "true"}, **metadata},
        "data": {"password": base64.b64encode(value.encode()).decode()},
    }


ENV = [
    {"name": "DB_HOST", "value": "db.shop"},
    {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "shop-secret", "key": "password"}}},
]
OVERRIDE = {"name": "shop-config", "key": "config.yaml"}


def bundle(*documents: dict[str, object]) -> ConfigDocument:
    return read_document(yaml.safe_dump_all(documents, sort_keys=False).encode(), "all.yaml")


def judged(*documents: dict[str, object]) -> Catalog:
    return load_catalog(bundle(*documents), merge([], {}, home="/home/somebody"))


def rules_of(catalog: Catalog) -> set[str]:
    return {finding.rule for finding in catalog.findings}


def test_a_custom_resource_says_which_of_several_configs_is_meant() -> None:
    other = config_map("other-config", text=CONFIG.replace("shop", "other"))
    document = bundle(other, config_map(), server(overrideConfig=OVERRIDE))
    assert document.name == "all.yaml#shop-config/config.yaml"
    assert get(document.data, "distro_name") == "shop"


def test_a_line_of_a_bundle_is_the_files_own() -> None:
    text = "---\nkind: Service\napiVersion: v1\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  run.yaml: |\n"
    text += "".join(f"    {line}\n" for line in CONFIG.splitlines())
    line = read_document(text.encode(), "all.yaml").line(PASSWORD)
    assert line is not None
    assert "password:" in text.splitlines()[line - 1]


@pytest.mark.parametrize("kind", ["List", "ConfigMapList"])
def test_the_items_of_a_list_are_looked_into(kind: str) -> None:
    item = config_map()
    if kind == "ConfigMapList":
        del item["kind"], item["apiVersion"]
    assert get(bundle({"apiVersion": "v1", "kind": kind, "items": [item]}).data, "distro_name") == "shop"


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_secret_holds_a_config_and_is_edited_in_place(field: str) -> None:
    literal = CONFIG.replace("${env.DB_PASSWORD}", "old")
    written = base64.b64encode(literal.encode()).decode() if field == "data" else literal
    text = yaml.safe_dump(
        {"apiVersion": "v1", "kind": "Secret", field: {"config.yaml": written}}, width=10**6
    )
    document = read_document(text.encode(), "secret.yaml")
    after = document_splice(document, PASSWORD, Splice(0, 3, "new")).apply(text)
    assert get(read_document(after.encode(), "secret.yaml").data, *PASSWORD) == "new"


def test_variables_of_the_workload_count_with_their_lines() -> None:
    catalog = judged(
        server(overrideConfig=OVERRIDE, workload={"overrides": {"env": ENV}}), config_map(), secret("pw")
    )
    backend = catalog.backend("sql_default")
    assert backend is not None
    assert backend.location == "postgresql://db.shop:5432/shop"
    source = backend.credential.source
    assert (source.variable, source.file, source.line is not None) == ("DB_PASSWORD", "all.yaml", True)
    assert "unset-variable" not in rules_of(catalog)


def test_a_value_of_a_secret_elsewhere_is_set_and_unknown() -> None:
    catalog = judged(server(overrideConfig=OVERRIDE, workload={"env": ENV}), config_map())
    backend = catalog.backend("sql_default")
    assert backend is not None
    assert backend.target is None
    assert "unset-variable" not in rules_of(catalog)
    assert catalog.verdict.loads


def test_only_the_container_that_mounts_the_config_gives_variables() -> None:
    def container(name: str, host: str, mounts: list[dict[str, str]]) -> dict[str, object]:
        return {"name": name, "env": [{"name": "DB_HOST", "value": host}, ENV[1]], "volumeMounts": mounts}

    pod = {
        "containers": [
            container("server", "right", [{"name": "config", "mountPath": "/etc"}]),
            container("sidecar", "wrong", []),
        ],
        "volumes": [{"name": "config", "configMap": {"name": "shop-config"}}],
    }
    deployment: dict[str, object] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop"},
        "spec": {"template": {"spec": pod}},
    }
    backend = judged(deployment, config_map(), secret("pw")).backend("sql_default")
    assert backend is not None
    assert backend.location == "postgresql://right:5432/shop"


@pytest.mark.parametrize(
    ("documents", "rule"),
    [
        ((server(overrideConfig={**OVERRIDE, "key": "run.yaml"}), config_map()), "missing-config-key"),
        ((server(overrideConfig=OVERRIDE), config_map(namespace="b")), "other-namespace"),
        (
            (server(overrideConfig=OVERRIDE), {**config_map(), "metadata": {"name": "shop-config"}}),
            "unwatched-resource",
        ),
        (
            (
                server(overrideConfig=OVERRIDE, env=ENV),
                config_map(),
                {**secret("x"), "data": {}, "stringData": {"a": "b"}},
            ),
            "missing-config-key",
        ),
        (
            (server(overrideConfig=OVERRIDE, env=ENV), config_map(), secret("x", namespace="b")),
            "other-namespace",
        ),
        ((server(overrideConfig=OVERRIDE, env=ENV), config_map(), secret("pw\n")), "line-break-in-secret"),
    ],
)
def test_manifests_that_do_not_fit_together_are_a_finding(
    documents: tuple[dict[str, object], ...], rule: str
) -> None:
    assert rule in rules_of(judged(*documents))


def test_manifests_that_fit_together_are_none() -> None:
    catalog = judged(server(overrideConfig=OVERRIDE, env=ENV), config_map(), secret("pw"))
    assert not rules_of(catalog) & {
        "missing-config-key",
        "other-namespace",
        "unwatched-resource",
        "line-break-in-secret",
    }


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        (
            "apiVersion: ogx.io/v1beta1\nkind: OGXServer\nmetadata: {name: s}\nspec:\n  overrideConfig: {name: c, key: k}\n",
            "whose run config is in the ConfigMap c (key k)",
            "kubectl get configmap c -o yaml",
        ),
        (
            "apiVersion: v1\nkind: LlamaStackDistribution\nspec: {server: {userConfig: {configMapName: c, configMapNamespace: n}}}\n",
            "whose run config is in the ConfigMap c",
            "kubectl get configmap c -n n -o yaml",
        ),
        (
            "apiVersion: ogx.io/v1beta1\nkind: OGXServer\nmetadata: {name: s}\nspec: {storage: {}}\n",
            "its operator writes the run config",
            "cat /etc/ogx/config.yaml",
        ),
        (
            "name: x\nllama_stack: {library_client_config_path: deep/run.yaml}\n",
            "is a lightspeed-stack config",
            "deep/run.yaml",
        ),
        (
            "services: {a: {image: x, volumes: ['./run.yaml:/app/run.yaml']}}\n",
            "is a compose file",
            "./run.yaml",
        ),
        (
            "replicaCount: 1\nimage: {repository: x}\nservice: {port: 1}\n",
            "a values file of a Helm chart",
            "helm template",
        ),
        (
            "version: 2\nproviders:\n  {{- range .Values.models }}\n  - a\n  {{- end }}\n",
            "a Helm template",
            "helm template",
        ),
        (
            "version: 2\nproviders: {{ providers }}\n{% if x %}\na: 1\n{% endif %}\n",
            "a Jinja template",
            "Render it",
        ),
    ],
)
def test_a_file_that_is_something_else_is_named_with_what_to_give_instead(
    text: str, message: str, help_: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read_document(text.encode(), "file.yaml")
    assert not isinstance(error.value, UsageError)
    assert message in error.value.message
    assert help_ in help_words(error.value.help)


def test_braces_in_a_text_do_not_hide_the_real_error() -> None:
    text = 'version: 2\ntemplate: "{{ name }}"\na: 1\nb: 1\nproviders: {inference: [}\n'
    with pytest.raises(ConfigError, match="line 5, column"):
        read_document(text.encode(), "run.yaml")


@pytest.mark.parametrize("width", [40, 80, 10**6])
@pytest.mark.parametrize("new", ["simple", "n'ew \"p\\w", "ünï: #x"])
def test_a_config_in_double_quotes_is_edited_in_place(width: int, new: str) -> None:
    inner = (
        CONFIG.replace("${env.DB_PASSWORD}", "'old pass'")
        + "# trailing   \n\n\n# a line of some length, for folding\n"
    )
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"config.yaml": inner}}
    text = yaml.dump(manifest, default_style='"', width=width)
    document = read_document(text.encode(), "cm.yaml")
    splice = document_splice(document, PASSWORD, Splice(0, len("old pass"), new))
    after = read_document(splice.apply(text).encode(), "cm.yaml")
    assert get(after.data, *PASSWORD) == new
    assert splice.end - splice.start < len("'old pass'") + 8


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("${SHOP}", "${SHOP}"),
        ("${SHOP:-hidden}", "${SHOP:-…}"),
        ("${SHOP:hidden}", "${SHOP:…}"),
        ("$SHOP", "$SHOP"),
        ("{{ .Values.hidden }}", "{{ … }}"),
        ("%(shop)s", "%(shop)s"),
    ],
)
def test_a_variable_of_another_program_is_named_and_is_no_password(written: str, shown: str) -> None:
    text = CONFIG.replace("${env.DB_PASSWORD}", f'"{written}"').replace("${env.DB_HOST}", "db")
    catalog = load_catalog(read_document(text.encode(), "run.yaml"), merge([], {}))
    found = [finding for finding in catalog.findings if finding.where == ".".join(PASSWORD)]
    assert [finding.rule for finding in found] == ["foreign-substitution"]
    assert shown in found[0].message
    assert "hidden" not in found[0].message + help_words(found[0].help)


@pytest.mark.parametrize(
    ("backend", "consequence"),
    [
        ("{type: kv_redis, url: 'redis://cache'}", "connects to localhost:6379"),
        ("{type: kv_redis, password: x}", "without a password"),
        ("{type: kv_redis, db: 3}", "database 0"),
        ("{type: kv_redis, ssl: true}", "without TLS"),
        ("{type: kv_postgres, user: x, database: shop}", "db ogx"),
    ],
)
def test_an_ignored_field_that_decides_where_a_server_connects_is_a_warning(
    backend: str, consequence: str
) -> None:
    text = CONFIG.replace("{type: kv_sqlite, db_path: /data/kv.db}", backend)
    catalog = load_catalog(read_document(text.encode(), "run.yaml"), merge([], {}, assumes_set=True))
    found = [finding for finding in catalog.findings if finding.rule == "ignored-connection-field"]
    assert [finding.severity for finding in found] == ["warning"]
    assert consequence in found[0].message


@pytest.mark.parametrize("field", ["secretRef", "configMapRef"])
def test_variables_of_a_secret_that_is_not_in_the_bundle_are_unknown_and_not_unset(field: str) -> None:
    catalog = judged(
        config_map(),
        server(
            overrideConfig=OVERRIDE, workload={"overrides": {"envFrom": [{field: {"name": "elsewhere"}}]}}
        ),
    )
    assert "unset-variable" not in rules_of(catalog)
    assert catalog.verdict.loads
    assert any("elsewhere" in notice for notice in notice_words(catalog.notices))


def test_a_secret_and_a_config_map_of_one_name_are_told_apart() -> None:
    variables = config_map(name="shop-secret")
    variables["data"] = {"DB_HOST": "db.shop"}
    other = secret("unused")
    other["data"] = {"DB_HOST": base64.b64encode(b"wrong").decode()}
    source = {"configMapRef": {"name": "shop-secret"}}
    workload = {"overrides": {"envFrom": [source], "env": [{"name": "DB_PASSWORD", "value": "pw"}]}}
    catalog = judged(server(overrideConfig=OVERRIDE, workload=workload), config_map(), variables, other)
    backend = catalog.backend("sql_default")
    assert backend is not None
    assert backend.location == "postgresql://db.shop:5432/shop"


def test_a_prefix_limits_what_such_a_secret_may_set() -> None:
    source = {"secretRef": {"name": "elsewhere"}, "prefix": "DB_P"}
    catalog = judged(
        config_map(), server(overrideConfig=OVERRIDE, workload={"overrides": {"envFrom": [source]}})
    )
    missing = [finding.message for finding in catalog.findings if finding.rule == "unset-variable"]
    assert len(missing) == 1
    assert "DB_HOST" in missing[0]


def test_a_run_config_with_a_mistake_is_still_the_one_that_is_meant() -> None:
    broken = CONFIG.replace("db_path: /data/kv.db", "db_path: ${env.DIR}/kv.db")
    with pytest.raises(ConfigError, match="not YAML"):
        bundle(config_map(text=broken), server(overrideConfig=OVERRIDE))
    with pytest.raises(ConfigError, match="not YAML"):
        bundle(config_map(text=broken))


def test_findings_in_a_quoted_text_name_the_line_on_which_it_begins() -> None:
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  run.yaml: "' + SQLITE.replace(
        "\n", "\\n"
    ).replace("backend: kv_default", "backend: nowhere", 1)
    document = find_run_config(parse(text + '"\n', "cm.yaml"), None)
    catalog = load_catalog(document, merge([], {}, home="/home/somebody"))
    assert catalog.findings
    assert {finding.line for finding in catalog.findings} == {5}


@pytest.mark.parametrize(
    ("workload", "said"),
    [({"workers": 4}, "4 workers write"), ({"replicas": 3}, "3 replicas keep"), ({"replicas": 1}, None)],
)
def test_workers_and_replicas_of_a_manifest_count_against_sqlite(
    workload: dict[str, object], said: str | None
) -> None:
    catalog = judged(config_map(text=SQLITE), server(overrideConfig=OVERRIDE, workload=workload))
    told = [finding.message for finding in catalog.findings if finding.rule == "workers-on-sqlite"]
    assert [message[: len(said or "")] for message in told] == ([said] if said else [])
