"""What a server keeps inside its pod is lost with it: as the manifests around a config say."""

from collections.abc import Mapping, Sequence

import pytest
import yaml

from llama_storage_tui.config.dotenv import merge
from llama_storage_tui.config.load import load_catalog
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.model.catalog import Catalog
from llama_storage_tui.model.finding import Finding, Severity, Stage

CONFIG = """\
version: 2
distro_name: shop
apis: [inference, files]
providers:
  inference: []
  files:
  - provider_id: local
    provider_type: inline::localfs
    config: {storage_dir: /data/files, metadata_store: {backend: sql_default, table_name: files}}
storage:
  backends:
    kv_default: {type: kv_sqlite, db_path: /data/kv.db}
    sql_default: {type: sql_sqlite, db_path: /data/sql.db}
"""
LOST = "lost-with-the-pod"


def judged(*documents: Mapping[str, object]) -> Catalog:
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "cfg"},
        "data": {"config.yaml": CONFIG},
    }
    text = yaml.safe_dump_all((config, *documents), sort_keys=False).encode()
    return load_catalog(read_document(text, "all.yaml"), merge([], {}, home="/home/somebody"))


def told(catalog: Catalog, rule: str) -> list[Finding]:
    return [finding for finding in catalog.findings if finding.rule == rule]


def deployment(
    *volumes: Mapping[str, object], mounts: Sequence[Mapping[str, object]], kind: str = "Deployment"
) -> Mapping[str, object]:
    server = {
        "name": "server",
        "volumeMounts": [{"name": "config", "mountPath": "/etc/stack"}, *mounts],
    }
    sidecar = {"name": "sidecar", "volumeMounts": [{"name": "other", "mountPath": "/data/kv.db"}]}
    spec = {
        "containers": [sidecar, server],
        "volumes": [
            {"name": "config", "configMap": {"name": "cfg"}},
            {"name": "other", "emptyDir": {}},
            *volumes,
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "shop"},
        "spec": {"template": {"spec": spec}},
    }


DATA = [{"name": "data", "mountPath": "/data"}]
CLAIM = {"persistentVolumeClaim": {"claimName": "shop"}}


@pytest.mark.parametrize("volume", [{"emptyDir": {}}, {"emptyDir": {"medium": "Memory"}}, {"ephemeral": {}}])
def test_files_on_a_volume_of_the_pod_are_found(volume: Mapping[str, object]) -> None:
    found = told(judged(deployment({"name": "data", **volume}, mounts=DATA)), LOST)
    assert len(found) == 3
    assert all("volume data of Deployment shop" in finding.message for finding in found)


@pytest.mark.parametrize(
    "volume", [CLAIM, {"hostPath": {"path": "/srv"}}, {"nfs": {"server": "n", "path": "/"}}]
)
def test_files_on_a_volume_that_lasts_are_not(volume: Mapping[str, object]) -> None:
    assert not told(judged(deployment({"name": "data", **volume}, mounts=DATA)), LOST)


def test_a_claim_of_a_stateful_set_lasts() -> None:
    assert not told(judged(deployment(mounts=DATA, kind="StatefulSet")), LOST)


def test_a_container_without_a_volume_there_loses_the_files() -> None:
    found = told(judged(deployment(mounts=[])), LOST)
    assert len(found) == 3
    assert all("on no volume" in finding.message for finding in found)


def test_the_deepest_mount_counts() -> None:
    mounts = [*DATA, {"name": "scratch", "mountPath": "/data/files"}]
    catalog = judged(
        deployment({"name": "data", **CLAIM}, {"name": "scratch", "emptyDir": {}}, mounts=mounts)
    )
    assert [finding.message.split(",")[0] for finding in told(catalog, LOST)] == [
        "Uploaded files are kept in /data/files"
    ]


def test_a_volume_that_cannot_be_written_stops_the_server() -> None:
    mounts = [{"name": "data", "mountPath": "/data", "readOnly": True}]
    catalog = judged(deployment({"name": "data", **CLAIM}, mounts=mounts))
    found = told(catalog, "read-only-volume")
    assert len(found) == 3
    assert {(finding.severity, finding.stage) for finding in found} == {(Severity.ERROR, Stage.START)}
    assert catalog.verdict.starts is False


@pytest.mark.parametrize(
    ("kind", "spec", "is_lost"),
    [
        ("LlamaStackDistribution", {"server": {"userConfig": {"configMapName": "cfg"}}}, True),
        (
            "LlamaStackDistribution",
            {
                "server": {
                    "userConfig": {"configMapName": "cfg"},
                    "storage": {"size": "1Gi", "mountPath": "/data"},
                }
            },
            False,
        ),
        (
            "OGXServer",
            {"overrideConfig": {"name": "cfg"}, "workload": {"storage": {"mountPath": "/data"}}},
            False,
        ),
        ("OGXServer", {"overrideConfig": {"name": "cfg"}, "workload": {"storage": {"size": "1Gi"}}}, True),
    ],
)
def test_the_storage_of_a_custom_resource_counts(
    kind: str, spec: Mapping[str, object], *, is_lost: bool
) -> None:
    resource = {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "shop"}, "spec": spec}
    assert bool(told(judged(resource), LOST)) is is_lost


def test_nothing_is_said_where_no_manifest_runs_the_config() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "web"}]}}}
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    assert not told(judged(other), LOST)
    assert not told(judged(), LOST)
