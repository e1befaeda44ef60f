"""A password in a run config that a manifest holds is changed there, however the manifest is written."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
import yaml

from llama_storage_tui.model.rotation import Outcome
from llama_storage_tui.services.rotation import apply as applying
from llama_storage_tui.services.rotation.plan import prepare
from tests.patience import PATIENT
from tests.rotation_setup import OLD, Deployment

Written = Callable[[str], str]


def manifest(text: str, field: str = "data", kind: str = "ConfigMap") -> dict[str, object]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "cfg"}, field: {"run.yaml": text}}


def as_kubectl(text: str) -> str:
    """Write as kubectl does with a text that has trailing blanks: in double quotes on one line."""
    return f"apiVersion: v1\ndata:\n  run.yaml: {json.dumps(text)}\nkind: ConfigMap\nmetadata:\n  name: cfg\n"


WAYS: dict[str, Written] = {
    "double quotes on one line": as_kubectl,
    "double quotes over several lines": lambda text: yaml.safe_dump(
        manifest(text), default_style='"', width=60
    ),
    "single quotes": lambda text: yaml.safe_dump(manifest(text), default_style="'", width=80),
    "a literal block": lambda text: yaml.safe_dump(manifest(text), default_style="|"),
    "JSON": lambda text: json.dumps(manifest(text), indent=1),
    "a bundle": lambda text: yaml.safe_dump_all(
        [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}, manifest(text)]
    ),
    "a list": lambda text: yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [manifest(text)]}),
    "a Secret in base64": lambda text: yaml.safe_dump(
        manifest(base64.b64encode(text.encode()).decode(), kind="Secret"), width=10**6
    ),
    "a Secret as text": lambda text: yaml.safe_dump(
        manifest(text, "stringData", "Secret"), default_style='"'
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_the_password_is_changed_in_the_manifest(deployed: Deployment, way: str) -> None:
    deployed.config.write_text(WAYS[way](deployed.config.read_text()))
    before = deployed.config.read_bytes()
    prepared = await prepare(deployed.request(), PATIENT)
    assert (await applying.apply(prepared, PATIENT)).outcome is Outcome.APPLIED
    plan = await deployed.plan()
    assert [check.name for check in plan.checks if not check.is_ok] == []
    after = deployed.config.read_bytes()
    assert OLD.encode() not in after
    assert base64.b64encode(OLD.encode())[:20] not in after
    assert after.count(b"\n") == before.count(b"\n")
