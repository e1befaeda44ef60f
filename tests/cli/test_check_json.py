"""`check --json` and `show --json` are written without pydantic, and are the documents that `schema` describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llama_storage_tui.cli.check_json import check_json, show_json
from llama_storage_tui.cli.documents import CheckDocument, ShowDocument
from llama_storage_tui.demo.deployment import make_deployment
from llama_storage_tui.services.catalog import load
from llama_storage_tui.services.requests import LoadRequest

WRONG = """
version: 2
apis: [inference]
providers: {inference: [{provider_id: vllm, provider_type: "remote::vllm", config: {}}]}
storage:
  backends: {kv: {type: kv_sqlite}, sql: {type: sql_postgres, host: "${env.MISSING}", port: many}}
  stores: {metadata: {backend: gone, namespace: registry}}
"""


@pytest.mark.parametrize("version", [None, "0.3.5", "1.5.0"])
def test_it_has_the_keys_and_types_of_the_schema_and_nothing_else(
    tmp_path: Path, version: str | None
) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    environ = {"HOME": str(tmp_path)}
    named = [str(tmp_path / "wrong.yaml"), make_deployment(tmp_path).config]
    for config in named:
        catalog = load(LoadRequest(config, version=version, environ=environ))
        assert catalog.findings
        for made, model in ((check_json, CheckDocument), (show_json, ShowDocument)):
            written = made(catalog)
            # Whatever is not in the model, or of another type, is refused by it.
            document = model.model_validate_json(json.dumps(written))
            assert document.model_dump(mode="json", by_alias=True) == written
