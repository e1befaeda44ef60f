"""Files that are something else than a run config: named, with what to give instead."""

import json

import pytest
import yaml

from llama_storage_tui.cli.next_steps import help_words
from llama_storage_tui.config.locate import read_document
from llama_storage_tui.errors import ConfigError

RUN = "version: 2\nimage_name: shop\napis: []\nproviders: {}\n"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cfg"}, "data": {"run.yaml": RUN}}


def resource(kind: str, **fields: object) -> dict[str, object]:
    return {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "shop"}, **fields}


@pytest.mark.parametrize(
    ("data", "what", "instead"),
    [
        (
            {"apiVersion": "v2", "name": "shop", "version": "0.1.0", "type": "application"},
            "Chart.yaml",
            "helm template",
        ),
        (
            {"version": 2, "distribution_spec": {}, "image_type": "container"},
            "build config",
            "run.yaml or config.yaml",
        ),
        ({"resources": ["a.yaml"], "configMapGenerator": []}, "kustomization", "kubectl kustomize"),
        (resource("Kustomization", resources=[]), "kustomization", "kubectl kustomize"),
        (resource("Template", objects=[CONFIG_MAP]), "OpenShift template", "oc process"),
        (resource("HelmRelease", spec={}), "HelmRelease", "helm template"),
        (resource("SealedSecret", spec={"encryptedData": {}}), "sealed Secret", "kubectl get secret"),
        (
            {
                "db": {"sensitive": False, "value": "x"},
                "run": {"sensitive": True, "type": "string", "value": RUN},
            },
            "outputs of Terraform",
            "terraform output -raw run",
        ),
        ({"openapi": "3.0.0", "paths": {}}, "none of its keys", "providers and storage"),
        ({"name": "CI", "jobs": {}}, "none of its keys", "providers and storage"),
        (
            {
                "services": {
                    "s": {"volumes": ["./build.yaml:/b.yaml", {"source": "./run.yaml", "target": "/r.yaml"}]}
                }
            },
            "compose file",
            "./run.yaml",
        ),
        (
            {"services": {"s": {}}, "configs": {"run": {"content": RUN}}},
            "compose file",
            "configs.run.content",
        ),
        ({"services": {"s": {}}, "configs": {"run": {"file": "./r.yaml"}}}, "compose file", "./r.yaml"),
        (
            resource("ConfigMap", binaryData={"run.yaml": "/w=="}),
            "binaryData.run.yaml is not UTF-8",
            "Save the file as UTF-8",
        ),
    ],
)
@pytest.mark.parametrize("written", [yaml.safe_dump, json.dumps])
def test_a_file_that_is_something_else_is_named(
    data: object, what: str, instead: str, written: object
) -> None:
    assert callable(written)
    with pytest.raises(ConfigError) as caught:
        read_document(str(written(data)).encode(), "file.yaml")
    assert what in caught.value.message
    assert instead in help_words(caught.value.help)


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("# of the shop\nPGPASS=Zq-secret-qZ\nexport PGUSER=shop\n", "an env file", "--env-file .env"),
        ("POSTGRES_PASSWORD=Zq-secret-qZ", "an env file", "--env-file .env"),
        ("[Container]\nImage=ogx\nEnvironment=PW=Zq-secret-qZ\n", "sections", "Give the run config"),
        ("[database]\npassword = Zq-secret-qZ\n", "sections", "Give the run config"),
    ],
)
def test_a_file_of_assignments_is_named_and_nothing_of_it_is_said(text: str, what: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(text.encode(), ".env")
    assert what in caught.value.message
    assert instead in help_words(caught.value.help)
    assert "Zq" not in f"{caught.value!r} {caught.value} {caught.value.help}"


@pytest.mark.parametrize("text", [RUN, "{}\n", "apis: [inference]\n", "version: 2\nmodels: []\n"])
def test_what_could_be_a_run_config_is_judged_as_one(text: str) -> None:
    assert read_document(text.encode(), "run.yaml").name == "run.yaml"


def test_the_doubled_dollars_of_compose_are_undone_on_the_way() -> None:
    text = yaml.safe_dump(
        {"services": {"s": {}}, "configs": {"run": {"content": RUN + "# $${env.STACK_HOST}\n"}}}
    )
    with pytest.raises(ConfigError) as caught:
        read_document(text.encode(), "compose.yaml")
    assert caught.value.help is not None
    assert "| sed 's/\\$\\$/$/g' | llama-storage-tui check -" in help_words(caught.value.help)
