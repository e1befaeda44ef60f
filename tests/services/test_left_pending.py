"""The question whether anything is pending is answered from little, and never with a false no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llama_storage_tui.files.markers import put_marker
from llama_storage_tui.files.private import STATE_VARIABLE
from llama_storage_tui.services.left_pending import is_anything_pending
from llama_storage_tui.services.requests import LoadRequest


@pytest.fixture
def request_(tmp_path: Path) -> LoadRequest:
    for name in ("run.yaml", ".env"):
        (tmp_path / name).write_text("")
    for folder in ("rotations", "transfers"):
        (tmp_path / "state" / folder).mkdir(parents=True)
    environ = {STATE_VARIABLE: str(tmp_path / "state"), "HOME": str(tmp_path)}
    return LoadRequest(str(tmp_path / "run.yaml"), env_files=(str(tmp_path / ".env"),), environ=environ)


def test_nothing_is_pending_where_every_change_is_over(request_: LoadRequest, tmp_path: Path) -> None:
    assert not is_anything_pending(request_)
    (tmp_path / "state" / "rotations" / "1.json").write_text(json.dumps({"state": "applied"}))
    (tmp_path / "state" / "transfers" / "2.json").write_text(json.dumps({"state": "undone"}))
    (tmp_path / "state" / "transfers" / "2.rows").write_bytes(b"rows")
    assert not is_anything_pending(request_)


@pytest.mark.parametrize(
    ("folder", "content"),
    [
        ("rotations", '{"state": "prepared"}'),
        ("rotations", '{"sta'),
        ("rotations", "[]"),
        ("transfers", '{"state": "copying"}'),
        ("transfers", ""),
    ],
)
def test_an_open_or_damaged_journal_is_looked_at(
    request_: LoadRequest, tmp_path: Path, folder: str, content: str
) -> None:
    (tmp_path / "state" / folder / "1.json").write_text(content)
    assert is_anything_pending(request_)


@pytest.mark.parametrize("name", ["run.yaml", ".env"])
def test_a_marker_beside_the_config_or_an_env_file_is_looked_at(
    request_: LoadRequest, tmp_path: Path, name: str
) -> None:
    put_marker(tmp_path / name, "1", tmp_path / "elsewhere.json", "somebody")
    assert is_anything_pending(request_)
