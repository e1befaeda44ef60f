"""What a server says when it starts: static reasons only."""

from pathlib import Path

import pytest
import yaml

from llama_storage_tui.config.document import parse
from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.manifests import find_run_config
from llama_storage_tui.model.finding import Finding, Severity, Stage
from llama_storage_tui.model.version import Version
from tests.configs import (
    EARLIER,
    OLDEST,
    SQLITE,
    catalog_of,
    found,
    with_provider,
)
from tests.rule_cases import (
    FAISS,
    Case,
    change,
    hold_against,
    name_of,
    postgres_with,
)

CASES = [
    Case(
        "provider-unknown-backend",
        "1.5",
        with_provider(
            SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: nowhere, namespace: x}}"
        ),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "nowhere",
    ),
    Case(
        "provider-wrong-family",
        "1.5",
        with_provider(
            SQLITE, "vector_io", "inline::faiss", "{persistence: {backend: sql_default, namespace: x}}"
        ),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "persistence",
    ),
    Case(
        "missing-store",
        "0.3.5",
        OLDEST.replace("    metadata: {backend: kv_default, namespace: registry}\n", ""),
        OLDEST,
        "error",
        "start",
        "storage.stores.metadata",
        "  stores:",
    ),
    Case(
        "unknown-provider",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::fiass", FAISS),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].provider_type",
        "inline::fiass",
    ),
    Case(
        "missing-reference",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::faiss", "{}"),
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0].config.persistence",
        "config: {}",
    ),
    Case(
        "tls-required",
        "1.5",
        SQLITE + "server: {port: 8321}\n",
        SQLITE + "server: {insecure: true}\n",
        "info",
        "start",
        "server",
        "server:",
    ),
    Case(
        "bad-port",
        "1.5",
        postgres_with("      password: x\n      port: five\n"),
        postgres_with("      password: x\n      port: '5'\n"),
        "error",
        "start",
        "storage.backends.sql_default.port",
        "port:",
    ),
    Case(
        "tenancy-without-metadata-store",
        "1.5",
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS) + "server: {tenancy: {mode: multi}}\n",
        with_provider(SQLITE, "vector_io", "inline::faiss", FAISS),
        "error",
        "start",
        "providers.vector_io[0]",
        "provider_id: p1",
    ),
    Case(
        "expanded-twice",
        "1.5",
        change(SQLITE, ("/srv/stack/kv.db", "${env.A:=${env.B}}")),
        SQLITE,
        "error",
        "start",
        "storage.backends.kv_default.db_path",
        "env.A",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_fault_is_found_where_it_is_and_nowhere_else(case: Case) -> None:
    hold_against(case)


@pytest.mark.parametrize(
    ("version", "provider", "severity"),
    [
        ("1.5.0", {"type": "local_api_key", "api_keys": ["k"]}, Severity.ERROR),
        ("1.4.0", {"type": "local_api_key", "api_keys": ["k"]}, Severity.ERROR),
        ("1.5.0", {"type": "github_token"}, Severity.WARNING),
        ("1.5.0", {"type": "custom", "endpoint": "http://auth"}, Severity.WARNING),
        ("1.5.0", {"type": "custom", "endpoint": "http://auth", "tenant_field": "org"}, None),
        ("1.2.0", {"type": "upstream_header", "principal_header": "x-user"}, Severity.WARNING),
        ("1.2.0", {"type": "upstream_header", "principal_header": "x-user", "tenant_header": "x-org"}, None),
        ("1.2.0", None, Severity.WARNING),
        ("1.1.0", None, None),
    ],
)
def test_tenancy_multi_needs_an_authentication_that_names_the_tenant(
    version: str, provider: dict[str, object] | None, severity: Severity | None
) -> None:
    server: dict[str, object] = {"tenancy": {"mode": "multi"}}
    if provider is not None:
        server["auth"] = {"provider_config": provider}
    catalog = catalog_of(SQLITE + yaml.safe_dump({"server": server}), version)
    told = found(catalog, "tenancy-without-tenants")
    assert [finding.severity for finding in told] == ([] if severity is None else [severity])
    assert all((finding.stage is Stage.START) == (severity is Severity.ERROR) for finding in told)


@pytest.mark.parametrize(
    ("version", "is_insecure", "is_told"),
    [("1.5.0", False, True), ("1.5.0", True, False), ("1.1.1", False, False)],
)
def test_an_authentication_whose_certificate_is_not_verified_stops_a_server(
    *, version: str, is_insecure: bool, is_told: bool
) -> None:
    provider = {"type": "kubernetes", "verify_tls": False}
    server = {"insecure": is_insecure, "auth": {"provider_config": provider}}
    catalog = catalog_of(SQLITE + yaml.safe_dump({"server": server}), version)
    assert bool(found(catalog, "unverified-authentication")) is is_told


INSECURE = "server: {insecure: true}\n"
MODELS = """\
registered_resources:
  models:
  - {model_id: m, provider_id: own, model_type: embedding, metadata: {embedding_dimension: 3}}
"""
OWN = SQLITE.replace("apis: [inference]", "apis: [inference, vector_io]").replace(
    "  inference: []\n",
    "  inference:\n  - {provider_id: own, provider_type: inline::sentence-transformers}\n"
    "  - {provider_id: far, provider_type: remote::openai, config: {}}\n",
)


def start_findings(text: str, version: str = "1.5") -> list[Finding]:
    catalog = catalog_of(text + INSECURE, version)
    return [finding for finding in catalog.findings if finding.stage is Stage.START]


@pytest.mark.parametrize(
    ("added", "rule", "line", "said"),
    [
        (
            "vector_stores: {default_embedding_model: {provider_id: own, model_id: nosuch}}\n",
            "model-not-offered",
            "nosuch",
            "own/nomic-ai/nomic-embed-text-v1.5",
        ),
        (
            "vector_stores: {default_embedding_model: {provider_id: far, model_id: x}}\n",
            "start-not-checked",
            "model_id: x",
            "far/x",
        ),
        (
            MODELS
            + "  - {model_id: m, provider_id: own, model_type: embedding, metadata: {embedding_dimension: 4}}\n",
            "registered-twice",
            "embedding_dimension: 4",
            "metadata differs from registered_resources.models[0]",
        ),
        (
            MODELS
            + "  vector_stores:\n  - {vector_store_id: v, provider_id: faiss, embedding_model: m, embedding_dimension: 3}\n",
            "store-of-unknown-model",
            "vector_store_id: v",
            "Did you mean own/m?",
        ),
        (
            MODELS.replace("3}", "many}")
            + "vector_stores: {default_embedding_model: {provider_id: own, model_id: m}}\n",
            "bad-dimension",
            "model_id: m}}",
            "own/m",
        ),
    ],
)
def test_what_a_start_registers_is_found_where_it_is(added: str, rule: str, line: str, said: str) -> None:
    text = with_provider(OWN, "vector_io", "inline::faiss", FAISS).replace(
        "provider_id: p1", "provider_id: faiss"
    )
    findings = start_findings(text + added)
    assert [finding.rule for finding in findings] == [rule]
    (found,) = findings
    assert said in f"{found.message} {found.help}"
    assert line in (text + added + INSECURE).splitlines()[(found.line or 0) - 1]


def test_a_default_shield_is_held_against_the_shields_in_the_releases_that_have_them() -> None:
    text = with_provider(
        EARLIER.replace("apis: [inference]", "apis: [inference, safety]"),
        "safety",
        "inline::llama-guard",
        "{}",
    ).replace("provider_id: p1", "provider_id: guard")
    text += "registered_resources: {shields: [{shield_id: s, provider_id: guard}]}\nsafety: {default_shield_id: t}\n"
    rules = [finding.rule for finding in start_findings(text, "0.6.1")]
    assert "default-shield-unknown" in rules
    assert "default-shield-unknown" not in [
        finding.rule for finding in start_findings(text.replace(": t}", ": s}"), "0.6.1")
    ]


def test_digits_that_a_variable_brings_are_explained_where_a_provider_wants_text() -> None:
    text = OWN.replace("remote::openai, config: {}", "remote::openai, config: {api_key: '${env.STACK_KEY}'}")
    catalog = catalog_of(text + INSECURE, "1.5", environ={"STACK_KEY": "12345678"})
    (found,) = [finding for finding in catalog.findings if finding.rule == "invalid-setting"]
    assert catalog.verdict.starts is False
    assert "12345678" not in str(found)
    assert "STACK_KEY" in str(found.help)


def test_a_path_through_a_file_stops_a_start_and_one_in_a_pod_is_not_looked_at(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("text")
    text = SQLITE.replace("/srv/stack/kv.db", f"{plain}/kv.db")
    (found,) = start_findings(text)
    assert (found.rule, found.where) == ("unusable-path", "storage.backends.kv_default.db_path")
    assert f"{plain} is a file" in found.message
    manifest = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c"},
            "data": {"run.yaml": text + INSECURE},
        }
    )
    document = find_run_config(parse(manifest, "cm.yaml"), None)
    catalog = load_catalog(document, merge([], {}, home="/home/somebody"), version=Version(1, 5, 0))
    assert "unusable-path" not in {finding.rule for finding in catalog.findings}


def test_a_file_that_is_no_database_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    for content, rules in ((b"text", ["unusable-path"]), (b"", []), (b"SQLite format 3\0", [])):
        (tmp_path / "kv.db").write_bytes(content)
        text = SQLITE.replace("/srv/stack/kv.db", f"{tmp_path}/kv.db")
        assert [finding.rule for finding in start_findings(text)] == rules


def test_a_type_that_is_no_text_is_a_finding_and_nothing_worse() -> None:
    text = with_provider(SQLITE, "inference", "{x: 1}", "{}")
    assert "load" in {each.stage.value for each in catalog_of(text, "1.5").findings}


def test_a_folder_of_external_providers_is_looked_into(tmp_path: Path) -> None:
    folder = tmp_path / "remote" / "files"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("adapter_type: mine\nmodule: mine\n")
    text = with_provider(SQLITE, "files", "remote::mine", "{}") + f"external_providers_dir: {tmp_path}\n"
    assert [finding.rule for finding in start_findings(text)] == ["start-not-checked"]
    other = text.replace("remote::mine", "remote::yours")
    (found,) = start_findings(other)
    assert found.rule == "unknown-provider"
    assert str(tmp_path) in found.message
    missing = start_findings(text.replace(f"dir: {tmp_path}", f"dir: {tmp_path}/nowhere"))
    assert sorted(finding.rule for finding in missing) == ["external-providers-missing", "unknown-provider"]
    (folder / "bad.yaml").write_text("a: [")
    assert "bad-specification" in [finding.rule for finding in start_findings(text)]
