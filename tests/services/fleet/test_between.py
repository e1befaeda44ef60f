"""What is found between the configs of a fleet, and that it is not found where it is not."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from llama_storage_tui.model.finding import Severity
from tests.configs import EARLIER, SQLITE, with_provider
from tests.fleets import found_by, names, on_postgres, only_by, report_of

OTHER_FILES = SQLITE.replace("/srv/stack/", "/srv/other/").replace("distro_name: demo", "distro_name: other")


def test_two_deployments_in_one_database_share_its_tables(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": on_postgres(name="other")})
    found = only_by(report, "fleet-shared-table")
    assert found.finding.severity is Severity.WARNING
    assert names(found) == ["a.yaml", "b.yaml"]
    assert {"inference_store", "prompts"} <= {each.name for each in report.collisions if each.kind == "table"}
    elsewhere = {"a.yaml": on_postgres(), "b.yaml": on_postgres(database="other")}
    assert not found_by(report_of(tmp_path, elsewhere), "fleet-shared-table")


def test_copies_of_one_deployment_share_what_they_should(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": f"# copy\n{on_postgres()}"})
    assert only_by(report, "fleet-shared-table").finding.severity is Severity.INFO


def test_two_deployments_share_a_namespace_of_one_file(tmp_path: Path) -> None:
    moved = SQLITE.replace("sql.db", "other.db").replace("distro_name: demo", "distro_name: other")
    report = report_of(tmp_path, {"a.yaml": SQLITE, "b.yaml": moved})
    assert names(only_by(report, "fleet-shared-namespace")) == ["a.yaml", "b.yaml"]
    assert [(each.kind, each.name, each.backend) for each in report.collisions] == [
        ("namespace", "registry", "kv_default")
    ]
    apart = {"a.yaml": SQLITE, "b.yaml": moved.replace("namespace: registry", "namespace: another")}
    assert not report_of(tmp_path, apart).collisions


def test_a_file_in_memory_is_shared_with_nobody(tmp_path: Path) -> None:
    text = SQLITE.replace("/srv/stack/kv.db", ":memory:").replace("/srv/stack/sql.db", ":memory:")
    assert not report_of(tmp_path, {"a.yaml": text, "b.yaml": text}).collisions


def test_paths_and_localhost_of_two_pods_are_not_one_place(tmp_path: Path) -> None:
    def manifest(name: str, text: str) -> str:
        return (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  config.yaml: |\n"
            + indent(text, "    ")
        )

    for text in (SQLITE, on_postgres(host="localhost")):
        bundle = "---\n".join((manifest("one", text), manifest("two", text.replace(": demo", ": other"))))
        report = report_of(tmp_path, {"bundle.yaml": bundle})
        assert not report.collisions


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("DB.Example.Org", True),
        ("db.example.org.", True),
        ("db2.example.org", False),
    ],
)
def test_one_name_is_one_server_however_it_is_spelled(host: str, is_one: bool, tmp_path: Path) -> None:  # noqa: FBT001
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": on_postgres(host=host, name="other")})
    assert bool(found_by(report, "fleet-server-spelled-differently")) is is_one
    assert bool(found_by(report, "fleet-shared-table")) is is_one


def test_short_and_long_names_of_a_cluster_are_one_server(tmp_path: Path) -> None:
    def manifest(name: str, host: str) -> str:
        head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: prod}}\ndata:\n  config.yaml: |\n"
        return head + indent(on_postgres(host=host), "    ")

    bundle = "---\n".join((manifest("one", "db"), manifest("two", "db.prod.svc.cluster.local")))
    report = report_of(tmp_path, {"bundle.yaml": bundle})
    assert len([server for server in report.servers if len(server.configs) > 1]) == 1
    assert only_by(report, "fleet-server-spelled-differently")


def test_one_role_with_two_passwords(tmp_path: Path) -> None:
    texts = {
        "a.yaml": on_postgres(),
        "b.yaml": on_postgres(password="two", database="b"),
        "c.yaml": on_postgres(database="c"),
    }
    found = only_by(report_of(tmp_path, texts), "fleet-password-differs")
    assert names(found) == ["a.yaml", "b.yaml", "c.yaml"]
    assert "one in" in found.finding.message
    other_user = on_postgres(password="two", database="b").replace("user: stack", "user: another")
    assert not found_by(report_of(tmp_path, texts | {"b.yaml": other_user}), "fleet-password-differs")


def test_a_provider_that_logs_in_by_itself_counts(tmp_path: Path) -> None:
    pgvector = with_provider(
        OTHER_FILES,
        "vector_io",
        "remote::pgvector",
        "{host: db.example.org, port: 5432, db: stack, user: stack, password: three}",
    )
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": pgvector})
    found = only_by(report, "fleet-password-differs")
    assert {place.where for place in found.places} >= {"providers.vector_io[0].config.password"}


def test_a_password_in_two_configs_is_locked_out_by_a_change_of_one(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": on_postgres(database="b")})
    assert names(only_by(report, "fleet-rotation-breaks-neighbour")) == ["a.yaml", "b.yaml"]


def test_a_password_in_one_variable_of_one_file_follows_in_both_configs(tmp_path: Path) -> None:
    (tmp_path / "shared.env").write_text("PGPASS=one\n")
    texts = {
        "a.yaml": on_postgres(password="${env.PGPASS}"),
        "b.yaml": on_postgres(password="${env.PGPASS}", database="b"),
    }
    report = report_of(tmp_path, texts, env_files=(str(tmp_path / "shared.env"),))
    assert not found_by(report, "fleet-rotation-breaks-neighbour")
    assert not found_by(report, "fleet-variable-of-two-roles")


def test_one_variable_with_the_passwords_of_two_servers(tmp_path: Path) -> None:
    (tmp_path / "shared.env").write_text("PGPASS=one\n")
    texts = {
        "a.yaml": on_postgres(password="${env.PGPASS}"),
        "b.yaml": on_postgres(password="${env.PGPASS}", host="db2.example.org"),
    }
    report = report_of(tmp_path, texts, env_files=(str(tmp_path / "shared.env"),))
    assert "PGPASS" in only_by(report, "fleet-variable-of-two-roles").finding.message


def test_releases_before_and_after_namespaces_read_one_file_in_two_forms(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.yaml": SQLITE, "b.yaml": EARLIER.replace("sql.db", "other.db")})
    found = only_by(report, "fleet-store-in-two-forms")
    assert "distributions:registry:" in found.finding.message
    apart = {"a.yaml": SQLITE, "b.yaml": EARLIER.replace("/srv/stack/", "/srv/other/")}
    assert not found_by(report_of(tmp_path, apart), "fleet-store-in-two-forms")


def test_a_release_that_keys_items_otherwise_reads_their_table_in_another_form(tmp_path: Path) -> None:
    texts = {"a.yaml": SQLITE, "b.yaml": EARLIER.replace("kv.db", "other.db")}
    found = only_by(report_of(tmp_path, texts), "fleet-store-in-two-forms")
    assert "reads conversation_items in another form" in found.finding.message
    assert not found_by(report_of(tmp_path, texts, version="1.4.1"), "fleet-store-in-two-forms")


def test_configs_with_nothing_in_common_have_nothing_between_them(tmp_path: Path) -> None:
    report = report_of(tmp_path, {"a.yaml": on_postgres(), "b.yaml": OTHER_FILES})
    assert (report.findings, report.collisions, report.drift) == ((), (), ())


def test_two_pods_that_mount_one_claim_share_its_files(tmp_path: Path) -> None:
    def deployment(name: str, mount_path: str, claim: str, text: str) -> str:
        return f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data:
  config.yaml: |
{indent(text.replace("/srv/stack", mount_path), "    ")}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    spec:
      containers:
      - name: server
        volumeMounts:
        - {{name: config, mountPath: /etc/ogx}}
        - {{name: data, mountPath: {mount_path}}}
      volumes:
      - {{name: config, configMap: {{name: {name}}}}}
      - {{name: data, persistentVolumeClaim: {{claimName: {claim}}}}}
"""

    other = SQLITE.replace(": demo", ": other")
    one = deployment("one", "/srv/stack", "shared", SQLITE)
    shared = {"all.yaml": f"{one}---\n{deployment('two', '/data', 'shared', other)}"}
    found = only_by(report_of(tmp_path, shared), "fleet-shared-namespace")
    assert len(found.configs) == 2
    apart = {"all.yaml": f"{one}---\n{deployment('two', '/data', 'own', other)}"}
    assert not report_of(tmp_path, apart).collisions
